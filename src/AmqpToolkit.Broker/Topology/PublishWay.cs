using AmqpToolkit.Broker.Queues;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// The way of the last message: exchange and key, and the queues that they lead to, for as long as the virtual host's routing version stands. Used by the
/// reader of the connection that publishes.
/// </summary>
internal class PublishWay
{
    /// <summary>The exchange of the remembered way.</summary>
    public byte[] Exchange { get; } = new byte[byte.MaxValue];

    public int ExchangeOctets { get; private set; }

    /// <summary>The routing key of the remembered way.</summary>
    public byte[] RoutingKey { get; } = new byte[byte.MaxValue];

    public int RoutingKeyOctets { get; private set; }

    /// <summary>The routing version that <see cref="Targets"/> holds for; -1 when it holds for none.</summary>
    public int RoutingVersion { get; set; } = -1;

    /// <summary>The exchange itself; null when there is none of that name.</summary>
    public Exchange? Target { get; set; }

    /// <summary>The queues that the way leads to.</summary>
    public MessageQueue[] Targets { get; private set; } = [];

    public int TargetCount { get; private set; }

    /// <summary>Whether the way hangs on each message's headers, so that it is asked for when they are there.</summary>
    public bool NeedsHeaders { get; set; }

    /// <summary>Whether messages are taken although no queue gets them: those that would get them want nothing of this connection's.</summary>
    public bool IsTaken { get; set; }

    /// <summary>Whether the remembered way is the one of this exchange and key.</summary>
    public bool IsSameWay(ReadOnlySpan<byte> exchange, ReadOnlySpan<byte> routingKey) =>
        routingKey.SequenceEqual(RoutingKey.AsSpan(0, RoutingKeyOctets)) && exchange.SequenceEqual(Exchange.AsSpan(0, ExchangeOctets));

    public void SetWay(ReadOnlySpan<byte> exchange, ReadOnlySpan<byte> routingKey)
    {
        exchange.CopyTo(Exchange);
        ExchangeOctets = exchange.Length;
        routingKey.CopyTo(RoutingKey);
        RoutingKeyOctets = routingKey.Length;
    }

    public void SetTargets(ReadOnlySpan<MessageQueue> targets)
    {
        if (Targets.Length < targets.Length)
        {
            Targets = new MessageQueue[Math.Max(targets.Length, Targets.Length * 2)];
        }

        targets.CopyTo(Targets);
        if (TargetCount > targets.Length)
        {
            // A queue that is gone must not be kept alive from here.
            Array.Clear(Targets, targets.Length, TargetCount - targets.Length);
        }

        TargetCount = targets.Length;
    }
}
