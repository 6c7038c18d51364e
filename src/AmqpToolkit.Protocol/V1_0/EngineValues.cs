using System.Text;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Protocol.V1_0;

/// <summary>Values that never change, encoded once.</summary>
internal static class EngineValues
{
    /// <summary>The property of an open by which clients know that a close follows (AMQP's JMS mapping).</summary>
    public static EncodedValue EstablishmentFailed { get; } = MapOf("amqp:connection-establishment-failed"u8, 0x41);

    private static EncodedValue MapOf(ReadOnlySpan<byte> symbol, byte value)
    {
        // map8: size, count, sym8, length, symbol, value.
        byte[] octets = new byte[3 + 2 + symbol.Length + 1];
        octets[0] = 0xc1;
        octets[1] = (byte)(octets.Length - 2);
        octets[2] = 2;
        octets[3] = 0xa3;
        octets[4] = (byte)symbol.Length;
        symbol.CopyTo(octets.AsSpan(5));
        octets[^1] = value;
        return new EncodedValue(octets);
    }

    /// <summary>Octets of text from a peer, cut to what an error can show.</summary>
    public static string Show(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text[..Math.Min(text.Length, 64)]);
}
