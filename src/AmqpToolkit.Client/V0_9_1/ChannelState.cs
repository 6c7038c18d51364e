namespace AmqpToolkit.Client.V0_9_1;

/// <summary>Where a channel stands.</summary>
public enum ChannelState : byte
{
    /// <summary>channel.open was sent.</summary>
    Opening,

    /// <summary>Everything can be done.</summary>
    Open,

    /// <summary>channel.close was sent.</summary>
    Closing,

    /// <summary>It has ended and will not come back.</summary>
    Closed,
}
