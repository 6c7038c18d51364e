using AmqpToolkit.Broker.Durability;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Protocol;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Channels;

/// <content>Acknowledgements, and the transactions that hold them and publishes back.</content>
internal sealed partial class BrokerChannel
{
    private TransactionState? _transaction;

    /// <summary>Whether what the transaction has settled is about to be: from here on it is nobody else's. Under the output's gate.</summary>
    private bool _isCommitting;

    public bool IsTransactional => _transaction is not null;

    /// <summary>basic.ack, nack and reject: settles one delivery, or all up to it.</summary>
    public ProtocolError? HandleSettle(ulong deliveryTag, bool multiple, Outcome outcome)
    {
        if (_transaction is not null)
        {
            return HoldSettlement(deliveryTag, multiple, outcome);
        }

        var settled = connection.SettledListFor(outcome);
        List<ChannelConsumer> waiting;
        lock (connection.Output.Gate)
        {
            int before = settled.Count;
            if (!Take(deliveryTag, multiple, settled))
            {
                return UnknownTag(deliveryTag);
            }

            Discount(settled, before);
            waiting = TakeWaitingForCredit();
        }

        connection.SettleLater(settled, outcome, waiting);
        return null;
    }

    /// <summary>basic.recover with requeue: everything unsettled goes back to its place. What a transaction has settled is not.</summary>
    public void RequeueAll()
    {
        var returned = connection.SettledList;
        List<ChannelConsumer> waiting;
        lock (connection.Output.Gate)
        {
            if (_transaction is { Settlements.Count: > 0 })
            {
                TakeAllNotHeld(returned);
            }
            else
            {
                Deliveries.RemoveAll(returned);
            }

            Discount(returned, 0);
            waiting = TakeWaitingForCredit();
        }

        connection.Holding.MarkWriting();
        connection.Settle(returned, Outcome.Release);
        connection.Resume(waiting);
    }

    public void SelectTransaction() => _transaction ??= new TransactionState();

    /// <summary>tx.commit: the publishes, then the settlements. In the journal they are one, over all queues.</summary>
    /// <param name="written">When what was written to the journal counts as kept; null when nothing was.</param>
    /// <returns>An error when a queue did not take a publish; all else is done then.</returns>
    public ProtocolError? Commit(out CommitLevel? written)
    {
        _written = null;
        if (_transaction!.IsEmpty || VirtualHost.Store is not { } store)
        {
            written = null;
            return CommitAll();
        }

        connection.Holding.MarkWriting();
        uint group = store.BeginGroup();
        connection.Turn.Group = group;
        bool isWhole = false;
        try
        {
            var refused = CommitAll();
            isWhole = true;
            return refused;
        }
        finally
        {
            connection.Turn.EndGroup();
            if (isWhole)
            {
                store.EndGroup(group);
            }
            else
            {
                store.AbandonGroup(group);
            }

            written = _written;
        }
    }

    private ProtocolError? CommitAll()
    {
        lock (connection.Output.Gate)
        {
            if (IsReleased)
            {
                // The timer came first: it has given the deliveries back, and nothing of the transaction holds.
                return null;
            }

            _isCommitting = true;
        }

        try
        {
            return CommitHeld(_transaction!);
        }
        finally
        {
            lock (connection.Output.Gate)
            {
                _isCommitting = false;
            }
        }
    }

    private ProtocolError? CommitHeld(TransactionState transaction)
    {
        foreach (var message in transaction.TakePublishes())
        {
            PublishStored(message);
        }

        connection.FlushPublishes();
        foreach (var (tag, outcome) in transaction.Settlements)
        {
            var settled = connection.SettledListFor(outcome);
            List<ChannelConsumer> waiting;
            lock (connection.Output.Gate)
            {
                int before = settled.Count;
                Take(tag, multiple: false, settled);
                Discount(settled, before);
                NoteKept(settled, before);
                waiting = TakeWaitingForCredit();
            }

            // Gathered up to the next other outcome, so that what goes back goes in one step.
            connection.ResumeLater(waiting);
        }

        connection.FlushSettled();
        bool isRefused = transaction.IsRefused;
        Clear(transaction);
        return isRefused ? ProtocolError.PreconditionFailed("partial tx completion") : null;
    }

    /// <summary>tx.rollback: the publishes never were, and the deliveries are unsettled still.</summary>
    public void Rollback() => ReleaseTransaction();

    private static ProtocolError UnknownTag(ulong deliveryTag) => ProtocolError.PreconditionFailed($"unknown delivery tag {deliveryTag}");

    private bool Take(ulong deliveryTag, bool multiple, List<Unsettled> settled)
    {
        if (!multiple)
        {
            if (!Deliveries.TryRemove(deliveryTag, out var one))
            {
                return false;
            }

            settled.Add(one);
            return true;
        }

        if (deliveryTag == 0)
        {
            Deliveries.RemoveAll(settled);
            return true;
        }

        return Deliveries.Contains(deliveryTag) && Deliveries.TryRemoveUpTo(deliveryTag, settled);
    }

    /// <summary>Frees the shared prefetch of what was just taken. Under the output's gate.</summary>
    private void Discount(List<Unsettled> settled, int from)
    {
        for (int index = from; index < settled.Count; index++)
        {
            if (settled[index].Consumer is not null)
            {
                GlobalUnsettled--;
            }
        }
    }

    /// <summary>What a transaction settles is kept if the message was.</summary>
    private void NoteKept(List<Unsettled> settled, int from)
    {
        for (int index = from; index < settled.Count; index++)
        {
            if (!settled[index].Message.Stored.IsNone)
            {
                HandleWritten(settled[index].Queue.CommitLevel);
            }
        }
    }

    /// <summary>What is settled in a transaction is unknown from then on, unless it is rolled back.</summary>
    private ProtocolError? HoldSettlement(ulong deliveryTag, bool multiple, Outcome outcome)
    {
        var transaction = _transaction!;
        lock (connection.Output.Gate)
        {
            bool isAll = multiple && deliveryTag == 0;
            if (!isAll && (!Deliveries.Contains(deliveryTag) || transaction.Holds(deliveryTag)))
            {
                return UnknownTag(deliveryTag);
            }

            if (!multiple)
            {
                transaction.Settle(deliveryTag, outcome);
                return null;
            }

            var tags = new List<ulong>();
            Deliveries.CollectTags(isAll ? ulong.MaxValue : deliveryTag, tags);
            foreach (ulong tag in tags)
            {
                transaction.Settle(tag, outcome);
            }

            return null;
        }
    }

    /// <summary>Whether the transaction has settled a delivery. Under the output's gate.</summary>
    private bool IsHeld(ulong deliveryTag) => _transaction is { } transaction && transaction.Holds(deliveryTag);

    private void TakeAllNotHeld(List<Unsettled> taken)
    {
        var tags = new List<ulong>();
        Deliveries.CollectTags(ulong.MaxValue, tags);
        foreach (ulong tag in tags)
        {
            if (!IsHeld(tag) && Deliveries.TryRemove(tag, out var one))
            {
                taken.Add(one);
            }
        }
    }

    private void Clear(TransactionState transaction)
    {
        lock (connection.Output.Gate)
        {
            transaction.Clear();
        }
    }

    /// <summary>Publishes a message that a transaction held: it is routed now.</summary>
    private void PublishStored(MessageRef message)
    {
        var content = connection.Arena.Read(message);
        var state = Publish;
        connection.FlushPublishes();
        state.SetWay(content.Exchange, content.RoutingKey);
        state.RoutingVersion = -1;
        state.Target = VirtualHost.FindExchange(content.Exchange);
        bool isBlind = false;
        if (state.Target is null)
        {
            connection.Routes.Clear();
            state.SetTargets([]);
        }
        else
        {
            // What is wrong with it was found when it came.
            var headers = HeadersOf(content.Properties);
            bool hasCopies = headers.Span.IndexOf(CopiesHeader) >= 0;
            isBlind = hasCopies && headers.ContainsKey(BlindCopiesHeader);
            Route(state, content.Properties, isBlind ? HideBlindCopies(content.Properties) : content.Properties, hasCopies);
        }

        NoteWritten(connection.Routes.HandToKeepers(connection.Arena, message, connection.Turn, connection.Turn.Group));
        if (isBlind)
        {
            message = connection.Arena.ReplaceProperties(message, HideBlindCopies(content.Properties));
            content = connection.Arena.Read(message);
        }

        if ((content.Flags & MessageFlags.Mandatory) != 0 && IsUnroutable(state, isRoutedAlone: true))
        {
            SendReturn(in content);
        }

        AddStored(state, message);
    }

    private static Codec.TableView HeadersOf(ReadOnlySpan<byte> properties) =>
        Codec.V0_9_1.BasicPropertiesView.TryParse(properties, out var view) == Codec.DecodeError.None && view.HasHeaders ? view.Headers : default;

    private void ReleaseTransaction()
    {
        if (_transaction is null)
        {
            return;
        }

        foreach (var message in _transaction.Publishes)
        {
            connection.Arena.Release(message);
        }

        Clear(_transaction);
    }
}
