using System.Buffers;
using System.Buffers.Binary;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Broker.V1_0;

/// <summary>
/// A link on which the broker sends: a consumer within the link's credit, the session's window and the room of the connection's output. What it has of the
/// engine is used under the gate of that output.
/// </summary>
internal sealed class OutgoingLink(BrokerSession session, Link link, MessageQueue queue, bool isSettled, Outcome defaultOutcome, long priority) : Consumer(queue)
{
    /// <summary>The number of the delivery at hand: a tag must be unique among what is unsettled, and is looked at until its last transfer only.</summary>
    private readonly byte[] _tag = new byte[sizeof(ulong)];

    /// <summary>What is left of a message that the session's window has cut.</summary>
    private byte[] _rest = [];
    private int _restAt;
    private int _restEnd;

    /// <summary>Whether the receiver has heard that nothing is left, since it asked last. Under the gate.</summary>
    private bool _isDrainAnswered;

    public BrokerSession Session => session;

    public Link Link => link;

    /// <summary>The queue that was made for this link, and goes with it (section 3.5.9).</summary>
    public DynamicNode? Dynamic { get; init; }

    /// <summary>What it reads an exchange through.</summary>
    public Subscription? Subscription { get; init; }

    /// <summary>What the filters that are in force pick.</summary>
    public string Filters { get; init; } = string.Empty;

    /// <summary>Whether what comes over its own connection is not wanted.</summary>
    public bool IsNoLocal { get; init; }

    /// <summary>What it asked a stream for.</summary>
    public StreamReading Reading { get; init; }

    /// <summary>Whether it gets copies, of which the queue need not hear again (distribution-mode copy).</summary>
    public bool IsBrowsing { get; init; }

    public override StreamReading StreamReading => Reading;

    public override bool IsExclusive => false;

    /// <remarks>Looked at without the gate first: whoever gives credit asks the queue again afterwards.</remarks>
    public override bool MayWant
    {
        get
        {
            var connection = session.Connection;
            if (link.Credit == 0 || (link.CanSend && connection.Output.SeemsToHaveRoom))
            {
                return link.Credit > 0;
            }

            lock (connection.Output.Gate)
            {
                if (link.Credit == 0 || !link.IsAttached)
                {
                    return link.Credit > 0;
                }

                if (!connection.Output.HasRoom)
                {
                    // Its peer does not read: it is asked again when the output has drained.
                    connection.Holding.AddStalled(this);
                    return false;
                }

                if (!link.CanSend)
                {
                    // The window is shut: the session asks again when it opens.
                    session.AddWaiting(this);
                    return false;
                }

                return true;
            }
        }
    }

    public override long Priority => priority;

    /// <summary>What becomes of deliveries that the receiver does not settle, or settles without a word (section 3.5.3, default-outcome).</summary>
    public Outcome DefaultOutcome => defaultOutcome;

    /// <summary>Whether its session knows that it waits for the window. Under the gate.</summary>
    public bool IsWaiting { get; set; }

    public override bool Take(ref DeliveryRun run, Turn turn)
    {
        var connection = session.Connection;
        var output = connection.Output;
        var heads = DeliveryHead.OfThread;
        lock (output.Gate)
        {
            if (!link.IsAttached)
            {
                // Whoever detached takes the consumer off.
                return false;
            }

            turn.Touch(output);
            while (true)
            {
                if (!output.HasRoom)
                {
                    connection.Holding.AddStalled(this);
                    return false;
                }

                if (!link.CanSend)
                {
                    if (link.Credit > 0)
                    {
                        session.AddWaiting(this);
                    }
                    else if (link.IsDraining && !_isDrainAnswered && !link.IsSending)
                    {
                        // Messages that nobody had in memory may have used the last of it: nobody else answers then.
                        AnswerDrain();
                    }

                    return false;
                }

                if (!run.HasMessage)
                {
                    return true;
                }

                if (!TrySend(ref run, heads))
                {
                    return false;
                }
            }
        }
    }

    /// <summary>Credit, window or room are other than they were: takes what it can now. Outside every lock.</summary>
    public void Resume(Turn turn)
    {
        var output = session.Connection.Output;
        bool isDraining;
        lock (output.Gate)
        {
            ContinueRest();
            isDraining = link.IsDraining;
            _isDrainAnswered = false;
            turn.Touch(output);
        }

        if (!isDraining)
        {
            Queue.Resume(this, turn);
            return;
        }

        Queue.Drain(this, turn);
        lock (output.Gate)
        {
            if (!_isDrainAnswered && link.Credit == 0 && !link.IsSending)
            {
                AnswerDrain();
            }
        }
    }

    public override void HandleDrained(Turn turn)
    {
        var output = session.Connection.Output;
        lock (output.Gate)
        {
            AnswerDrain();
            turn.Touch(output);
        }
    }

    public override void HandleReadBack(Turn turn) => Resume(turn);

    public override void HandleRoom(Turn turn) => Resume(turn);

    public override void HandleQueueDeleted(Turn turn)
    {
        var output = session.Connection.Output;
        lock (output.Gate)
        {
            End(new AmqpFault(AmqpError.Texts.ResourceDeleted, $"queue '{Queue.NameText}' in vhost '{Queue.VirtualHost.Name}' is deleted"));
            turn.Touch(output);
        }
    }

    /// <summary>Whether another has attached to what it read.</summary>
    public bool IsStolen { get; private set; }

    /// <summary>Whether this end has closed it: what its peer says then is an answer, and no wish.</summary>
    public bool IsEndedHere { get; private set; }

    /// <summary>Closes it because of something that went wrong here. Under the gate.</summary>
    public void End(AmqpFault fault)
    {
        IsEndedHere = true;
        link.Detach(closed: true, fault);
    }

    /// <summary>Another has attached to what it read. What is not settled goes back at once: its peer may be gone without a word. Any thread; outside every lock.</summary>
    public void HandleStolen(Turn turn)
    {
        var output = session.Connection.Output;
        var returned = new List<Unsettled>();
        IsStolen = true;
        lock (output.Gate)
        {
            link.Detach(closed: false, new AmqpFault(LinkError.Texts.Stolen, $"link '{link.Name}' was attached again"));
            session.TakeUnsettled(this, returned);
            turn.Touch(output);
        }

        Settlement.Settle(returned, defaultOutcome, turn);
    }

    /// <summary>Nothing more is sent: gives back what is left of a message. Under the gate.</summary>
    public void Drop()
    {
        if (_rest.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_rest);
            _rest = [];
        }
    }

    private void AnswerDrain()
    {
        if (link.IsDraining && link.IsAttached)
        {
            _isDrainAnswered = true;
            link.AnswerDrain();
            session.Connection.FlushUnderGate();
        }
    }

    private bool TrySend(ref DeliveryRun run, DeliveryHead heads)
    {
        var content = run.PeekAsItCame(out var info);
        var head = heads.Write(in content, in info);
        if (link.PeerMaxMessageSize > 0 && (ulong)(head.Length + content.BodyOctets) > link.PeerMaxMessageSize)
        {
            End(new AmqpFault(LinkError.Texts.MessageSizeExceeded, $"the next message has {head.Length + content.BodyOctets} octets"));
            return false;
        }

        ulong number = session.Deliveries.NextTag;
        BinaryPrimitives.WriteUInt64BigEndian(_tag, number);
        var tag = _tag.AsMemory(number <= uint.MaxValue ? sizeof(uint) : 0);
        if (content.Large is { } large)
        {
            SendLarge(tag, head, large);
        }
        else
        {
            int written = link.Send(tag, isSettled, 0, 0, head, content.Body, out _);
            if (link.IsSending)
            {
                Keep(head, content.Body, written);
            }
        }

        if (isSettled)
        {
            session.Deliveries.Skip();
            run.TakeAccepted();
        }
        else
        {
            session.Deliveries.Add(run.TakeUnsettled(this));
        }

        return true;
    }

    private void SendLarge(ReadOnlyMemory<byte> tag, ReadOnlySpan<byte> head, LargeBody large)
    {
        int written = link.Send(tag, isSettled, 0, 0, head, default, out _, more: true);
        if (written < head.Length)
        {
            KeepLarge(head[written..], large, 0, 0);
            return;
        }

        for (int index = 0; index < large.Chunks.Count; index++)
        {
            var chunk = large.Chunks[index];
            written = link.Continue(chunk, default, more: index < large.Chunks.Count - 1);
            if (written < chunk.Count)
            {
                KeepLarge(default, large, index, written);
                return;
            }
        }
    }

    /// <summary>Goes on with a message that the window has cut. Under the gate.</summary>
    private void ContinueRest()
    {
        if (_rest.Length == 0 || !link.IsAttached)
        {
            return;
        }

        _restAt += link.Continue(_rest.AsSpan(_restAt, _restEnd - _restAt), default);
        if (!link.IsSending)
        {
            Drop();
        }
        else
        {
            session.AddWaiting(this);
        }
    }

    private void Keep(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body, int written)
    {
        BeginRest(head.Length + body.Length - written);
        if (written < head.Length)
        {
            KeepMore(head[written..]);
            KeepMore(body);
        }
        else
        {
            KeepMore(body[(written - head.Length)..]);
        }
    }

    private void KeepLarge(ReadOnlySpan<byte> head, LargeBody large, int chunk, int offset)
    {
        long octets = head.Length + large.Octets;
        for (int index = 0; index < chunk; index++)
        {
            octets -= large.Chunks[index].Count;
        }

        BeginRest((int)octets - offset);
        KeepMore(head);
        for (int index = chunk; index < large.Chunks.Count; index++)
        {
            KeepMore(large.Chunks[index].AsSpan(index == chunk ? offset : 0));
        }
    }

    private void BeginRest(int octets)
    {
        // A message without octets that found no window still needs its transfer.
        _rest = ArrayPool<byte>.Shared.Rent(Math.Max(octets, 1));
        _restAt = _restEnd = 0;
        session.AddWaiting(this);
    }

    private void KeepMore(ReadOnlySpan<byte> octets)
    {
        octets.CopyTo(_rest.AsSpan(_restEnd));
        _restEnd += octets.Length;
    }
}
