using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Broker.V1_0;

/// <summary>Mistakes that the broker finds, as 1.0 says them (section 2.8.14): the rules of topology and access are those of 0-9-1, and so are their texts.</summary>
internal static class Faults
{
    /// <summary>The same mistake.</summary>
    public static AmqpFault ToFault(this ProtocolError error) => new(ConditionOf(error.ReplyCode), error.Text);

    private static string ConditionOf(ushort replyCode) => replyCode switch
    {
        Codec.V0_9_1.Constants.NotFound => AmqpError.Texts.NotFound,
        Codec.V0_9_1.Constants.AccessRefused => AmqpError.Texts.UnauthorizedAccess,
        Codec.V0_9_1.Constants.ResourceLocked => AmqpError.Texts.ResourceLocked,
        Codec.V0_9_1.Constants.PreconditionFailed => AmqpError.Texts.PreconditionFailed,
        Codec.V0_9_1.Constants.NotAllowed => AmqpError.Texts.NotAllowed,
        Codec.V0_9_1.Constants.NotImplemented => AmqpError.Texts.NotImplemented,
        Codec.V0_9_1.Constants.ResourceError => AmqpError.Texts.ResourceLimitExceeded,
        Codec.V0_9_1.Constants.ConnectionForced => ConnectionError.Texts.ConnectionForced,
        _ => AmqpError.Texts.InternalError,
    };
}
