using AmqpToolkit.Broker.Channels;
using AmqpToolkit.Broker.Connections;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9;
using AmqpToolkit.Protocol;
using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Broker.V0_9;

/// <summary>0-9: all of 0-9-1 as RabbitMQ extends it, since clients that send this header mean that, and what 0-9 alone has: channel.resume, ping and pong, and classes without a use.</summary>
internal sealed class Words : OlderWords
{
    /// <inheritdoc/>
    public override OlderMethod Judge(uint key) => key switch
    {
        BasicPublishView.MethodKey or BasicAckView.MethodKey => OlderMethod.Same,
        _ when Codec.V0_9_1.Methods.TryGetInfo(key, out _) => OlderMethod.Same,
        _ => Methods.TryGetInfo(key, out _) ? OlderMethod.Own : OlderMethod.Unknown,
    };

    /// <inheritdoc/>
    public override byte[]? Translate(uint key, ReadOnlySpan<byte> payload) => null;

    /// <inheritdoc/>
    public override ProtocolError? HandleOwn(BrokerChannel channel, uint key, ReadOnlySpan<byte> arguments)
    {
        switch (key)
        {
            case ChannelPingView.MethodKey when ChannelPingView.TryParse(arguments, out _) == DecodeError.None:
                // A ping is answered as any method is, and asks for a pong besides, which the client answers.
                channel.Send(default(ChannelOk));
                channel.Send(default(ChannelPong));
                return null;

            case ChannelPongView.MethodKey when ChannelPongView.TryParse(arguments, out _) == DecodeError.None:
                channel.Send(default(ChannelOk));
                return null;

            case ChannelOkView.MethodKey when ChannelOkView.TryParse(arguments, out _) == DecodeError.None:
                return null;

            case ChannelResumeView.MethodKey when ChannelResumeView.TryParse(arguments, out var resume) == DecodeError.None:
                return Resume(channel, resume.ChannelId);

            case ChannelPingView.MethodKey or ChannelPongView.MethodKey or ChannelOkView.MethodKey or ChannelResumeView.MethodKey:
                return BrokerConnection.Undecodable(DecodeError.Truncated, key, arguments);

            default:
                Methods.TryGetInfo(key, out var info);
                return Unimplemented(in info);
        }
    }

    /// <inheritdoc/>
    public override string NameOf(uint key) => !Codec.V0_9_1.Methods.TryGetInfo(key, out _) && Methods.TryGetInfo(key, out var info) ? info.Name : base.NameOf(key);

    /// <summary>A channel that is open resumes where it stands, by the id that channel.open-ok gave it, the empty one; of one that is dead nothing is kept.</summary>
    private static ProtocolError? Resume(BrokerChannel channel, ReadOnlySpan<byte> channelId)
    {
        if (!channelId.IsEmpty)
        {
            return ProtocolError.NotFound($"no channel {OctetText.Show(channelId)} to resume");
        }

        channel.Send(default(ChannelOk));
        return null;
    }
}
