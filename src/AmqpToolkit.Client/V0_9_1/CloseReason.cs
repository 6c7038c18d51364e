using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>
/// Why a connection, a channel or a consumer ended: its first cause. Immutable (0-9-1 channel.close, connection.close).
/// </summary>
public sealed record CloseReason
{
    internal CloseReason(ErrorScope scope, CloseInitiator initiator, ushort replyCode, string replyText, uint methodKey = 0, Exception? exception = null)
    {
        Scope = scope;
        Initiator = initiator;
        ReplyCode = replyCode;
        ReplyText = replyText;
        MethodKey = methodKey;
        Exception = exception;
    }

    /// <summary>What ended: the channel alone, or the connection with all its channels; <see cref="ErrorScope.None"/> for a consumer.</summary>
    public ErrorScope Scope { get; }

    /// <summary>Who ended it.</summary>
    public CloseInitiator Initiator { get; }

    /// <summary>The reply code, 200 to 541; 0 where the stream ended without one.</summary>
    public ushort ReplyCode { get; }

    /// <summary>The reply text, or what was seen of the stream.</summary>
    public string ReplyText { get; }

    /// <summary>The method that led to it: class id in the upper, method id in the lower 16 bits; 0 when none is known.</summary>
    public uint MethodKey { get; }

    /// <summary>What the transport reported, where it did.</summary>
    public Exception? Exception { get; }

    /// <summary>Whether somebody asked for the end, and nothing failed.</summary>
    public bool IsOrderly => ReplyCode == Constants.ReplySuccess;

    /// <inheritdoc/>
    public override string ToString()
    {
        string who = Initiator switch
        {
            CloseInitiator.Local => "closed here",
            CloseInitiator.Peer => "closed by the server",
            _ => "the stream was lost",
        };
        string code = ReplyCode == 0 ? "" : $"{ReplyCode} ";
        return MethodKey == 0 ? $"{who}: {code}{ReplyText}" : $"{who}: {code}{ReplyText} ({Methods.NameOf(MethodKey)})";
    }
}
