using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Protocol.Tests;

/// <summary>Keeps the methods that a state machine sends, as their payloads.</summary>
internal sealed class MethodQueue : IMethodSink
{
    private readonly Queue<byte[]> _payloads = new();

    public int Count => _payloads.Count;

    public void Send<TMethod>(ushort channel, in TMethod method)
        where TMethod : struct, IMethod
    {
        Assert.Equal(0, channel);
        byte[] payload = new byte[method.MaxOctets];
        _payloads.Enqueue(payload[..method.Write(payload)]);
    }

    /// <summary>Takes the next method, which is this one.</summary>
    /// <returns>Its arguments.</returns>
    public byte[] Take(uint methodKey)
    {
        byte[] payload = _payloads.Dequeue();
        uint key = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(payload);
        Assert.True(key == methodKey, $"expected {Methods.NameOf(methodKey)}, got {Methods.NameOf(key)}");
        return payload[4..];
    }
}
