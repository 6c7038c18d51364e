using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.Tests;

namespace AmqpToolkit.Decode.Tests;

/// <summary>Every method of 0-9-1, with random values from a seed.</summary>
internal static class AllMethods
{
    /// <summary>One frame for each method.</summary>
    /// <param name="seed">Where the values come from.</param>
    /// <param name="plainNames">Texts are names, as other people's decoders expect them.</param>
    public static IEnumerable<(MethodType Method, object Value, byte[] Frame)> Of(int seed, bool plainNames)
    {
        RandomValues random = new(seed, plainNames);
        foreach (MethodType method in MethodType.All)
        {
            object value = method.Random(random);
            yield return (method, value, Frame((IMethod)value));
        }
    }

    private static byte[] Frame(IMethod method)
    {
        byte[] payload = new byte[method.MaxOctets];
        int octets = method.Write(payload);
        byte[] frame = new byte[FrameWriter.OverheadOctets + octets];
        FrameWriter.WriteFrameHeader(frame, type: 1, channel: 1, octets);
        payload.AsSpan(0, octets).CopyTo(frame.AsSpan(FrameReader.HeaderOctets));
        frame[^1] = 0xCE;
        return frame;
    }
}
