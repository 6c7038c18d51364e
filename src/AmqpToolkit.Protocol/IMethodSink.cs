using AmqpToolkit.Codec;

namespace AmqpToolkit.Protocol;

/// <summary>Where a state machine puts the methods that it sends; the owner encodes and queues them.</summary>
public interface IMethodSink
{
    /// <summary>Queues one method frame.</summary>
    void Send<TMethod>(ushort channel, in TMethod method)
        where TMethod : struct, IMethod;
}
