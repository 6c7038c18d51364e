using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace AmqpToolkit.Codec;

/// <summary>
/// A long string to be written (0-9-1 specification, 4.2.5.3): octets of any kind, held as a <see cref="string"/> that is written in UTF-8, or as octets.
/// Equality is that of the octets. <c>default</c> is the empty string; what is made of a null reference is none at all, <see cref="IsNull"/>: an optional
/// field that it is given to is left out, one that must be there refuses it.
/// </summary>
public readonly struct LongString : IEquatable<LongString>
{
    private const int MaxOctetsPerChar = 3;

    /// <summary>Stands for a null reference, and is not read.</summary>
    private static readonly byte[] NullSource = [0];

    private readonly object? _source; // null, string or byte[]
    private readonly int _offset;
    private readonly int _length;     // chars of a string, octets of an array

    /// <summary>A long string over text, encoded when it is written.</summary>
    public LongString(string? value)
    {
        _source = (object?)value ?? NullSource;
        _length = value?.Length ?? 0;
    }

    /// <summary>A long string over octets, which are not copied where they lie in an array.</summary>
    public LongString(ReadOnlyMemory<byte> octets)
    {
        if (!MemoryMarshal.TryGetArray(octets, out ArraySegment<byte> segment))
        {
            segment = octets.ToArray();
        }

        _source = segment.Array;
        _offset = segment.Offset;
        _length = segment.Count;
    }

    internal LongString(object? source, int offset, int length)
    {
        _source = source;
        _offset = offset;
        _length = length;
    }

    /// <summary>Whether this was made of a null reference.</summary>
    public bool IsNull => _length == 0 && ReferenceEquals(_source, NullSource);

    /// <summary>Whether the string has no octet.</summary>
    public bool IsEmpty => _length == 0;

    /// <summary>Upper bound of what <see cref="Write"/> writes; exact when octets are held.</summary>
    public int MaxOctets => IsText ? SizeBound.Of((long)_length * MaxOctetsPerChar) : _length;

    /// <summary>What the internal constructor takes.</summary>
    internal (object? Source, int Offset, int Length) Parts => (_source, _offset, _length);

    private bool IsText => _source is string;

    private ReadOnlySpan<char> Text => Unsafe.As<string>(_source);

    private ReadOnlySpan<byte> Octets => new(Unsafe.As<byte[]>(_source), _offset, _length);

    /// <summary>The octets, where octets are held and not text.</summary>
    internal bool TryGetOctets(out ReadOnlySpan<byte> octets)
    {
        bool found = !IsText;
        octets = found ? Octets : default;
        return found;
    }

    /// <summary>A long string over a copy of the octets.</summary>
    public static LongString CopyOf(ReadOnlySpan<byte> octets) => octets.IsEmpty ? default : new LongString(octets.ToArray().AsMemory());

    /// <inheritdoc cref="LongString(string)"/>
    public static implicit operator LongString(string? value) => new(value);

    /// <inheritdoc cref="LongString(ReadOnlyMemory{byte})"/>
    public static implicit operator LongString(byte[]? octets) => new(octets ?? NullSource, 0, octets?.Length ?? 0);

    /// <inheritdoc cref="LongString(ReadOnlyMemory{byte})"/>
    public static implicit operator LongString(ReadOnlyMemory<byte> octets) => new(octets);

    /// <summary>Whether both have the same octets.</summary>
    public static bool operator ==(LongString left, LongString right) => left.Equals(right);

    /// <summary>Whether their octets differ.</summary>
    public static bool operator !=(LongString left, LongString right) => !left.Equals(right);

    /// <summary>Refuses a null reference for a field that is always there.</summary>
    /// <param name="field">Name of the field.</param>
    /// <exception cref="ArgumentNullException"><see cref="IsNull"/>.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ThrowIfNull(string field)
    {
        if (IsNull)
        {
            ThrowNull(field);
        }
    }

    /// <summary>Writes the octets, without a length.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short; <see cref="MaxOctets"/> always suffice.</exception>
    /// <returns>The number of octets written.</returns>
    public int Write(Span<byte> destination)
    {
        if (IsText)
        {
            return Encoding.UTF8.GetBytes(Text, destination);
        }

        Octets.CopyTo(destination);
        return _length;
    }

    /// <summary>Writes four octets of length, then the octets.</summary>
    /// <inheritdoc cref="Write"/>
    public int WriteWithLength(Span<byte> destination)
    {
        int octets = Write(destination[sizeof(uint)..]);
        BinaryPrimitives.WriteInt32BigEndian(destination, octets);
        return sizeof(uint) + octets;
    }

    /// <summary>The octets; a copy only when text is held.</summary>
    public ReadOnlyMemory<byte> ToMemory() => _source switch
    {
        null => default,
        string text => Encoding.UTF8.GetBytes(text),
        _ => new ReadOnlyMemory<byte>(Unsafe.As<byte[]>(_source), _offset, _length),
    };

    /// <inheritdoc/>
    public bool Equals(LongString other)
    {
        if (IsText && other.IsText && Text.SequenceEqual(other.Text))
        {
            return true;
        }

        return ToMemory().Span.SequenceEqual(other.ToMemory().Span);
    }

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is LongString other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(ToMemory().Span);
        return hash.ToHashCode();
    }

    /// <summary>The text; octets that are no UTF-8 become U+FFFD.</summary>
    public override string ToString() => _source switch
    {
        null => string.Empty,
        string text => text,
        _ => Encoding.UTF8.GetString(Octets),
    };

    [DoesNotReturn]
    private static void ThrowNull(string field) => throw new ArgumentNullException(field, "The field is always there: the empty string is not null.");
}
