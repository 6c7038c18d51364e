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
    private List<(MessageQueue Queue, DeadLetter Letter)>? _dying;
    private bool _isMoving;
    private int _holds;

    /// <summary>The group of the journal that this turn writes, with what dies of it: a transaction, or delayed messages whose time has come; 0 outside of one.</summary>
    public uint Group { get; set; }

    /// <summary>Whether the thread may wait for the disk: it is no connection's.</summary>
    public bool MayRead { get; init; }

    /// <summary>Whether messages died of the transaction that were not moved yet.</summary>
    public bool HasDying => _dying is { Count: > 0 };

    /// <summary>A message died of the transaction: it is moved by this turn and no other, within the group. Under the queue's lock.</summary>
    public void AddDying(MessageQueue queue, in DeadLetter letter) => (_dying ??= []).Add((queue, letter));

    /// <summary>The transaction is over. After an exception what died of it and was not moved is gone from memory; the journal has it where it was.</summary>
    public void EndGroup()
    {
        Group = 0;
        if (_dying is not { Count: > 0 } dying)
        {
            return;
        }

        foreach (var (queue, letter) in dying)
        {
            queue.VirtualHost.Arena.Release(letter.Message);
        }

        dying.Clear();
    }

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
        MoveAll();
    }

    /// <summary>What dies from now on is not moved: a lock is held under which nothing is published.</summary>
    public void HoldMoves() => _holds++;

    /// <summary>The lock was left: moves what died meanwhile, if it was the last.</summary>
    public void ReleaseMoves()
    {
        _holds--;
        MoveAll();
    }

    /// <summary>Moves what died of the transaction. As <see cref="Move"/>.</summary>
    public void MoveDying() => MoveAll();

    private void MoveAll()
    {
        if (_isMoving || _holds > 0)
        {
            return;
        }

        _isMoving = true;
        try
        {
            while (true)
            {
                if (HasDying)
                {
                    MoveNextDying();
                }
                else if (_queuesToMove is not null && _queuesToMove.TryDequeue(out var next))
                {
                    next.MoveDeadLetters(this);
                }
                else
                {
                    return;
                }
            }
        }
        catch
        {
            // Whose turn would have come does not wait for ever for one who failed.
            while (_queuesToMove is not null && _queuesToMove.TryDequeue(out var left))
            {
                left.MoveLater();
            }

            throw;
        }
        finally
        {
            _isMoving = false;
        }
    }

    /// <summary>Moves those that died first, as far as they are of one queue.</summary>
    private void MoveNextDying()
    {
        var queue = _dying![0].Queue;
        var letters = new List<DeadLetter>();
        while (letters.Count < _dying.Count && _dying[letters.Count].Queue == queue)
        {
            letters.Add(_dying[letters.Count].Letter);
        }

        _dying.RemoveRange(0, letters.Count);
        queue.MoveDeadLetters(letters, this);
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
