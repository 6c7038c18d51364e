using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;

namespace AmqpToolkit.Broker.Testing.Traffic;

/// <summary>Frames of 0-9-1 that neither end has written.</summary>
internal static class ClassicOctets
{
    /// <summary>A method frame.</summary>
    public static byte[] Of<T>(ushort channel, in T method)
        where T : struct, IMethod
    {
        byte[] octets = new byte[FrameWriter.OverheadOctets + method.MaxOctets];
        return octets[..FrameWriter.WriteMethod(octets, channel, in method)];
    }
}
