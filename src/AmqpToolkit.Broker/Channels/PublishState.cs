using System.Buffers;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Channels;

/// <summary>
/// What a channel knows of the message that is being published: its way, remembered from the last one, and the parts that have arrived.
/// Made when a channel first publishes. Used by the connection's reader.
/// </summary>
internal sealed class PublishState(BrokerChannel channel)
{
    private byte[] _partial = [];

    /// <summary>The channel that publishes.</summary>
    public BrokerChannel Channel => channel;

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

    /// <summary>Why this message cannot be published: told when it is whole.</summary>
    public ProtocolError? Refusal { get; set; }

    public MessageFlags Flags { get; set; }

    public bool IsMandatory { get; set; }

    public ulong BodyOctets { get; set; }

    /// <summary>Where the properties lie in the receive buffer, while nothing is put aside.</summary>
    public int PropertiesStart { get; set; }

    public int PropertyOctets { get; set; }

    /// <summary>Whether parts of the message were put aside: it did not arrive in one piece.</summary>
    public bool IsPartial { get; private set; }

    /// <summary>Octets that the connection counts for this message while it is not whole.</summary>
    public long IncompleteOctets { get; set; }

    /// <summary>Octets of a small body that were put aside.</summary>
    public int PartialBodyOctets { get; private set; }

    /// <summary>A large body, as far as it has arrived.</summary>
    public LargeBody? Large { get; set; }

    public ReadOnlySpan<byte> PartialProperties => _partial.AsSpan(0, PropertyOctets);

    public ReadOnlySpan<byte> PartialBody => _partial.AsSpan(PropertyOctets, PartialBodyOctets);

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

    /// <summary>Copies the properties out of the receive buffer, which goes away.</summary>
    public void PutAside(ReadOnlySpan<byte> properties)
    {
        if (!IsPartial)
        {
            IsPartial = true;
            PartialBodyOctets = 0;
            Grow(properties.Length);
            properties.CopyTo(_partial);
        }
    }

    /// <summary>Copies a part of a small body. The place grows by what arrives.</summary>
    public void AppendBody(ReadOnlySpan<byte> octets)
    {
        int used = PropertyOctets + PartialBodyOctets;
        Grow(used + octets.Length);
        octets.CopyTo(_partial.AsSpan(used));
        PartialBodyOctets += octets.Length;
    }

    /// <summary>Forgets the parts of the message; a large body that nobody took over is given back.</summary>
    public void EndMessage()
    {
        Large?.Release();
        Large = null;
        IsPartial = false;
        PartialBodyOctets = 0;
        Refusal = null;
        if (_partial.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_partial);
            _partial = [];
        }
    }

    private void Grow(int octets)
    {
        if (_partial.Length >= octets && _partial.Length > 0)
        {
            return;
        }

        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(256, Math.Max(octets, _partial.Length * 2)));
        _partial.AsSpan().CopyTo(larger);
        if (_partial.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_partial);
        }

        _partial = larger;
    }
}
