using System.Buffers.Binary;
using AmqpToolkit.Broker.Channels;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;
using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Broker.Connections;

/// <content>What frames lead to, by the state of the connection and of the channel.</content>
internal sealed partial class BrokerConnection
{
    /// <summary>A method id that no edition knows: RabbitMQ drops the stream without a word, and so do we.</summary>
    private static readonly ProtocolError UnknownMethod = ProtocolError.CommandInvalid("unknown class or method id");

    /// <summary>Whether frames of channels count.</summary>
    private bool IsRunning => _ending.State == ConnectionState.Running;

    private ProtocolError? HandleMethod(ushort number, ReadOnlySpan<byte> payload)
    {
        if (IsHolding && MustWaitForHeld(BinaryPrimitives.ReadUInt32BigEndian(payload)))
        {
            return LeaveFrame();
        }

        if (number == 0)
        {
            return HandleConnectionMethod(payload);
        }

        if (!IsRunning)
        {
            return _ending.State == ConnectionState.Handshake ? TooEarly(Constants.FrameMethod, payload) : null;
        }

        var channel = FindChannel(number);
        uint key = BinaryPrimitives.ReadUInt32BigEndian(payload);
        if (channel is not null && !channel.IsClosing && channel.Content.IsIdle)
        {
            var arguments = payload[sizeof(uint)..];
            if (key == BasicPublishView.MethodKey && BasicPublishView.TryParse(arguments, out var publish) == DecodeError.None)
            {
                // The routing key's text is not checked: RabbitMQ takes any octets there.
                return channel.HandlePublish(in publish)?.At(key) is { } refused ? Raise(channel, refused) : null;
            }

            if (key == BasicAckView.MethodKey && BasicAckView.TryParse(arguments, out var ack) == DecodeError.None)
            {
                return channel.HandleSettle(ack.DeliveryTag, ack.Multiple, Queues.Outcome.Accept)?.At(key) is { } unknown ? Raise(channel, unknown) : null;
            }
        }

        // As with RabbitMQ: what its client asks for behind a publish waits for room as the next receive does.
        if (Holding.HoldsPublisher)
        {
            return LeaveFrame();
        }

        FlushBatch();
        return HandleChannelMethod(number, channel, key, payload);
    }

    private ProtocolError? HandleContentHeader(ushort number, ReadOnlySpan<byte> payload)
    {
        if (!IsRunning)
        {
            return _ending.State == ConnectionState.Handshake ? TooEarly(Constants.FrameHeader, payload) : null;
        }

        if (FindChannel(number) is not { } channel)
        {
            return ProtocolError.UnexpectedFrame("expected method frame, got non method frame instead");
        }

        return channel.IsClosing ? null : channel.HandleContentHeader(payload) is { } error ? Raise(channel, error) : null;
    }

    private ProtocolError? HandleBody(ushort number, ReadOnlySpan<byte> octets)
    {
        if (!IsRunning)
        {
            return _ending.State == ConnectionState.Handshake ? TooEarly(Constants.FrameBody, octets) : null;
        }

        if (FindChannel(number) is not { } channel)
        {
            return ProtocolError.UnexpectedFrame("expected method frame, got non method frame instead");
        }

        return channel.IsClosing ? null : channel.HandleBody(octets) is { } error ? Raise(channel, error) : null;
    }

    private BrokerChannel? FindChannel(ushort number)
    {
        if (_lastChannel is { } last && last.Number == number)
        {
            return last;
        }

        return _channels.TryGetValue(number, out var channel) ? _lastChannel = channel : null;
    }

    /// <summary>Gives an error its scope: the channel's closes the channel here, the connection's goes up.</summary>
    private ProtocolError? Raise(BrokerChannel channel, ProtocolError error)
    {
        if (error.Scope != ErrorScope.Channel)
        {
            return error;
        }

        // What came before the mistake counts, and is confirmed before the channel is gone.
        FlushBatch();
        channel.SendConfirm();
        _lastIncomplete = ReferenceEquals(_lastIncomplete, channel) ? null : _lastIncomplete;
        _incomplete?.Remove(channel);
        Diagnostics.Log.ChannelFailed(_broker.Logger, Name, channel.Number, error.Describe(Words.NameOf(error.MethodKey)));
        channel.BeginClose(error);
        return null;
    }

    private ProtocolError? HandleChannelMethod(ushort number, BrokerChannel? channel, uint key, ReadOnlySpan<byte> payload)
    {
        if (!Methods.TryGetInfo(key, out var info))
        {
            return UnknownMethod;
        }

        if (channel is null)
        {
            return key == ChannelOpenView.MethodKey ? OpenChannel(number) : ProtocolError.ChannelError("expected 'channel.open'").At(key);
        }

        if (key == ChannelOpenView.MethodKey)
        {
            return ProtocolError.ChannelError("second 'channel.open' seen").At(key);
        }

        if (channel.IsClosing)
        {
            HandleClosingChannel(channel, key);
            return null;
        }

        if (channel.Content.CheckMethod(key) is { } misplaced)
        {
            return misplaced;
        }

        if (info.ClassId == ConnectionCloseView.MethodKey >> 16)
        {
            return ProtocolError.CommandInvalid("unimplemented method").At(key);
        }

        var router = new ChannelMethodRouter(channel);
        var broken = ServerMethods.Dispatch(ref router, number, payload);
        if (broken != DecodeError.None)
        {
            return Undecodable(broken, key, payload[sizeof(uint)..]);
        }

        if (router.Error is { } error)
        {
            return Raise(channel, error.MethodKey == 0 ? error.At(key) : error);
        }

        PauseIfSaturated();
        if (router.IsClosed)
        {
            RemoveChannel(number);
        }

        return null;
    }

    private ProtocolError? OpenChannel(ushort number)
    {
        int max = _channelMax == 0 ? ushort.MaxValue : _channelMax;
        if (_channels.Count >= max)
        {
            return ProtocolError.NotAllowed($"number of channels opened ({_channels.Count}) has reached the negotiated channel_max ({max})");
        }

        if (_admission!.TryAddChannel() is { } refused)
        {
            return refused;
        }

        _channels.Add(number, new BrokerChannel(this, number));
        Words.SendOpenOk(this, number);
        return null;
    }

    private void RemoveChannel(ushort number)
    {
        _channels.Remove(number);
        _admission!.RemoveChannel();
        _lastChannel = null;
    }

    private void HandleClosingChannel(BrokerChannel channel, uint key)
    {
        if (key == ChannelCloseOkView.MethodKey)
        {
            // Who was closed by a timer has consumers still: the table of them is the reader's.
            channel.Release();
            RemoveChannel(channel.Number);
        }
        else if (key == ChannelCloseView.MethodKey)
        {
            // Both sides close at once: each answers the other (0-9-1 channel.close).
            Send(channel.Number, default(ChannelCloseOk));
        }
    }

    private ProtocolError? HandleConnectionMethod(ReadOnlySpan<byte> payload)
    {
        uint key = BinaryPrimitives.ReadUInt32BigEndian(payload);
        if (!Methods.TryGetInfo(key, out var info))
        {
            return UnknownMethod;
        }

        bool isOfConnection = info.ClassId == ConnectionCloseView.MethodKey >> 16 && info.ServerReceives;
        if (_ending.State == ConnectionState.Closing)
        {
            return HandleClosingConnection(key);
        }

        FlushBatch();
        if (!isOfConnection)
        {
            return _handshake is not null
                ? _handshake.OutOfTurn(key)
                : ProtocolError.ChannelError("unexpected method in connection state running").At(key);
        }

        var router = new ConnectionMethodRouter(this);
        var broken = ServerMethods.Dispatch(ref router, 0, payload);
        return broken != DecodeError.None ? Undecodable(broken, key, payload[sizeof(uint)..]).At(key) : router.Error;
    }

    /// <summary>connection.close before the connection is open is out of turn as well.</summary>
    internal ProtocolError? HandleClose()
    {
        if (_handshake is { } handshake)
        {
            return handshake.OutOfTurn(ConnectionCloseView.MethodKey);
        }

        HandleConnectionClose();
        return null;
    }

    /// <summary>
    /// A user with a password has nothing that could expire, so that any secret will do; but what the user may do is looked at anew (rows 110, 111).
    /// </summary>
    internal ProtocolError? HandleUpdateSecret()
    {
        if (_handshake is { } handshake)
        {
            return handshake.OutOfTurn(ConnectionUpdateSecretView.MethodKey);
        }

        if (!Caller.Rights.MayEnter)
        {
            return Caller.Rights.NoEntry().At(ConnectionUpdateSecretView.MethodKey);
        }

        Send(0, default(ConnectionUpdateSecretOk));
        foreach (var channel in _channels.Values)
        {
            channel.CancelUnreadable();
        }

        return null;
    }

    internal static ProtocolError OutOfTurn(uint key) => ProtocolError.ChannelError("unexpected method in connection state running").At(key);

    private static ProtocolError TooEarly(ushort type, ReadOnlySpan<byte> payload) =>
        ProtocolError.UnexpectedFrame($"type {type}, {OctetText.Describe(payload)}");

    internal static ProtocolError Undecodable(DecodeError error, uint key, ReadOnlySpan<byte> arguments) => error switch
    {
        DecodeError.UnexpectedMethod => ProtocolError.CommandInvalid("unimplemented method").At(key),
        DecodeError.InvalidUtf8 => ProtocolError.FrameError("Malformed UTF-8 in shortstr"),
        _ => ProtocolError.FrameError($"cannot decode {OctetText.ShowNumbers(arguments)}").At(key),
    };

    /// <summary>Takes the frames of one receive.</summary>
    private readonly struct FrameSink(BrokerConnection connection) : IFrameSink
    {
        public bool IsSaturated => connection.HasPaused || connection._ending.IgnoresInput || connection._ending.State == ConnectionState.Ended;

        public bool LeavesFrame => connection._leavesFrame;

        public ProtocolError? HandleMethod(ushort channel, ReadOnlySpan<byte> payload) => connection.HandleMethod(channel, payload);

        public ProtocolError? HandleContentHeader(ushort channel, ReadOnlySpan<byte> payload) => connection.HandleContentHeader(channel, payload);

        public ProtocolError? HandleBody(ushort channel, ReadOnlySpan<byte> octets, int remainingOctets) => connection.HandleBody(channel, octets);

        public void HandleHeartbeat()
        {
            // That something came is counted already.
        }
    }
}
