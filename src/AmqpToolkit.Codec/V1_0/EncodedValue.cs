using System.Diagnostics.CodeAnalysis;

namespace AmqpToolkit.Codec.V1_0;

/// <summary>
/// A value of any type, held as it goes on the wire: encoded once, written often. Equality is that of the octets. <c>default</c> is null.
/// <see cref="EncodedValueBuilder"/> makes one.
/// </summary>
public readonly struct EncodedValue : IEquatable<EncodedValue>
{
    /// <summary>A value over its octets, constructor first, which are not copied.</summary>
    public EncodedValue(ReadOnlyMemory<byte> octets) => Memory = octets;

    /// <summary>The octets; none for null.</summary>
    public ReadOnlyMemory<byte> Memory { get; }

    /// <summary>Whether this is null.</summary>
    public bool IsNull => Memory.IsEmpty || Memory.Span[0] == 0x40;

    /// <summary>Octets that <see cref="Write"/> writes.</summary>
    public int MaxOctets => Math.Max(Memory.Length, 1);

    /// <summary>The value to be read.</summary>
    public EncodedValueView View => Memory.IsEmpty ? default : new EncodedValueView(Memory.Span);

    /// <summary>A string.</summary>
    public static EncodedValue String(string value) => new EncodedValueBuilder().AddString(value).ToValue();

    /// <summary>A symbol.</summary>
    public static EncodedValue Symbol(string value) => new EncodedValueBuilder().AddSymbol(value).ToValue();

    /// <summary>Symbols for a field that may have several: none is null, one stands for itself, more are an array.</summary>
    public static EncodedValue Symbols(params string[] values) => values.Length switch
    {
        0 => default,
        1 => Symbol(values[0]),
        _ => new EncodedValueBuilder().AddSymbols(values).ToValue(),
    };

    /// <summary>A ulong.</summary>
    public static EncodedValue ULong(ulong value) => new EncodedValueBuilder().AddULong(value).ToValue();

    /// <summary>Octets.</summary>
    public static EncodedValue Binary(ReadOnlySpan<byte> value) => new EncodedValueBuilder().AddBinary(value).ToValue();

    /// <summary>A uuid.</summary>
    public static EncodedValue Uuid(Guid value) => new EncodedValueBuilder().AddUuid(value).ToValue();

    /// <summary>Encodes a composite or described value.</summary>
    public static EncodedValue Of<T>(in T value)
        where T : struct, IDescribedType
    {
        byte[] octets = new byte[value.MaxOctets];
        return new EncodedValue(octets.AsMemory(0, value.Write(octets)));
    }

    /// <summary>Whether both have the same octets.</summary>
    public static bool operator ==(EncodedValue left, EncodedValue right) => left.Equals(right);

    /// <summary>Whether their octets differ.</summary>
    public static bool operator !=(EncodedValue left, EncodedValue right) => !left.Equals(right);

    /// <summary>Writes the value, constructor first.</summary>
    /// <returns>The number of octets written.</returns>
    public int Write(Span<byte> destination)
    {
        if (Memory.IsEmpty)
        {
            destination[0] = 0x40;
            return 1;
        }

        Memory.Span.CopyTo(destination);
        return Memory.Length;
    }

    /// <inheritdoc/>
    public bool Equals(EncodedValue other) => (IsNull && other.IsNull) || Memory.Span.SequenceEqual(other.Memory.Span);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is EncodedValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        if (IsNull)
        {
            return 0;
        }

        var hash = new HashCode();
        hash.AddBytes(Memory.Span);
        return hash.ToHashCode();
    }
}
