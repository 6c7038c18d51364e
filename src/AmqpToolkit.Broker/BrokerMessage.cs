using System.Text;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker;

/// <summary>A message that waits in a queue, copied by whoever looks at it: nothing of it changes any more. One of AMQP 1.0 is shown as a client of 0-9-1 would get it.</summary>
public sealed record BrokerMessage
{
    /// <summary>The exchange that it was published to.</summary>
    public string Exchange { get; init; } = string.Empty;

    /// <summary>The routing key that it was published with, or died with.</summary>
    public string RoutingKey { get; init; } = string.Empty;

    /// <summary>The properties (0-9-1 class basic).</summary>
    public BasicProperties Properties { get; init; }

    /// <summary>The body; empty where <see cref="IsOnDisk"/>.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The body as UTF-8; what is none becomes U+FFFD.</summary>
    public string Text => Encoding.UTF8.GetString(Body.Span);

    /// <summary>Octets of the body.</summary>
    public long BodyOctets { get; init; }

    /// <summary>Whether the message is on the disk alone for now, so that only its length is known.</summary>
    public bool IsOnDisk { get; init; }

    /// <summary>Whether it was handed out before.</summary>
    public bool Redelivered { get; init; }

    /// <summary>Deliveries that failed, as far as the queue tells them apart.</summary>
    public int DeliveryCount { get; init; }

    /// <summary>How long it may wait still; null for ever.</summary>
    public TimeSpan? TimeLeft { get; init; }

    /// <summary>The routing key and the beginning of the body.</summary>
    public override string ToString() => $"{Exchange}/{RoutingKey}: {(IsOnDisk ? $"{BodyOctets} octets on the disk" : Text.Length > 64 ? $"{Text[..64]}..." : Text)}";
}
