using AmqpToolkit.Broker.Channels;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;
using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Broker.Connections;

/// <content>
/// How a connection ends, in the words of 0-9-1: connection.close behind what was promised and not told yet, and its answer.
/// </content>
internal sealed partial class BrokerConnection
{
    /// <inheritdoc/>
    public void RequestClose(ProtocolError error) => _ending.RequestClose(error);

    /// <inheritdoc/>
    public void Abort() => _ending.Abort();

    /// <inheritdoc/>
    void IEndingConnection.AppendClose(ProtocolError error)
    {
        _held?.Drop();
        Words.AppendClose(this, error, []);
        IsClosed = true;
    }

    /// <inheritdoc/>
    bool IEndingConnection.TryAppendCloseThatWaits(ProtocolError error)
    {
        if (_held is not { IsHolding: true } held)
        {
            return false;
        }

        // The close that was to come stands behind what may never be kept.
        held.Drop();
        Words.AppendClose(this, error, []);
        return true;
    }

    /// <summary>The client closes: everything is given back before it hears so.</summary>
    internal void HandleConnectionClose()
    {
        SendConfirms();
        ReleaseChannels();
        AnswerClose();
    }

    private ProtocolError? HandleClosingConnection(uint key)
    {
        if (key == ConnectionCloseOkView.MethodKey)
        {
            BeginDrain(ConnectionEnding.DrainMilliseconds);
        }
        else if (key == ConnectionCloseView.MethodKey)
        {
            // Both sides close at once: each answers the other (0-9-1 connection.close).
            AnswerClose();
        }

        return null;
    }

    private void AnswerClose()
    {
        lock (Output.Gate)
        {
            // Nobody waits for what it promises any more.
            _held?.Drop();
        }

        Words.SendCloseOk(this);
        Turn.End();
        BeginDrain(ConnectionEnding.CloseMilliseconds);
    }

    private void BeginDrain(long milliseconds)
    {
        lock (Output.Gate)
        {
            IsClosed = true;
        }

        _ending.BeginDrain(milliseconds);
    }

    /// <summary>Another edition, or none: the peer is told the one that is spoken here.</summary>
    private void RefuseHeader()
    {
        lock (Output.Gate)
        {
            var answer = Output.Reserve(ServerHandshake.ProtocolHeaderOctets);
            ProtocolHeader.V0_9_1.CopyTo(answer);
            Output.Advance(ServerHandshake.ProtocolHeaderOctets);
        }

        Output.EndAfterFlush();
        _ending.Refuse();
    }

    /// <summary>A mistake of the peer that the connection does not survive.</summary>
    private void Close(ProtocolError error)
    {
        if (_ending.State == ConnectionState.Closing)
        {
            // One connection.close is enough; what else is wrong no longer matters.
            IgnoreInputIfOutOfStep();
            return;
        }

        if (_login.MayTell)
        {
            Log.ConnectionFailed(_broker.Logger, Name, error.Describe(Words.NameOf(error.MethodKey)));
        }

        if (ReferenceEquals(error, UnknownMethod))
        {
            _ending.Drop();
            return;
        }

        bool isStranger = _ending.State == ConnectionState.Handshake;
        if (isStranger && !_handshake!.AnswersErrors)
        {
            _ending.Refuse();
            return;
        }

        SendConfirms();
        List<BrokerChannel> confirmed = [.. _channels.Values.Where(channel => !channel.IsClosing)];
        ReleaseChannels();
        IgnoreInputIfOutOfStep();
        lock (Output.Gate)
        {
            if (_ending.TryBeginClosing())
            {
                Words.AppendClose(this, error, confirmed);
                IsClosed = true;
            }
        }

        Turn.Touch(Output);
        bool isRefusal = isStranger && error.ReplyCode == Constants.AccessRefused;
        _ending.CutIn(isRefusal || _ending.IgnoresInput ? ConnectionEnding.RefusalMilliseconds : ConnectionEnding.CloseMilliseconds);
    }

    private void IgnoreInputIfOutOfStep()
    {
        if (_frames.IsOutOfStep)
        {
            _ending.IgnoreInput();
        }
    }

    /// <summary>Behind the replies that wait for the journal, if any do, and the confirms of what was published before. Under the output's gate.</summary>
    /// <param name="close">connection.close of the edition that is spoken.</param>
    /// <param name="channels">Those whose confirms may be on their way.</param>
    internal void AppendClose<TClose>(in TClose close, List<BrokerChannel> channels)
        where TClose : struct, IMethod
    {
        channels.RemoveAll(channel => !channel.AwaitsConfirms);
        if (channels.Count > 0)
        {
            Held.AddClose(channels, 0, in close);
        }
        else if (_held is null || !_held.TryAdd(0, in close))
        {
            AppendUnderGate(0, in close);
        }
    }

    private void ReleaseChannels()
    {
        foreach (var channel in _channels.Values)
        {
            channel.Release();
        }

        _channels.Clear();
        _admission?.RemoveAllChannels();
        _lastChannel = null;
        if (_virtualHost is not null)
        {
            foreach (var queue in _virtualHost.DeleteExclusiveQueues(this))
            {
                queue.FinishClose(Turn);
            }
        }
    }

    /// <inheritdoc/>
    public void End()
    {
        _ending.End();
        ReleaseChannels();
        Turn.End();
        _admission?.Leave();
        _broker.Memory.Check();
    }
}
