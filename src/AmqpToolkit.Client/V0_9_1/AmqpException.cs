namespace AmqpToolkit.Client.V0_9_1;

/// <summary>Something of a connection ended before, or instead of, what was asked for. <see cref="Reason"/> is its first cause.</summary>
public abstract class AmqpException : Exception
{
    private protected AmqpException(string message, CloseReason reason)
        : base($"{message}: {reason}", reason.Exception) => Reason = reason;

    /// <summary>Why.</summary>
    public CloseReason Reason { get; }

    /// <summary>The reply code of the close; 0 where the stream ended without one.</summary>
    public ushort ReplyCode => Reason.ReplyCode;

    /// <summary>The reply text of the close.</summary>
    public string ReplyText => Reason.ReplyText;

    /// <summary>The class of the method that led to the close; 0 when none is known.</summary>
    public ushort ClassId => (ushort)(Reason.MethodKey >> 16);

    /// <summary>The method that led to the close; 0 when none is known.</summary>
    public ushort MethodId => (ushort)Reason.MethodKey;
}
