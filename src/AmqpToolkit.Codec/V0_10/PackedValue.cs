using System.Diagnostics.CodeAnalysis;

namespace AmqpToolkit.Codec.V0_10;

/// <summary>
/// A value of any type, held as it goes on the wire: encoded once, written often. Equality is that of type and octets. <c>default</c> stands for an empty
/// map, list or array, whichever is asked for. <see cref="PackedBuilder"/> makes values with others in them.
/// </summary>
public readonly struct PackedValue : IEquatable<PackedValue>
{
    private readonly byte _typeCode;

    /// <summary>A value over its octets, which are neither copied nor checked.</summary>
    /// <param name="typeCode">One of <see cref="TypeCodes"/>.</param>
    /// <param name="contents">The octets after the code and, for a type with one, after the length.</param>
    public PackedValue(byte typeCode, ReadOnlyMemory<byte> contents)
    {
        _typeCode = typeCode;
        Contents = contents;
    }

    /// <summary>The code of its type; that of void for <c>default</c>.</summary>
    public byte TypeCode => IsDefault ? TypeCodes.Void : _typeCode;

    /// <summary>The octets of the value, without a length.</summary>
    public ReadOnlyMemory<byte> Contents { get; }

    /// <summary>Upper bound of what is written inside of a struct, without a length.</summary>
    public int MaxOctets => IsDefault ? PackedLayout.ArrayHeadOctets : Contents.Length;

    /// <summary>The value to be read.</summary>
    public PackedValueView View => new(TypeCode, Contents.Span);

    internal bool IsDefault => _typeCode == 0 && Contents.IsEmpty;

    /// <summary>A map.</summary>
    public static PackedValue Map(Action<PackedBuilder> fill)
    {
        ArgumentNullException.ThrowIfNull(fill);
        var builder = new PackedBuilder();
        fill(builder.BeginMap());
        return builder.End().ToValue();
    }

    /// <summary>A list.</summary>
    public static PackedValue List(Action<PackedBuilder> fill)
    {
        ArgumentNullException.ThrowIfNull(fill);
        var builder = new PackedBuilder();
        fill(builder.BeginList());
        return builder.End().ToValue();
    }

    /// <summary>An array of strings (str16).</summary>
    public static PackedValue Strings(params string[] values) => Strings(values.AsSpan());

    /// <inheritdoc cref="Strings(string[])"/>
    public static PackedValue Strings(ReadOnlySpan<string> values)
    {
        PackedBuilder builder = new PackedBuilder().BeginArray(TypeCodes.Str16);
        foreach (string value in values)
        {
            builder.AddString(value);
        }

        return builder.End().ToValue();
    }

    /// <summary>An array of structs (struct32).</summary>
    public static PackedValue Structs<T>(params T[] values)
        where T : struct, IPacked => Structs<T>(values.AsSpan());

    /// <inheritdoc cref="Structs{T}(T[])"/>
    public static PackedValue Structs<T>(ReadOnlySpan<T> values)
        where T : struct, IPacked
    {
        PackedBuilder builder = new PackedBuilder().BeginArray(TypeCodes.Struct32);
        foreach (ref readonly T value in values)
        {
            builder.AddStruct(value);
        }

        return builder.End().ToValue();
    }

    /// <summary>A struct (struct32), as a result is.</summary>
    /// <exception cref="ArgumentException">The struct has no code.</exception>
    public static PackedValue Struct<T>(in T value)
        where T : struct, IPacked => new PackedBuilder().AddStruct(value).ToValue();

    /// <summary>Whether both have the same type and the same octets.</summary>
    public static bool operator ==(PackedValue left, PackedValue right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(PackedValue left, PackedValue right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(PackedValue other) => TypeCode == other.TypeCode && Contents.Span.SequenceEqual(other.Contents.Span);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is PackedValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(TypeCode);
        hash.AddBytes(Contents.Span);
        return hash.ToHashCode();
    }
}
