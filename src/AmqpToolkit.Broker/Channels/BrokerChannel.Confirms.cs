using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Channels;

/// <content>
/// What publishers hear of their messages: basic.ack, and basic.nack for those that a queue did not take (RabbitMQ's class confirm). What only memory has
/// is confirmed at once. A channel whose messages go to the journal waits for it, also with later ones that do not, so that its tags stay in order.
/// </content>
internal sealed partial class BrokerChannel : IJournalWaiter
{
    /// <summary>Tags of messages that were refused and not told of yet, rising. Under the output's gate.</summary>
    private List<ulong>? _refusedTags;

    private JournalTicket _confirmTicket;
    private CommitLevel? _written;
    private ulong _awaitedTag;

    /// <summary>Whether confirms wait for the journal. Under the output's gate.</summary>
    public bool AwaitsConfirms => _awaitedTag > ConfirmedTag;

    /// <summary>When they count as kept.</summary>
    public CommitLevel AwaitedLevel { get; private set; }

    /// <summary>Whether confirms are told although the channel is closing: its close waits for them. Under the output's gate.</summary>
    public bool ConfirmsUntilEnd { get; set; }

    /// <summary>Whether the client may still be told of its publishes. Under the output's gate.</summary>
    private bool MayConfirm => ConfirmsUntilEnd || !(IsReleased || IsClosing || connection.IsClosed);

    /// <inheritdoc/>
    ref JournalTicket IJournalWaiter.Ticket => ref _confirmTicket;

    /// <summary>Messages of the channel were written to the journal since the last confirm.</summary>
    public void HandleWritten(CommitLevel level) => _written = _written is { } known && known > level ? known : level;

    /// <summary>Tells of everything published so far: at once what is safe, the rest when the journal has it.</summary>
    public void SendConfirm()
    {
        if (PublishedTag == ConfirmedTag || IsClosing)
        {
            return;
        }

        if (_written is not null || _awaitedTag > ConfirmedTag)
        {
            AwaitCommit();
            return;
        }

        lock (connection.Output.Gate)
        {
            if (!MayConfirm)
            {
                // The timer has closed the channel meanwhile.
                return;
            }

            AppendConfirms(PublishedTag);
        }

        connection.Turn.Touch(connection.Output);
    }

    /// <summary>Queues did not take messages of the batch at hand, which ends with the last that was published.</summary>
    /// <param name="refused">Places in the batch; any order, repeats allowed.</param>
    /// <param name="count">Messages in the batch.</param>
    public void HandleRefused(List<int> refused, int count)
    {
        if (_transaction is not null)
        {
            _transaction.IsRefused = true;
            return;
        }

        if (!IsConfirming)
        {
            return;
        }

        refused.Sort();
        lock (connection.Output.Gate)
        {
            var tags = _refusedTags ??= [];
            foreach (int index in refused)
            {
                ulong tag = PublishedTag - (ulong)(count - 1 - index);
                if (tag > ConfirmedTag && (tags.Count == 0 || tags[^1] < tag))
                {
                    tags.Add(tag);
                }
            }
        }
    }

    /// <inheritdoc/>
    void IJournalWaiter.HandleCommitted(ulong token)
    {
        lock (connection.Output.Gate)
        {
            if (!MayConfirm)
            {
                return;
            }

            AppendConfirms(token);
        }

        connection.VirtualHost.Store!.Told.Add(connection.Output);
    }

    /// <inheritdoc/>
    void IJournalWaiter.HandleFailed(ulong token, Exception error)
    {
        lock (connection.Output.Gate)
        {
            if (!MayConfirm || token <= ConfirmedTag)
            {
                return;
            }

            // Nobody knows what the disk has: whoever published may publish again.
            connection.AppendUnderGate(number, new BasicNack { DeliveryTag = token, Multiple = token - ConfirmedTag > 1 });
            ConfirmedTag = token;
            _refusedTags?.RemoveAll(tag => tag <= token);
        }

        connection.Output.FlushBeside();
    }

    /// <summary>The close that waited goes out now. Under the output's gate.</summary>
    /// <param name="isKept">Whether all that was published is kept; else the client hears no more of it.</param>
    public void EndConfirms(bool isKept)
    {
        if (isKept && ConfirmsUntilEnd)
        {
            AppendConfirms(_awaitedTag);
        }

        ConfirmsUntilEnd = false;
    }

    /// <summary>Exchanges have kept a message of the channel, if they say so.</summary>
    private void NoteWritten(CommitLevel? level)
    {
        if (level is { } known)
        {
            HandleWritten(known);
        }
    }

    private void AwaitCommit()
    {
        var level = _written ?? CommitLevel.Os;
        AwaitedLevel = level > AwaitedLevel ? level : AwaitedLevel;
        _awaitedTag = PublishedTag;
        using var appender = VirtualHost.Store!.Journal!.Append();
        appender.Commit(this, PublishedTag, level);
        _written = null;
    }

    /// <summary>Each run of refused messages gets one nack, and each run of others one ack. Under the output's gate.</summary>
    private void AppendConfirms(ulong upTo)
    {
        if (_refusedTags is { Count: > 0 } refused)
        {
            int index = 0;
            while (index < refused.Count && refused[index] <= upTo)
            {
                AppendAck(refused[index] - 1);
                int last = index;
                while (last + 1 < refused.Count && refused[last + 1] == refused[last] + 1 && refused[last + 1] <= upTo)
                {
                    last++;
                }

                connection.AppendUnderGate(number, new BasicNack { DeliveryTag = refused[last], Multiple = last > index });
                ConfirmedTag = refused[last];
                index = last + 1;
            }

            refused.RemoveRange(0, index);
        }

        AppendAck(upTo);
    }

    private void AppendAck(ulong tag)
    {
        if (tag > ConfirmedTag)
        {
            connection.AppendUnderGate(number, new BasicAck { DeliveryTag = tag, Multiple = tag - ConfirmedTag > 1 });
            ConfirmedTag = tag;
        }
    }
}
