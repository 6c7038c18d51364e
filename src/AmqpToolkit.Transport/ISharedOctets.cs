namespace AmqpToolkit.Transport;

/// <summary>Octets that are sent from where they lie, without a copy: their owner is told when the socket has them.</summary>
public interface ISharedOctets
{
    /// <summary>Called once for each segment that was appended, after it was sent or dropped.</summary>
    void Release();
}
