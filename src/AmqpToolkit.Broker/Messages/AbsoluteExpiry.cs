using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Messages;

/// <summary>The moment at which a message of 1.0 is over, wherever it is (properties.absolute-expiry-time, section 3.2.4).</summary>
internal static class AbsoluteExpiry
{
    /// <summary>A hundred years, in milliseconds: what is over later is never over.</summary>
    private const long MostMilliseconds = 100L * 366 * 24 * 60 * 60 * 1000;

    /// <summary>How long a message has until then.</summary>
    /// <param name="sections">Its sections before the body.</param>
    /// <param name="time">The clock.</param>
    /// <returns>Milliseconds, 0 or more; null when it says nothing of it.</returns>
    public static long? MillisecondsLeft(ReadOnlySpan<byte> sections, TimeProvider time)
    {
        while (!sections.IsEmpty
            && DescriptorReader.Read(sections, out ulong code, out var symbol, out int at) == DecodeError.None && AmqpReader.Measure(sections, at, out int end) == DecodeError.None)
        {
            if ((symbol.IsEmpty ? code : Descriptors.CodeOf(symbol)) == PropertiesView.DescriptorCode)
            {
                return PropertiesView.TryParse(sections[..end], out var properties, out _) == DecodeError.None && properties.HasAbsoluteExpiryTime
                    ? Left(properties.AbsoluteExpiryTime, time.GetUtcNow().ToUnixTimeMilliseconds())
                    : null;
            }

            sections = sections[end..];
        }

        return null;
    }

    private static long? Left(long moment, long now) => moment <= now ? 0 : moment - now is var left and <= MostMilliseconds ? left : null;
}
