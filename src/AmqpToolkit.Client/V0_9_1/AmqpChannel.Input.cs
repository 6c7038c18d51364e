using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;
using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Client.V0_9_1;

/// <content>What comes from the server. The reader's, unless it says otherwise.</content>
public sealed partial class AmqpChannel
{
    private ContentState _content;

    /// <summary>The channel has ended here, and only the closing handshake counts.</summary>
    private bool IsDeaf => _state == ChannelState.Closed;

    internal ProtocolError? HandleMethod(uint key, ReadOnlySpan<byte> payload)
    {
        if (IsDeaf)
        {
            HandleLast(key);
            return null;
        }

        if (_content.CheckMethod(key) is { } misplaced)
        {
            return misplaced;
        }

        var arguments = payload[sizeof(uint)..];
        switch (key)
        {
            // The routing key's text is not checked: no broker does, and one bad publisher must not cut off all consumers.
            case BasicDeliverView.MethodKey:
                var broken = BasicDeliverView.TryParse(arguments, out var deliver);
                return broken == DecodeError.None ? HandleDeliver(in deliver) : ConnectionInput.Undecodable(broken, key, arguments);

            case BasicGetOkView.MethodKey:
                broken = BasicGetOkView.TryParse(arguments, out var getOk);
                return broken == DecodeError.None ? HandleGetOk(in getOk) : ConnectionInput.Undecodable(broken, key, arguments);

            case BasicReturnView.MethodKey:
                broken = BasicReturnView.TryParse(arguments, out var returned);
                if (broken == DecodeError.None)
                {
                    HandleReturn(in returned);
                }

                return broken == DecodeError.None ? null : ConnectionInput.Undecodable(broken, key, arguments);
        }

        if (key >> 16 == ConnectionStartView.MethodKey >> 16)
        {
            return ProtocolError.CommandInvalid($"{Methods.NameOf(key)} on channel {Number}").At(key);
        }

        var router = new ClientMethodRouter(this);
        var error = ClientMethods.Dispatch(ref router, Number, payload);
        return error != DecodeError.None ? ConnectionInput.Undecodable(error, key, arguments) : router.Error;
    }

    internal ProtocolError? HandleContentHeader(ReadOnlySpan<byte> payload)
    {
        if (IsDeaf)
        {
            return null;
        }

        if (_content.TakeHeader(payload, out var header) is { } error)
        {
            return error;
        }

        if (header.BodyOctets > (ulong)Connection.Options.MaxBodyOctets)
        {
            _content.Reset();
            Fail(new CloseReason(
                ErrorScope.Channel,
                CloseInitiator.Local,
                Constants.ContentTooLarge,
                $"CONTENT_TOO_LARGE - a body of {header.BodyOctets} octets is over the limit of {Connection.Options.MaxBodyOctets}"));
            return null;
        }

        BeginContent(header.Properties, (int)header.BodyOctets);
        if (header.BodyOctets == 0)
        {
            EndContent();
        }

        return null;
    }

    internal ProtocolError? HandleBody(ReadOnlySpan<byte> octets)
    {
        if (IsDeaf)
        {
            return null;
        }

        if (_content.TakeBody(octets.Length, out bool isLast) is { } error)
        {
            return error;
        }

        _block?.AddBody(octets);
        if (isLast)
        {
            EndContent();
        }

        return null;
    }

    internal ProtocolError? HandleOpenOk()
    {
        PendingCall<AmqpChannel>? call;
        lock (Gate)
        {
            // In one go: the timer may end the channel meanwhile, and an ended one must not open.
            call = TakeCall(ChannelOpenOkView.MethodKey) as PendingCall<AmqpChannel>;
            if (call is null)
            {
                return OutOfTurn(ChannelOpenOkView.MethodKey);
            }

            _state = ChannelState.Open;
        }

        if (!call.Complete(this))
        {
            // Nobody waits for it any more.
            _ = CloseAsync();
        }

        return null;
    }

    internal void HandleFlow(bool isActive)
    {
        lock (Gate)
        {
            _isFlowing = isActive;
        }

        Answer(new ChannelFlowOk { Active = isActive });
    }

    internal void HandleClose(in ChannelCloseView method)
    {
        var reason = new CloseReason(
            ErrorScope.Channel,
            CloseInitiator.Peer,
            method.ReplyCode,
            ShortString.CopyOf(method.ReplyText).ToString(),
            ((uint)method.ClassId << 16) | method.MethodId);
        lock (Gate)
        {
            // Nothing of the channel may follow its close-ok.
            SetReason(reason);
            _state = ChannelState.Closing;
            if (Connection.IsOpen)
            {
                Output.Append(Number, default(ChannelCloseOk));
            }

            if (!_awaitsCloseOk)
            {
                Connection.Remove(this);
            }
        }

        Connection.Input.FlushTouched();

        // Where both close at once, the answer to ours is still to come, and the number stays taken until then.
        End(reason);
        Output.FlushSoon();
    }

    internal ProtocolError? HandleCloseOk()
    {
        if (!_awaitsCloseOk)
        {
            return OutOfTurn(ChannelCloseOkView.MethodKey);
        }

        Free();
        End(_reason!);
        return null;
    }

    /// <summary>Takes an answer that says nothing.</summary>
    internal ProtocolError? HandleDone(uint key) => HandleReply(key, true);

    /// <summary>Takes an answer.</summary>
    internal ProtocolError? HandleReply<TResult>(uint key, TResult result)
    {
        if (TakeCall(key) is not PendingCall<TResult> call)
        {
            return OutOfTurn(key);
        }

        call.Complete(result);
        return null;
    }

    /// <summary>The mistake of an answer that no call waits for. None where the timer has ended the channel since the answer came: then it is only late.</summary>
    private ProtocolError? OutOfTurn(uint key) => IsDeaf ? null : ClientMethodRouter.OutOfTurn(key);

    /// <summary>After the end on this side: the two methods that free the number.</summary>
    private void HandleLast(uint key)
    {
        if (key == ChannelCloseOkView.MethodKey)
        {
            Free();
        }
        else if (key == ChannelCloseView.MethodKey)
        {
            Answer(default(ChannelCloseOk));
        }
    }

    /// <summary>Sends what answers the server.</summary>
    private void Answer<TMethod>(in TMethod method)
        where TMethod : struct, IMethod
    {
        lock (Gate)
        {
            if (!Connection.IsOpen)
            {
                return;
            }

            Output.Append(Number, in method);
        }

        Output.FlushSoon();
    }

    private void Free()
    {
        lock (Gate)
        {
            _awaitsCloseOk = false;
            Connection.Remove(this);
        }
    }

    /// <summary>The call that a method answers, left where it is; null when it answers none.</summary>
    private PendingCall? PeekCall(uint key)
    {
        lock (Gate)
        {
            return _calls.TryPeek(out var call) && call.IsAnsweredBy(key) ? call : null;
        }
    }

    /// <summary>The call that a method answers; null when it answers none.</summary>
    private PendingCall? TakeCall(uint key)
    {
        lock (Gate)
        {
            if (!_calls.TryPeek(out var call) || !call.IsAnsweredBy(key))
            {
                return null;
            }

            _calls.Dequeue();
            if (_calls.TryPeek(out var next))
            {
                next.HeadSince = Connection.Clock.Now;
            }

            return call;
        }
    }
}
