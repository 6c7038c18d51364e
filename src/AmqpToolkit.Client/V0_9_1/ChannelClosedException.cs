namespace AmqpToolkit.Client.V0_9_1;

/// <summary>The channel ended; its connection goes on.</summary>
public sealed class ChannelClosedException : AmqpException
{
    internal ChannelClosedException(ushort channel, CloseReason reason)
        : base($"Channel {channel} has ended", reason)
    {
    }
}
