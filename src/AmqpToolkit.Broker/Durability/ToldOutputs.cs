using System.Collections.Concurrent;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Broker.Durability;

/// <summary>
/// Outputs that the journal's thread has put confirms into, gathered over all whom one commit served. To wake a thread for each would cost more than to send:
/// one or two are sent by the journal's thread itself, one small send each, more by as few threads of the pool as there are processors.
/// </summary>
internal sealed class ToldOutputs : IThreadPoolWorkItem
{
    /// <summary>Outputs that the journal's thread sends itself.</summary>
    private const int SentAtOnce = 2;

    /// <summary>Outputs from which on another thread of the pool is asked for help.</summary>
    private const int PerThread = 8;

    /// <summary>Each once, however many channels of its connection were told.</summary>
    private readonly HashSet<Output> _gathered = [];
    private readonly ConcurrentQueue<Output> _waiting = new();

    /// <summary>Has an output sent once all are told. On the journal's thread.</summary>
    public void Add(Output output) => _gathered.Add(output);

    /// <summary>All are told. On the journal's thread.</summary>
    public void Send()
    {
        if (_gathered.Count <= SentAtOnce)
        {
            foreach (var output in _gathered)
            {
                output.FlushBriefly();
            }
        }
        else
        {
            foreach (var output in _gathered)
            {
                _waiting.Enqueue(output);
            }

            int threads = Math.Min(Environment.ProcessorCount, 1 + (_gathered.Count / PerThread));
            for (int thread = 0; thread < threads; thread++)
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            }
        }

        _gathered.Clear();
    }

    /// <inheritdoc/>
    void IThreadPoolWorkItem.Execute()
    {
        while (_waiting.TryDequeue(out var output))
        {
            output.Flush();
        }
    }
}
