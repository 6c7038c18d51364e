using System.Buffers.Text;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Conversion;

/// <summary>The message-ids of 1.0 (3.2.11 to 3.2.14) as the short strings of 0-9-1: a string as it is, a uuid as its URN, a ulong in decimal.</summary>
internal static class MessageIds
{
    /// <summary>Octets of the URN of a uuid.</summary>
    public const int UuidOctets = 9 + 36;

    public static ReadOnlySpan<byte> UuidPrefix => "urn:uuid:"u8;

    /// <summary>The text of an id.</summary>
    /// <param name="id">The id.</param>
    /// <param name="scratch">At least <see cref="UuidOctets"/> octets.</param>
    /// <param name="text">Its text.</param>
    /// <returns>False when it is binary, or longer than a short string: <paramref name="text"/> is its octets then.</returns>
    public static bool TryGetText(AnyMessageId id, Span<byte> scratch, out ReadOnlySpan<byte> text)
    {
        if (id.TryGetMessageIdUlong(out ulong number))
        {
            Utf8Formatter.TryFormat(number, scratch, out int octets);
            text = scratch[..octets];
            return true;
        }

        if (id.TryGetMessageIdUuid(out var uuid))
        {
            UuidPrefix.CopyTo(scratch);
            Utf8Formatter.TryFormat(uuid, scratch[UuidPrefix.Length..], out _);
            text = scratch[..UuidOctets];
            return true;
        }

        if (id.TryGetMessageIdString(out text))
        {
            return text.Length <= byte.MaxValue;
        }

        id.TryGetMessageIdBinary(out text);
        return false;
    }
}
