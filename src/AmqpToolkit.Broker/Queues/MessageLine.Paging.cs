using System.Runtime.InteropServices;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Paging;

namespace AmqpToolkit.Broker.Queues;

/// <content>Messages of the line that are on the disk alone.</content>
internal sealed partial class MessageLine
{
    /// <summary>Messages that were given back and are read in one go: each is taken out of its order and put back.</summary>
    private const int ReturnedAtOnce = 256;

    private int _returnedPagedOut;

    /// <summary>Messages that are on the disk alone.</summary>
    public int PagedOutCount => _ready.PagedOutCount + _returnedPagedOut;

    /// <summary>The oldest message, wherever it lies; there is one.</summary>
    public MessageRef Head => _returned is { Count: > 0 } returned && IsReturnedNext(returned) ? returned.Peek().Message : _ready.Peek();

    /// <summary>Whether the next messages should be read.</summary>
    public bool WantsRead => _returned is { Count: > 0 } returned && IsReturnedNext(returned) ? returned.Peek().Message.IsPagedOut : _ready.WantsRead;

    /// <summary>Pages messages out that were never handed out, all but the oldest.</summary>
    public int PageOut(int kept, int budget, MessagePaging paging) => _ready.PageOut(kept, budget, paging);

    /// <summary>Gathers the next messages that are to be read.</summary>
    public void Collect(PagedRun run)
    {
        run.IsReturned = _returned is { Count: > 0 } returned && IsReturnedNext(returned);
        if (!run.IsReturned)
        {
            _ready.Collect(run);
            return;
        }

        var looked = new List<QueuedMessage>();
        while (looked.Count < ReturnedAtOnce && !run.IsFull && _returned!.TryTake(out var message))
        {
            looked.Add(message);
            if (message.Message.IsPagedOut)
            {
                run.Add(message.Message, message.Stored, message.Position);
            }
        }

        PutBack(looked);
    }

    /// <summary>Puts messages that were read in their place; those that are not here any more stay in the run.</summary>
    public void Fill(PagedRun run)
    {
        if (!run.IsReturned)
        {
            _ready.Fill(run);
            return;
        }

        var looked = new List<QueuedMessage>();
        var read = run.Messages;
        for (int next = 0; next < read.Length && _returned is not null && _returned.TryTake(out var message);)
        {
            while (next < read.Length && run[next].Position < message.Position)
            {
                next++;
            }

            if (next < read.Length && run[next].Position == message.Position && message.Message == run[next].Message)
            {
                message = message with { Message = read[next] };
                read[next] = default;
                _returnedPagedOut--;
            }

            looked.Add(message);
        }

        PutBack(looked);
    }

    private void PutBack(List<QueuedMessage> looked)
    {
        foreach (ref readonly var message in CollectionsMarshal.AsSpan(looked))
        {
            _returned!.Add(in message);
        }
    }

    private void CountReturned(in QueuedMessage message, int count)
    {
        if (message.Message.IsPagedOut)
        {
            _returnedPagedOut += count;
        }
    }
}
