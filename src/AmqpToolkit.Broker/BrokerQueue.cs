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

    /// <summary>Octets of bodies after which no further message is shown: they are copied while the queue waits.</summary>
    public const long MaxBodyOctets = 64 * 1024 * 1024;

    /// <summary>How long is waited where nobody says how long.</summary>
    public static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(60);

    /// <summary>How long nobody looks: at first next to nothing, then rarely enough to cost nothing.</summary>
    private const int MaxPauseMilliseconds = 16;

    private readonly VirtualHost _virtualHost;
    private readonly byte[] _name;

    /// <summary>What there was at one moment, for a condition that asks more than one thing; null to look anew each time.</summary>
    private readonly Counts? _moment;

    internal BrokerQueue(VirtualHost virtualHost, string name)
        : this(virtualHost, name, moment: null)
    {
    }

    private BrokerQueue(VirtualHost virtualHost, string name, Counts? moment)
    {
        _moment = moment;
        _virtualHost = virtualHost;
        _name = Encoding.UTF8.GetBytes(name);
        Name = name;
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>Whether there is such a queue.</summary>
    public bool Exists => Look().Exists;

    /// <summary>Messages, ready and unacknowledged.</summary>
    public long MessageCount => Look().Messages;

    /// <summary>Messages that wait to be delivered; of a stream all that it has.</summary>
    public long ReadyCount => Look().Ready;

    /// <summary>Messages that were delivered and are neither acknowledged nor given back; of a stream none.</summary>
    public long UnackedCount => Look().Unacked;

    /// <summary>Consumers.</summary>
    public int ConsumerCount => Look().Consumers;

    /// <summary>
    /// Copies of the messages that wait, in the order in which they would be delivered, <see cref="MaxMessages"/> at most, and no more once their bodies have <see cref="MaxBodyOctets"/>. They stay where they are, and are not counted as delivered. A stream shows none: read it.
    /// </summary>
    public IReadOnlyList<BrokerMessage> Messages => Found?.LookAtReady(MaxMessages, MaxBodyOctets) ?? [];

    private MessageQueue? Found => _virtualHost.FindQueue(_name);

    /// <summary>Looks until a condition holds.</summary>
    /// <param name="condition">What is asked again and again, each time of the queue at one moment: its counts belong together, however many are asked for.</param>
    /// <param name="patience">How long, by the clock on the wall whatever clock the broker has; null for <see cref="DefaultPatience"/>, infinite for as long as it takes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="TimeoutException">It did not hold in time; the text says what there was instead.</exception>
    public async Task WaitUntilAsync(Func<BrokerQueue, bool> condition, TimeSpan? patience = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(condition);
        var time = TimeProvider.System;
        long start = time.GetTimestamp();
        var limit = patience ?? DefaultPatience;
        if (limit != Timeout.InfiniteTimeSpan)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(limit, TimeSpan.Zero, nameof(patience));
        }

        cancellationToken.ThrowIfCancellationRequested();
        for (int pause = 1; !condition(new BrokerQueue(_virtualHost, Name, Look())); pause = Math.Min(pause * 2, MaxPauseMilliseconds))
        {
            if (limit != Timeout.InfiniteTimeSpan && time.GetElapsedTime(start) >= limit)
            {
                throw new TimeoutException($"It did not come true within {limit.TotalSeconds:0.###} s: {this}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(pause), time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What there is, in words.</summary>
    public override string ToString() =>
        Look() is { Exists: true } counts ? $"queue '{Name}' has {counts.Ready} messages ready, {counts.Unacked} unacknowledged and {counts.Consumers} consumers" : $"there is no queue '{Name}'";

    private Counts Look()
    {
        if (_moment is { } moment)
        {
            return moment;
        }

        if (Found is not { } queue)
        {
            return default;
        }

        (uint ready, uint unsettled, uint consumers) = queue.Look();
        return new Counts(Exists: true, ready, unsettled, (int)consumers);
    }

    private readonly record struct Counts(bool Exists, long Ready, long Unacked, int Consumers)
    {
        public long Messages => Ready + Unacked;
    }
}
