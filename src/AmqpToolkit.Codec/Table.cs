using System.Diagnostics.CodeAnalysis;

namespace AmqpToolkit.Codec;

/// <summary>
/// A field table (0-9-1 specification, 4.2.5.5) kept as its wire octets, without the length that precedes them. Immutable as long as nobody changes the memory.
/// Equality is that of the octets, so the order of entries counts. <c>default</c> is the empty table.
/// </summary>
public readonly struct Table : IEquatable<Table>
{
    /// <summary>A table over octets as they stand on the wire after the length; they are neither copied nor checked.</summary>
    public Table(ReadOnlyMemory<byte> wire) => Memory = wire;

    /// <summary>The table without entries.</summary>
    public static Table Empty => default;

    /// <summary>The wire octets.</summary>
    public ReadOnlyMemory<byte> Memory { get; }

    /// <summary>The wire octets.</summary>
    public ReadOnlySpan<byte> Span => Memory.Span;

    /// <summary>Number of wire octets.</summary>
    public int Octets => Memory.Length;

    /// <summary>Whether the table has no entry.</summary>
    public bool IsEmpty => Memory.IsEmpty;

    /// <summary>The entries, read in place.</summary>
    public TableView View => new(Memory.Span);

    /// <summary>A table over a copy of the wire octets.</summary>
    public static Table CopyOf(ReadOnlySpan<byte> wire) => wire.IsEmpty ? default : new Table(wire.ToArray());

    /// <summary>Builds a table.</summary>
    public static Table Create(Action<TableBuilder> fill)
    {
        ArgumentNullException.ThrowIfNull(fill);
        var builder = new TableBuilder();
        fill(builder);
        return builder.ToTable();
    }

    /// <summary>Encodes objects, see <see cref="TableBuilder.AddObject"/>.</summary>
    /// <exception cref="ArgumentException">A value has a type that no field value has, or a key takes more than 255 octets.</exception>
    public static Table Create(IEnumerable<KeyValuePair<string, object?>> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var builder = new TableBuilder();
        foreach ((string key, object? value) in entries)
        {
            builder.AddObject(key, value);
        }

        return builder.ToTable();
    }

    /// <summary>Whether both have the same octets.</summary>
    public static bool operator ==(Table left, Table right) => left.Equals(right);

    /// <summary>Whether their octets differ.</summary>
    public static bool operator !=(Table left, Table right) => !left.Equals(right);

    /// <inheritdoc cref="TableView.ToDictionary()"/>
    public Dictionary<string, object?> ToDictionary() => View.ToDictionary();

    /// <inheritdoc/>
    public bool Equals(Table other) => Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is Table other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Span);
        return hash.ToHashCode();
    }
}
