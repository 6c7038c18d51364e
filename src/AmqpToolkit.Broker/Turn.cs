using AmqpToolkit.Transport;

namespace AmqpToolkit.Broker;

/// <summary>
/// What one thread does in a row: a receive of a connection, the drain of an output, a timer. It remembers the outputs that it appended to and
/// flushes each once, at the end and outside every lock. Owned by one task, reused.
/// </summary>
internal sealed class Turn
{
    private readonly List<Output> _touched = [];

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
