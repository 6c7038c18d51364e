using System.Globalization;

namespace AmqpToolkit.Codec;

/// <summary>A point in time as the wire carries it: seconds since 1970-01-01 00:00 UTC, unsigned, 64 bits (0-9-1 specification, 4.2.5.4).</summary>
/// <param name="Seconds">Seconds since the epoch. Any value may arrive; not each is a date.</param>
public readonly record struct AmqpTimestamp(ulong Seconds) : IComparable<AmqpTimestamp>
{
    private const ulong MaxDateTimeOffsetSeconds = 253_402_300_799;

    /// <summary>The timestamp of a date. Fractions of a second are dropped.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The date lies before 1970.</exception>
    public static AmqpTimestamp FromDateTimeOffset(DateTimeOffset value)
    {
        long seconds = value.ToUnixTimeSeconds();
        ArgumentOutOfRangeException.ThrowIfNegative(seconds, nameof(value));
        return new AmqpTimestamp((ulong)seconds);
    }

    /// <inheritdoc cref="FromDateTimeOffset"/>
    public static implicit operator AmqpTimestamp(DateTimeOffset value) => FromDateTimeOffset(value);

    /// <summary>Whether the left one is earlier.</summary>
    public static bool operator <(AmqpTimestamp left, AmqpTimestamp right) => left.Seconds < right.Seconds;

    /// <summary>Whether the left one is later.</summary>
    public static bool operator >(AmqpTimestamp left, AmqpTimestamp right) => left.Seconds > right.Seconds;

    /// <summary>Whether the left one is not later.</summary>
    public static bool operator <=(AmqpTimestamp left, AmqpTimestamp right) => left.Seconds <= right.Seconds;

    /// <summary>Whether the left one is not earlier.</summary>
    public static bool operator >=(AmqpTimestamp left, AmqpTimestamp right) => left.Seconds >= right.Seconds;

    /// <summary>The date, if it lies before the year 10000; peers that write milliseconds go past that.</summary>
    public bool TryGetDateTimeOffset(out DateTimeOffset value)
    {
        bool representable = Seconds <= MaxDateTimeOffsetSeconds;
        value = representable ? DateTimeOffset.FromUnixTimeSeconds((long)Seconds) : default;
        return representable;
    }

    /// <inheritdoc/>
    public int CompareTo(AmqpTimestamp other) => Seconds.CompareTo(other.Seconds);

    /// <summary>The date in ISO 8601 form, or the number of seconds when it is no date.</summary>
    public override string ToString() => TryGetDateTimeOffset(out DateTimeOffset date)
        ? date.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)
        : Seconds.ToString(CultureInfo.InvariantCulture);
}
