using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Broker;

/// <summary>
/// What one thread does in a row: a receive of a connection, the drain of an output, a timer. It remembers the outputs that it appended to and
/// flushes each once, at the end and outside every lock. Owned by one task, reused.
/// </summary>
internal sealed class Turn
{
    private readonly List<Output> _touched = [];
    private Queue<MessageQueue>? _queuesToMove;
    private bool _isMoving;

    /// <summary>The group of the journal that a transaction of this turn writes, with what dies of it; 0 outside of one.</summary>
    public uint Group { get; set; }

    /// <summary>Flushes <paramref name="output"/> at the end of the turn. Called under any lock.</summary>
    public void Touch(Output output)
    {
        // The mark is a hint: two turns that take it from each other list an output twice, which costs a look.
        if (output.TouchedBy != this)
        {
            output.TouchedBy = this;
            _touched.Add(output);
        }
    }

    /// <summary>
    /// Moves what died in a queue. Who is called within a move only notes the queue: however long a chain of queues is, they are done one
    /// after the other. Outside every lock.
    /// </summary>
    public void Move(MessageQueue queue)
    {
        (_queuesToMove ??= new Queue<MessageQueue>()).Enqueue(queue);
        if (_isMoving)
        {
            return;
        }

        _isMoving = true;
        try
        {
            while (_queuesToMove.TryDequeue(out var next))
            {
                next.MoveDeadLetters(this);
            }
        }
        finally
        {
            _isMoving = false;
        }
    }

    /// <summary>Flushes what was touched.</summary>
    public void End()
    {
        foreach (var output in _touched)
        {
            if (output.TouchedBy == this)
            {
                output.TouchedBy = null;
            }

            output.Flush();
        }

        _touched.Clear();
    }
}
