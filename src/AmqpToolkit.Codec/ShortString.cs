using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace AmqpToolkit.Codec;

/// <summary>
/// A short string to be written (0-9-1 specification, 4.2.5.3): at most 255 octets of UTF-8, held as a <see cref="string"/> or, encoded once and for all,
/// as octets. Equality is that of the octets. <c>default</c> is the empty string; what is made of a null reference is none at all, <see cref="IsNull"/>: a
/// property that it is given to is left out, an argument of a method refuses it.
/// </summary>
public readonly struct ShortString : IEquatable<ShortString>
{
    /// <summary>The most octets that a short string has.</summary>
    public const int LimitOctets = 255;

    private const int MaxOctetsPerChar = 3;

    /// <summary>Stands for a null reference, and is not read.</summary>
    private static readonly byte[] NullSource = [0];

    private readonly object? _source; // null, string or byte[]
    private readonly int _offset;
    private readonly int _length;     // chars of a string, octets of an array

    /// <summary>A short string over text, encoded when it is written.</summary>
    /// <exception cref="ArgumentException">It takes more than 255 octets in UTF-8.</exception>
    public ShortString(string? value)
    {
        if (value is null)
        {
            _source = NullSource;
            return;
        }

        if (value.Length > LimitOctets / MaxOctetsPerChar && Encoding.UTF8.GetByteCount(value) is var octets && octets > LimitOctets)
        {
            ThrowTooLong(octets, nameof(value));
        }

        _source = value;
        _length = value.Length;
    }

    /// <summary>A short string over octets, which are not copied where they lie in an array.</summary>
    /// <exception cref="ArgumentException">There are more than 255.</exception>
    public ShortString(ReadOnlyMemory<byte> octets)
    {
        if (octets.Length > LimitOctets)
        {
            ThrowTooLong(octets.Length, nameof(octets));
        }

        if (!MemoryMarshal.TryGetArray(octets, out ArraySegment<byte> segment))
        {
            segment = octets.ToArray();
        }

        _source = segment.Array;
        _offset = segment.Offset;
        _length = segment.Count;
    }

    /// <summary>Whether this was made of a null reference.</summary>
    public bool IsNull => _length == 0 && ReferenceEquals(_source, NullSource);

    /// <summary>Whether the string has no octet.</summary>
    public bool IsEmpty => _length == 0;

    /// <summary>Upper bound of what <see cref="Write"/> writes; exact when octets are held.</summary>
    public int MaxOctets => IsText ? Math.Min(_length * MaxOctetsPerChar, LimitOctets) : _length;

    private bool IsText => _source is string;

    private ReadOnlySpan<char> Text => Unsafe.As<string>(_source);

    private ReadOnlySpan<byte> Octets => new(Unsafe.As<byte[]>(_source), _offset, _length);

    /// <summary>A short string over a copy of the octets.</summary>
    /// <exception cref="ArgumentException">There are more than 255.</exception>
    public static ShortString CopyOf(ReadOnlySpan<byte> octets) => octets.IsEmpty ? default : new ShortString(octets.ToArray().AsMemory());

    /// <inheritdoc cref="ShortString(string)"/>
    public static implicit operator ShortString(string? value) => new(value);

    /// <inheritdoc cref="ShortString(ReadOnlyMemory{byte})"/>
    public static implicit operator ShortString(byte[]? octets) => octets is null ? new((string?)null) : new(octets.AsMemory());

    /// <inheritdoc cref="ShortString(ReadOnlyMemory{byte})"/>
    public static implicit operator ShortString(ReadOnlyMemory<byte> octets) => new(octets);

    /// <summary>Whether both have the same octets.</summary>
    public static bool operator ==(ShortString left, ShortString right) => left.Equals(right);

    /// <summary>Whether their octets differ.</summary>
    public static bool operator !=(ShortString left, ShortString right) => !left.Equals(right);

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
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Write(Span<byte> destination)
    {
        object? source = _source;
        if (source is string text)
        {
            return Encoding.UTF8.GetBytes(text, destination);
        }

        ReadOnlySpan<byte> octets = new(Unsafe.As<byte[]>(source), _offset, _length);
        octets.CopyTo(destination);
        return octets.Length;
    }

    /// <summary>Writes one octet of length, then the octets.</summary>
    /// <inheritdoc cref="Write"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int WriteWithLength(Span<byte> destination)
    {
        int octets = Write(destination[1..]);
        destination[0] = (byte)octets;
        return 1 + octets;
    }

    /// <inheritdoc/>
    public bool Equals(ShortString other)
    {
        if (IsText && other.IsText && Text.SequenceEqual(other.Text))
        {
            return true;
        }

        if (!IsText && !other.IsText)
        {
            return Octets.SequenceEqual(other.Octets);
        }

        Span<byte> mine = stackalloc byte[LimitOctets];
        Span<byte> others = stackalloc byte[LimitOctets];
        return mine[..Write(mine)].SequenceEqual(others[..other.Write(others)]);
    }

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is ShortString other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        Span<byte> octets = stackalloc byte[LimitOctets];
        var hash = new HashCode();
        hash.AddBytes(octets[..Write(octets)]);
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

    [DoesNotReturn]
    private static void ThrowTooLong(int octets, string parameter) =>
        throw new ArgumentException($"A short string has at most {LimitOctets} octets, this one has {octets}.", parameter);
}
