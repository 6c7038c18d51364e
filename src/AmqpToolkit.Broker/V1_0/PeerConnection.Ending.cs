using AmqpToolkit.Broker.Connections;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol;
using AmqpToolkit.Protocol.Classic;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Broker.V1_0;

/// <content>
/// How a connection ends, and who waits, in the words of 1.0 (section 2.4.3): close is answered by close. Who has to wait is not told of it.
/// </content>
internal sealed partial class PeerConnection
{
    /// <inheritdoc/>
    public void RequestClose(ProtocolError error) => _ending.RequestClose(error);

    /// <inheritdoc/>
    public void Abort() => _ending.Abort();

    /// <inheritdoc/>
    public Task WaitUntilSentAsync() => _ending.WaitUntilSentAsync();

    /// <inheritdoc/>
    public ValueTask WaitUntilReadyAsync() => Holding.WaitUntilReadyAsync();

    /// <inheritdoc/>
    public void HandleOutputDrained() => Holding.HandleOutputDrained();

    /// <inheritdoc/>
    public void End()
    {
        _ending.End();
        ReleaseAll();
        Turn.End();
        _admission?.Leave();
        Broker.Memory.Check();
    }

    /// <inheritdoc/>
    void IEndingConnection.AppendClose(ProtocolError error) => _engine.Close(error.ToFault());

    /// <inheritdoc/>
    bool IEndingConnection.TryAppendCloseThatWaits(ProtocolError error) => false;

    /// <inheritdoc/>
    Task? IHeldConnection.FindOwnHindrance() => null;

    /// <inheritdoc/>
    void IHeldConnection.HandleBlocked(string reason)
    {
        // The protocol has no word for it; a link's credit may run out meanwhile.
    }

    /// <inheritdoc/>
    void IHeldConnection.HandleUnblocked()
    {
        // As above.
    }

    /// <inheritdoc/>
    void IHeldConnection.HandleStalled(Consumer consumer) =>
        Log.ConsumerStalled(Broker.Logger, Name, consumer is OutgoingLink link ? link.Link.Name : string.Empty, consumer.Queue.NameText, consumer.Queue.VirtualHost.Name);

    /// <inheritdoc/>
    /// <remarks>Section 2.4.5.</remarks>
    long IEndingConnection.CheckPeer(long now)
    {
        // A peer that is not read because it does not read must at least take what is sent to it.
        long signs = Volatile.Read(ref _receiveCount) + (Holding.IsHeldByOutput ? Output.SendCount : 0);
        switch (_idle.Check(now, signs, Output.SendCount, isReading: !Holding.IsHeldByBroker))
        {
            case HeartbeatVerdict.PeerIsGone:
                Log.ConnectionFailed(Broker.Logger, Name, "the peer has been silent for too long");
                lock (Output.Gate)
                {
                    if (_ending.TryBeginClosing())
                    {
                        _engine.Close(new AmqpFault(AmqpError.Texts.ResourceLimitExceeded, "nothing was received for too long"));
                    }
                }

                Output.Flush();
                return _ending.CutAfterCheck(now, ConnectionEnding.DrainMilliseconds);

            case HeartbeatVerdict.SendHeartbeat:
                lock (Output.Gate)
                {
                    _engine.SendHeartbeat();
                }

                Output.Flush();
                break;
        }

        return now + _idle.CheckEveryMilliseconds;
    }

    /// <summary>Both have closed: everything is given back, and the stream ends once all is sent.</summary>
    private void HandleClosed()
    {
        ReleaseAll();
        Turn.End();
        _ending.BeginDrain(ConnectionEnding.DrainMilliseconds);
    }

    private void HandleConnectionFailed(AmqpFault fault)
    {
        if (_login.MayTell)
        {
            Log.ConnectionFailed(Broker.Logger, Name, $"{fault.Condition}: {fault.Description}");
        }

        ReleaseAll();
        if (_engine.IsEnded)
        {
            // Where frames begin is not known any more.
            _ending.BeginDrain(ConnectionEnding.DrainMilliseconds);
            return;
        }

        lock (Output.Gate)
        {
            _ending.TryBeginClosing();
        }

        _ending.CutIn(ConnectionEnding.CloseMilliseconds);
    }
}
