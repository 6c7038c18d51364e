using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>A method that was sent and whose answer is due. Answers come in the order of the calls, so a channel keeps them in a queue.</summary>
/// <param name="requestKey">The method that was sent.</param>
internal abstract class PendingCall(uint requestKey)
{
    /// <summary>The method that was sent.</summary>
    public uint RequestKey => requestKey;

    /// <summary>When the call came to be the next to be answered, in milliseconds of the connection's clock.</summary>
    public long HeadSince { get; set; }

    /// <summary>Whether <paramref name="replyKey"/> answers this call.</summary>
    public bool IsAnsweredBy(uint replyKey) => requestKey switch
    {
        BasicGet.MethodKey => replyKey is BasicGetOk.MethodKey or BasicGetEmpty.MethodKey,
        ExchangeUnbind.MethodKey => replyKey == ExchangeUnbindOk.MethodKey,
        _ => replyKey == requestKey + 1,
    };

    /// <summary>Ends the call without an answer.</summary>
    public abstract void Fail(Exception exception);
}
