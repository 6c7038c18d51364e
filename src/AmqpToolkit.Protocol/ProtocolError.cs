using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Protocol;

/// <summary>
/// A peer's mistake as a value: its scope, its reply code and its text. It becomes exactly one channel.close or one
/// connection.close (0-9-1 section 1.1, "Reply code definitions"). Immutable; any thread may read it.
/// </summary>
public sealed class ProtocolError
{
    /// <summary>The longest reply text, in octets: a short string holds no more.</summary>
    public const int MaxReplyTextOctets = 255;

    /// <summary>Creates an error.</summary>
    /// <param name="scope">What it closes.</param>
    /// <param name="replyCode">A reply code of the specification, 311 to 541.</param>
    /// <param name="text">What follows the code's name and a dash in the reply text.</param>
    /// <param name="methodKey">The method that failed, class id in the high half; 0 when a frame was at fault.</param>
    public ProtocolError(ErrorScope scope, ushort replyCode, string text, uint methodKey = 0)
    {
        Scope = scope;
        ReplyCode = replyCode;
        Text = text;
        MethodKey = methodKey;
    }

    /// <summary>What the error closes.</summary>
    public ErrorScope Scope { get; }

    /// <summary>The reply code.</summary>
    public ushort ReplyCode { get; }

    /// <summary>The explanation, without the code's name.</summary>
    public string Text { get; }

    /// <summary>The method that failed, class id in the high half; 0 when a frame was at fault.</summary>
    public uint MethodKey { get; }

    /// <summary>The reply text as it is sent: the code's name in capitals, a dash, the explanation; 252 octets and three dots where it is longer than 255.</summary>
    public string ReplyText
    {
        get
        {
            string name = Constants.NameOf(ReplyCode).Replace('-', '_').ToUpperInvariant();
            string whole = Text.Length == 0 ? name : $"{name} - {Text}";
            if (Encoding.UTF8.GetByteCount(whole) <= MaxReplyTextOctets)
            {
                return whole;
            }

            const string Cut = "...";
            int length = Math.Min(whole.Length, MaxReplyTextOctets - Cut.Length);
            while (Encoding.UTF8.GetByteCount(whole.AsSpan(0, length)) > MaxReplyTextOctets - Cut.Length || char.IsHighSurrogate(whole[length - 1]))
            {
                length--;
            }

            return whole[..length] + Cut;
        }
    }

    /// <summary>The same error, laid at a method's door.</summary>
    public ProtocolError At(uint methodKey) => new(Scope, ReplyCode, Text, methodKey);

    /// <summary>403 on the channel.</summary>
    public static ProtocolError AccessRefused(string text) => new(ErrorScope.Channel, Constants.AccessRefused, text);

    /// <summary>404 on the channel.</summary>
    public static ProtocolError NotFound(string text) => new(ErrorScope.Channel, Constants.NotFound, text);

    /// <summary>405 on the channel.</summary>
    public static ProtocolError ResourceLocked(string text) => new(ErrorScope.Channel, Constants.ResourceLocked, text);

    /// <summary>406 on the channel.</summary>
    public static ProtocolError PreconditionFailed(string text) => new(ErrorScope.Channel, Constants.PreconditionFailed, text);

    /// <summary>320 on the connection.</summary>
    public static ProtocolError ConnectionForced(string text) => new(ErrorScope.Connection, Constants.ConnectionForced, text);

    /// <summary>501 on the connection.</summary>
    public static ProtocolError FrameError(string text) => new(ErrorScope.Connection, Constants.FrameError, text);

    /// <summary>502 on the connection.</summary>
    public static ProtocolError SyntaxError(string text) => new(ErrorScope.Connection, Constants.SyntaxError, text);

    /// <summary>503 on the connection.</summary>
    public static ProtocolError CommandInvalid(string text) => new(ErrorScope.Connection, Constants.CommandInvalid, text);

    /// <summary>504 on the connection.</summary>
    public static ProtocolError ChannelError(string text) => new(ErrorScope.Connection, Constants.ChannelError, text);

    /// <summary>505 on the connection.</summary>
    public static ProtocolError UnexpectedFrame(string text) => new(ErrorScope.Connection, Constants.UnexpectedFrame, text);

    /// <summary>530 on the connection.</summary>
    public static ProtocolError NotAllowed(string text) => new(ErrorScope.Connection, Constants.NotAllowed, text);

    /// <summary>540 on the connection.</summary>
    public static ProtocolError NotImplemented(string text) => new(ErrorScope.Connection, Constants.NotImplemented, text);

    /// <summary>541 on the connection.</summary>
    public static ProtocolError InternalError(string text) => new(ErrorScope.Connection, Constants.InternalError, text);

    /// <inheritdoc/>
    public override string ToString() => Describe(Methods.NameOf(MethodKey));

    /// <summary>As <see cref="ToString"/>, where the method is another edition's.</summary>
    /// <param name="method">How that calls it.</param>
    internal string Describe(string method) => $"{ReplyCode} {ReplyText} ({method})";
}
