using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Durability;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Selectors;
using AmqpToolkit.Broker.Timers;
using AmqpToolkit.Storage.Streams;

namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// Gives one consumer the messages of a stream, as it has credit and room for them. Reads on a thread of the pool, a slice at a time, under no lock; hands over under
/// its own, which stands where a queue's does: before the consumer's output, and never beside another queue's.
/// </summary>
internal sealed class StreamFeed : BackgroundWork, IMessageSource
{
    /// <summary>Octets of messages that are handed over, or passed over, before others get their turn.</summary>
    private const int SliceOctets = 1024 * 1024;

    /// <summary>What a message counts beside its octets.</summary>
    private const int MessageOctets = 64;

    private readonly Lock _gate = new();
    private readonly StreamQueue _queue;
    private readonly Consumer _consumer;
    private readonly StreamCursor _cursor;
    private readonly StreamFilter? _filter;
    private readonly Selector[]? _selectors;
    private readonly Turn _turn = new();
    private long _passedOctets;
    private bool _isWanted;
    private int _isAtEnd;
    private bool _canTake = true;
    private bool _hasEnded;

    public StreamFeed(StreamQueue queue, Consumer consumer, StreamCursor cursor)
        : base(queue.VirtualHost.Timers)
    {
        (_queue, _consumer, _cursor) = (queue, consumer, cursor);
        _filter = consumer.StreamReading.Filter;
        _selectors = consumer.StreamReading.Selectors;
    }

    /// <summary>Who is fed.</summary>
    public Consumer Consumer => _consumer;

    /// <inheritdoc/>
    public bool HasMessage => _isWanted;

    /// <summary>More was committed. Any thread.</summary>
    public void HandleCommitted()
    {
        if (Interlocked.Exchange(ref _isAtEnd, 0) != 0)
        {
            Start();
        }
    }

    /// <summary>The consumer may be able to take something again, and has settled so many deliveries.</summary>
    public void Resume(int settled = 0)
    {
        lock (_gate)
        {
            _consumer.UnsettledCount -= settled;
            _canTake = true;
        }

        Start();
    }

    /// <summary>Ends: nothing is handed over any more when this returns.</summary>
    public void End()
    {
        lock (_gate)
        {
            _consumer.IsCancelled = true;
            _hasEnded = true;
        }

        // The cursor may be in use: who uses it lets it go.
        Start();
    }

    /// <inheritdoc/>
    /// <remarks>With its offset.</remarks>
    public MessageContent Peek(out DeliveryInfo info)
    {
        info = DeliveryInfo.New;
        StoredMessageFormat.TryRead(_cursor.Payload, out var content);
        return new MessageContent
        {
            Exchange = content.Exchange,
            RoutingKey = content.RoutingKey,
            Properties = (content.Flags & MessageFlags.Sections) == 0
                ? HeaderRewriter.OfThread.WithStreamOffset(content.Properties, _cursor.NextOffset)
                : SectionAnnotations.OfThread.WithStreamOffset(content.Properties, _cursor.NextOffset),
            Body = content.Body,
            Flags = content.Flags,
        };
    }

    /// <inheritdoc/>
    public void TakeAccepted()
    {
        _isWanted = false;
        Pass();
        FindWanted();
    }

    /// <inheritdoc/>
    public Unsettled TakeUnsettled()
    {
        var taken = new QueuedMessage(default, (ulong)_cursor.NextOffset, QueuedMessage.Never, 0, 0, Redelivered: false);
        TakeAccepted();
        return new Unsettled(_queue, _consumer, taken);
    }

    protected override void DoSlice()
    {
        long end = _queue.Log.EndOffset;
        try
        {
            Feed();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It is tried again when there is more to read, or the consumer asks.
            Log.StreamUnreadable(_queue.VirtualHost.Timers.Logger, error, _queue.NameText, _queue.VirtualHost.Name, _cursor.NextOffset);
            Interlocked.Exchange(ref _isAtEnd, 1);
            if (_queue.Log.EndOffset != end)
            {
                Start();
            }
        }
        finally
        {
            _turn.End();
        }
    }

    private void Feed()
    {
        _passedOctets = 0;
        while (_passedOctets < SliceOctets)
        {
            if (!MayGoOn())
            {
                return;
            }

            if (_isWanted)
            {
                HandOver();
            }
            else if (_cursor.HasMessage || _cursor.Fill())
            {
                FindWanted();
            }
            else if (!HasMoreAfterAll())
            {
                HandleEnd();
                return;
            }
        }

        Start();
    }

    /// <summary>The end of the log is reached: whoever commits is to start this again.</summary>
    private bool HasMoreAfterAll()
    {
        // Who commits looks at the mark after the end of the log has moved: one of both sees the other.
        Interlocked.Exchange(ref _isAtEnd, 1);
        if (_queue.Log.EndOffset <= _cursor.NextOffset)
        {
            return false;
        }

        Interlocked.Exchange(ref _isAtEnd, 0);
        return true;
    }

    /// <summary>All that there is was handed over.</summary>
    private void HandleEnd()
    {
        lock (_gate)
        {
            if (!_hasEnded)
            {
                _consumer.HandleDrained(_turn);
            }
        }
    }

    private bool MayGoOn()
    {
        lock (_gate)
        {
            if (_hasEnded)
            {
                _isWanted = false;
                _cursor.Dispose();
                return false;
            }

            return _canTake;
        }
    }

    private void HandOver()
    {
        lock (_gate)
        {
            if (!_hasEnded)
            {
                var run = new DeliveryRun(_queue, this);
                _canTake = _consumer.Take(ref run, _turn);
            }
        }
    }

    /// <summary>
    /// Passes over what the consumer does not want, and what a program has written that knew more, as far as the messages are at hand and the slice goes.
    /// </summary>
    private void FindWanted()
    {
        while (_cursor.HasMessage && _passedOctets < SliceOctets)
        {
            if (StoredMessageFormat.TryRead(_cursor.Payload, out var content) && (_filter is null || _filter.IsMatch(in content)) && (_selectors is null || IsPicked(in content)))
            {
                _isWanted = true;
                return;
            }

            Pass();
        }
    }

    private bool IsPicked(in MessageContent content)
    {
        foreach (var selector in _selectors!)
        {
            if (!selector.Matches(in content))
            {
                return false;
            }
        }

        return true;
    }

    private void Pass()
    {
        _passedOctets += MessageOctets + _cursor.Payload.Length;
        _cursor.MoveNext();
    }
}
