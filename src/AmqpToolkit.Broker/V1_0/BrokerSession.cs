using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.Classic;
using AmqpToolkit.Protocol.V1_0;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.V1_0;

/// <summary>
/// A session's links, what its receivers have not settled, and what its senders wait to hear. The engine's session, deliveries and lists are used under the gate of the
/// connection's output, the rest by the connection's reader.
/// </summary>
internal sealed class BrokerSession(PeerConnection connection, Session engine) : IJournalWaiter
{
    private readonly List<OutgoingLink> _waiting = [];
    private readonly Queue<Pending> _pending = new();
    private Pending _gathering;
    private JournalTicket _ticket;
    private CommitLevel? _written;
    private ulong _token;
    private uint _round;

    public PeerConnection Connection => connection;

    public Session Engine => engine;

    /// <summary>Pairs of links to the management node by their names; null without one. By the reader.</summary>
    public Dictionary<string, ManagementPair>? Management { get; set; }

    /// <summary>Subscriptions that wait for the end of the session.</summary>
    public DetachedSubscriptions Detached { get; } = new();

    /// <summary>Links that are attached. By the reader.</summary>
    public List<object> Links { get; } = [];

    /// <summary>Deliveries that are not settled, by the engine's numbers. Under the gate.</summary>
    public DeliveryTagWindow<Unsettled> Deliveries { get; } = new(connection.Broker.Arena.ListOctetsCounter);

    /// <inheritdoc/>
    ref JournalTicket IJournalWaiter.Ticket => ref _ticket;

    /// <summary>Remembers a link that the session's window holds back. Under the gate.</summary>
    public void AddWaiting(OutgoingLink link)
    {
        if (!link.IsWaiting)
        {
            link.IsWaiting = true;
            _waiting.Add(link);
        }
    }

    /// <summary>The link is gone. Under the gate.</summary>
    public void RemoveWaiting(OutgoingLink link)
    {
        if (link.IsWaiting)
        {
            link.IsWaiting = false;
            _waiting.Remove(link);
        }
    }

    /// <summary>The links that the window held back, if it is open now.</summary>
    public void TakeWaiting(List<OutgoingLink> taken)
    {
        lock (connection.Output.Gate)
        {
            if (_waiting.Count == 0 || engine.RemoteIncomingWindow == 0)
            {
                return;
            }

            // Each time another goes first: one of them may use up the window, and stands before the others again.
            int first = (int)(_round++ % (uint)_waiting.Count);
            for (int index = 0; index < _waiting.Count; index++)
            {
                var link = _waiting[(first + index) % _waiting.Count];
                link.IsWaiting = false;
                taken.Add(link);
            }

            _waiting.Clear();
        }
    }

    /// <summary>Tells a sender what became of its delivery, and settles it unless the sender does so first (rcv-settle-mode second). Any lock but the gate may not be held.</summary>
    public void Dispose(ulong sequence, EncodedValue state, Link link)
    {
        lock (connection.Output.Gate)
        {
            engine.DisposeIncoming(sequence, state, settled: link.ReceiverSettleMode == ReceiverSettleMode.First);
        }
    }

    /// <summary>Messages of a batch were taken by all queues that they go to.</summary>
    /// <param name="sequences">Their numbers; 0 for one whose sender does not wait.</param>
    /// <param name="refused">Places of those that a queue did not take, rising.</param>
    /// <param name="written">When what was written to the journal counts as kept; null when nothing was.</param>
    /// <param name="link">The link.</param>
    public void HandlePublished(List<ulong> sequences, List<int> refused, CommitLevel? written, Link link)
    {
        bool settles = link.ReceiverSettleMode == ReceiverSettleMode.First;
        int nextRefused = 0;
        lock (connection.Output.Gate)
        {
            for (int index = 0; index < sequences.Count; index++)
            {
                while (nextRefused < refused.Count && refused[nextRefused] < index)
                {
                    nextRefused++;
                }

                ulong sequence = sequences[index];
                if (sequence == 0)
                {
                    continue;
                }

                if (nextRefused < refused.Count && refused[nextRefused] == index)
                {
                    engine.DisposeIncoming(
                        sequence, link.Owner is IncomingLink { MayReject: false } ? Outcomes.Released : Outcomes.Rejected(AmqpError.Texts.ResourceLimitExceeded, "a queue is full"), settles);
                }
                else if (written is null)
                {
                    engine.DisposeIncoming(sequence, Outcomes.Accepted, settles);
                }
                else
                {
                    Await(sequence, settles);
                }
            }
        }

        if (written is { } level)
        {
            _written = _written is { } known && known > level ? known : level;
            connection.CommitLater(this);
        }
    }

    /// <summary>Asks the journal for a sign, once a batch.</summary>
    public void Commit()
    {
        if (_written is not { } level)
        {
            return;
        }

        ulong token;
        lock (connection.Output.Gate)
        {
            EndGathering();
            token = _token++;
        }

        using var appender = connection.VirtualHost.Store!.Journal!.Append();
        appender.Commit(this, token, level);
        _written = null;
    }

    /// <inheritdoc/>
    void IJournalWaiter.HandleCommitted(ulong token)
    {
        TellPending(token, Outcomes.Accepted);
        connection.VirtualHost.Store!.Told.Add(connection.Output);
    }

    /// <inheritdoc/>
    void IJournalWaiter.HandleFailed(ulong token, Exception error)
    {
        TellPending(token, Outcomes.Rejected(AmqpError.Texts.InternalError, "the broker's store has failed: whether the message is kept is not known"));
        connection.Output.FlushBeside();
    }

    /// <summary>Takes out what a link has not settled, or the whole session. Under the gate.</summary>
    public void TakeUnsettled(OutgoingLink link, List<Unsettled> taken)
    {
        ulong at = 0;
        while (Deliveries.TryPeekFrom(at, out ulong sequence, out var delivery))
        {
            at = sequence + 1;
            if (ReferenceEquals(delivery.Consumer, link))
            {
                Deliveries.TryRemove(sequence, out _);
                engine.TryForgetOutgoing(sequence, out _);
                taken.Add(delivery);
            }
        }
    }

    private void Await(ulong sequence, bool settles)
    {
        if (_gathering.Count > 0 && _gathering.First + _gathering.Count == sequence && _gathering.Settles == settles)
        {
            _gathering.Count++;
            return;
        }

        EndGathering();
        _gathering = new Pending { First = sequence, Count = 1, Settles = settles, Token = _token };
    }

    private void EndGathering()
    {
        if (_gathering.Count > 0)
        {
            _pending.Enqueue(_gathering);
            _gathering = default;
        }
    }

    private void TellPending(ulong token, EncodedValue state)
    {
        lock (connection.Output.Gate)
        {
            while (_pending.TryPeek(out var pending) && pending.Token <= token)
            {
                _pending.Dequeue();
                for (ulong index = 0; index < pending.Count && !engine.IsEnded; index++)
                {
                    engine.DisposeIncoming(pending.First + index, state, pending.Settles);
                }
            }

            connection.FlushUnderGate();
        }
    }

    /// <summary>Deliveries in a row whose senders hear of them when the journal has kept what was written up to a token.</summary>
    private struct Pending
    {
        public ulong First;
        public ulong Count;
        public ulong Token;
        public bool Settles;
    }
}
