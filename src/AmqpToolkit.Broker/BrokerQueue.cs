using System.Text;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker;

/// <summary>
/// A queue by its name, to look at: each question is answered for the moment at which it is asked, also before the queue is declared and after it is deleted, when it is empty. Any thread.
/// </summary>
public sealed class BrokerQueue
{
    /// <summary>Messages that are shown at most.</summary>
    public const int MaxMessages = 10_000;

    /// <summary>How long is waited where nobody says how long.</summary>
    public static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(30);

    /// <summary>How long nobody looks: at first next to nothing, then rarely enough to cost nothing.</summary>
    private const int MaxPauseMilliseconds = 16;

    private readonly VirtualHost _virtualHost;
    private readonly byte[] _name;

    internal BrokerQueue(VirtualHost virtualHost, string name)
    {
        _virtualHost = virtualHost;
        _name = Encoding.UTF8.GetBytes(name);
        Name = name;
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>Whether there is such a queue.</summary>
    public bool Exists => Found is not null;

    /// <summary>Messages, ready and unacknowledged.</summary>
    public long MessageCount => Found is { } queue ? (long)queue.ReadyCount + queue.UnsettledCount : 0;

    /// <summary>Messages that wait to be delivered; of a stream all that it has.</summary>
    public long ReadyCount => Found?.ReadyCount ?? 0;

    /// <summary>Messages that were delivered and are neither acknowledged nor given back; of a stream none.</summary>
    public long UnackedCount => Found?.UnsettledCount ?? 0;

    /// <summary>Consumers.</summary>
    public int ConsumerCount => (int)(Found?.ConsumerCount ?? 0);

    /// <summary>
    /// Copies of the messages that wait, in the order in which they would be delivered, <see cref="MaxMessages"/> at most. They stay where they are, and are not counted as delivered. A stream shows none: read it.
    /// </summary>
    public IReadOnlyList<BrokerMessage> Messages => Found?.LookAtReady(MaxMessages) ?? [];

    private MessageQueue? Found => _virtualHost.FindQueue(_name);

    /// <summary>Looks until a condition holds.</summary>
    /// <param name="condition">What is asked of this queue, again and again.</param>
    /// <param name="patience">How long, by the clock on the wall whatever clock the broker has; null for <see cref="DefaultPatience"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="TimeoutException">It did not hold in time; the text says what there was instead.</exception>
    public async Task WaitUntilAsync(Func<BrokerQueue, bool> condition, TimeSpan? patience = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(condition);
        var time = TimeProvider.System;
        long start = time.GetTimestamp();
        var limit = patience ?? DefaultPatience;
        for (int pause = 1; !condition(this); pause = Math.Min(pause * 2, MaxPauseMilliseconds))
        {
            if (time.GetElapsedTime(start) >= limit)
            {
                throw new TimeoutException($"It did not come true within {limit.TotalSeconds:0.###} s: {this}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(pause), time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What there is, in words.</summary>
    public override string ToString() =>
        Found is null ? $"there is no queue '{Name}'" : $"queue '{Name}' has {ReadyCount} messages ready, {UnackedCount} unacknowledged and {ConsumerCount} consumers";
}
