using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AmqpToolkit.Broker;

/// <summary>How a broker is to be. Read once, when it starts.</summary>
public sealed class AmqpBrokerOptions
{
    /// <summary>The port of AMQP.</summary>
    public const int DefaultPort = 5672;

    /// <summary>Where to listen; port 0 takes a free one. 127.0.0.1 and [::1] on port 5672 unless it says otherwise; empty for none.</summary>
    public IList<IPEndPoint> Endpoints { get; init; } = [new(IPAddress.Loopback, DefaultPort), new(IPAddress.IPv6Loopback, DefaultPort)];

    /// <summary>Which release of RabbitMQ the broker behaves like.</summary>
    public BrokerProfile Profile { get; init; } = BrokerProfile.V4_2;

    /// <summary>The product that clients are told: many look for RabbitMQ.</summary>
    public string Product { get; init; } = "RabbitMQ";

    /// <summary>The version that clients are told; null for the profile's.</summary>
    public string? Version { get; init; }

    /// <summary>The largest frame in octets, header and end octet counted: offered to clients as frame_max.</summary>
    public uint FrameMax { get; init; } = 131072;

    /// <summary>Channels that a connection may have, offered to clients as channel_max.</summary>
    public ushort ChannelMax { get; init; } = 2047;

    /// <summary>The interval of heartbeats in seconds, offered to clients, who decide; 0 for none.</summary>
    public ushort HeartbeatSeconds { get; init; } = 60;

    /// <summary>How long a client may take from its first octet to an open connection.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a client may leave a delivery unsettled before its channel is closed, unless the queue says otherwise (x-consumer-timeout); null for
    /// ever. Looked after once a minute, or four times within a shorter time.
    /// </summary>
    public TimeSpan? ConsumerTimeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>The largest body of a message, in octets.</summary>
    public long MaxMessageOctets { get; init; } = 16 * 1024 * 1024;

    /// <summary>The part of the machine's memory that messages may take before publishers are held back.</summary>
    public double MemoryWatermark { get; init; } = 0.4;

    /// <summary>The same in octets; null to reckon it from <see cref="MemoryWatermark"/>.</summary>
    public long? MemoryLimitOctets { get; init; }

    /// <summary>Octets that wait for one connection's socket before it gets no more deliveries.</summary>
    public int OutputBoundOctets { get; init; } = 1024 * 1024;

    /// <summary>The virtual hosts.</summary>
    public IList<string> VirtualHosts { get; init; } = ["/"];

    /// <summary>Who may log in: guest with the password guest, from this machine alone, unless it says otherwise.</summary>
    public IList<BrokerUser> Users { get; init; } = [new() { Name = "guest", Password = "guest", LoopbackOnly = true }];

    /// <summary>The clock of every timeout.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where the broker logs.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Refuses what cannot work.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range; the message names it and the range.</exception>
    internal void Validate()
    {
        Check(FrameMax is >= 4096 and <= 16 * 1024 * 1024, nameof(FrameMax), FrameMax, "4,096 to 16,777,216 octets");
        Check(MaxMessageOctets is >= 0 and <= 512 * 1024 * 1024, nameof(MaxMessageOctets), MaxMessageOctets, "0 to 536,870,912 octets");
        Check(MemoryWatermark is > 0 and <= 1, nameof(MemoryWatermark), MemoryWatermark, "above 0 and up to 1");
        Check(MemoryLimitOctets is null or > 0, nameof(MemoryLimitOctets), MemoryLimitOctets, "above 0 octets");
        Check(OutputBoundOctets >= 64 * 1024, nameof(OutputBoundOctets), OutputBoundOctets, "65,536 octets and more");
        Check(ConsumerTimeout is null || ConsumerTimeout > TimeSpan.Zero, nameof(ConsumerTimeout), ConsumerTimeout, "above 0 seconds");
        Check(HandshakeTimeout > TimeSpan.Zero, nameof(HandshakeTimeout), HandshakeTimeout, "above 0 seconds");

        static void Check(bool holds, string name, object? value, string range)
        {
            if (!holds)
            {
                throw new ArgumentOutOfRangeException(name, value, $"{name} must be {range}.");
            }
        }
    }

    /// <summary>The version that clients are told.</summary>
    internal string AnnouncedVersion => Version ?? ProfileRules.Of(Profile).Version;

    /// <summary>The smallest frame_max that a client may ask for.</summary>
    internal uint MinFrameMax => Math.Min(FrameMax, ProfileRules.Of(Profile).MinFrameMax);
}
