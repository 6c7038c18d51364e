namespace AmqpToolkit.Protocol.Tests;

/// <summary>Frames as octets, built by hand: the codec's writers are not asked.</summary>
internal static class Frames
{
    public static byte[] Method(ushort channel, params byte[] payload) => Of(1, channel, payload);

    public static byte[] Header(ushort channel, params byte[] payload) => Of(2, channel, payload);

    public static byte[] Body(ushort channel, int octets)
    {
        byte[] body = new byte[octets];
        new Random(octets).NextBytes(body);
        return Of(3, channel, body);
    }

    public static byte[] Heartbeat => Of(8, 0, []);

    public static byte[] Of(byte type, ushort channel, ReadOnlySpan<byte> payload, byte end = 0xCE) =>
    [
        type,
        (byte)(channel >> 8), (byte)channel,
        (byte)(payload.Length >> 24), (byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length,
        .. payload,
        end,
    ];

    public static byte[] Join(params byte[][] parts) => [.. parts.SelectMany(part => part)];
}
