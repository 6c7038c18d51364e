using System.Buffers.Binary;
using System.Net;

namespace AmqpToolkit.Decode.Captures;

/// <summary>One end of a TCP connection.</summary>
/// <param name="Address">The address, of IPv4 in the lower 32 bits.</param>
/// <param name="IsVersion4">It is one of IPv4.</param>
/// <param name="Port">The port.</param>
internal readonly record struct TcpEndpoint(UInt128 Address, bool IsVersion4, ushort Port)
{
    /// <summary>As <c>127.0.0.1:5672</c> or <c>[::1]:5672</c>.</summary>
    public override string ToString()
    {
        Span<byte> octets = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(octets, Address);
        return new IPEndPoint(new IPAddress(IsVersion4 ? octets[12..] : octets), Port).ToString();
    }
}
