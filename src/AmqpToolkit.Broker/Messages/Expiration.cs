using System.Text;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Messages;

/// <summary>The property expiration of 0-9-1: how long a message may wait, as a decimal number of milliseconds in text.</summary>
internal static class Expiration
{
    /// <summary>The longest time in milliseconds: ten years of 365 days.</summary>
    public const long MaxMilliseconds = 315_360_000_000;

    /// <summary>Refuses what is no number of milliseconds (row 46 of RabbitMQ's mistakes).</summary>
    public static ProtocolError? Check(ReadOnlySpan<byte> text)
    {
        int digits = CountDigits(text, out int start, out bool isNegative);
        if (digits > 0 && start + digits == text.Length && TryRead(text, out _))
        {
            return null;
        }

        string number = Encoding.UTF8.GetString(text.Slice(start, digits)).TrimStart('0');
        string reason = digits == 0 ? "no_integer"
            : start + digits < text.Length ? $"{{leftover_string,\"{Encoding.UTF8.GetString(text[(start + digits)..])}\"}}"
            : isNegative ? $"{{value_negative,-{number}}}"
            : $"{{value_too_large,{number}}}";
        return ProtocolError.PreconditionFailed($"invalid expiration '{Encoding.UTF8.GetString(text)}': {reason}");
    }

    /// <summary>Reads the time.</summary>
    /// <returns>False when it is none from 0 to <see cref="MaxMilliseconds"/>.</returns>
    public static bool TryRead(ReadOnlySpan<byte> text, out long milliseconds)
    {
        milliseconds = 0;
        int digits = CountDigits(text, out int start, out bool isNegative);
        if (digits == 0 || start + digits != text.Length)
        {
            return false;
        }

        foreach (byte digit in text[start..])
        {
            milliseconds = (milliseconds * 10) + (digit - '0');
            if (milliseconds > MaxMilliseconds)
            {
                return false;
            }
        }

        return !isNegative || milliseconds == 0;
    }

    private static int CountDigits(ReadOnlySpan<byte> text, out int start, out bool isNegative)
    {
        isNegative = text is [(byte)'-', ..];
        start = isNegative || text is [(byte)'+', ..] ? 1 : 0;
        int end = text[start..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return end < 0 ? text.Length - start : end;
    }
}
