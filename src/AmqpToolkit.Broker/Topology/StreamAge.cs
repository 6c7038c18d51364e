using System.Buffers.Text;

namespace AmqpToolkit.Broker.Topology;

/// <summary>Ages of messages in streams as RabbitMQ writes them: a number and a unit (Y, M, D, h, m, s), as in <c>7D</c>; a month has 30 days, a year 365.</summary>
internal static class StreamAge
{
    private const long Second = 1000;
    private const long Hour = 3600 * Second;
    private const long Day = 24 * Hour;

    /// <summary>Reads an age.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="milliseconds">The age; one that no clock reaches is the longest there is.</param>
    /// <returns>False when it is none: 0 is none either.</returns>
    public static bool TryParse(ReadOnlySpan<byte> text, out long milliseconds)
    {
        milliseconds = 0;
        if (text.IsEmpty || text[..^1].ContainsAnyExceptInRange((byte)'0', (byte)'9') || UnitOf(text[^1]) is not { } unit)
        {
            return false;
        }

        var digits = text[..^1].TrimStart((byte)'0');
        if (digits.IsEmpty)
        {
            return false;
        }

        milliseconds = Utf8Parser.TryParse(digits, out long number, out _) && number <= long.MaxValue / unit ? number * unit : long.MaxValue;
        return true;
    }

    private static long? UnitOf(byte letter) => letter switch
    {
        (byte)'Y' => 365 * Day,
        (byte)'M' => 30 * Day,
        (byte)'D' => Day,
        (byte)'h' => Hour,
        (byte)'m' => 60 * Second,
        (byte)'s' => Second,
        _ => null,
    };
}
