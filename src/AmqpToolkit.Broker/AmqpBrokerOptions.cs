using System.Net;
using System.Net.Sockets;
using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;
using AmqpToolkit.Transport;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AmqpToolkit.Broker;

/// <summary>How a broker is to be. Read once, when it starts.</summary>
public sealed class AmqpBrokerOptions
{
    /// <summary>The port of AMQP.</summary>
    public const int DefaultPort = 5672;

    private static readonly Lazy<bool> HasIPv6Loopback = new(CanBindIPv6Loopback);

    /// <summary>
    /// Where to listen; port 0 takes a free one. 127.0.0.1 and, where the machine has it, [::1] on port 5672 unless it says otherwise; empty for none.
    /// </summary>
    public IList<IPEndPoint> Endpoints { get; init; } = [.. LoopbackAddresses.Select(address => new IPEndPoint(address, DefaultPort))];

    /// <summary>More places to listen, whose clients find another release of RabbitMQ, or another name.</summary>
    public IList<AmqpListener> Listeners { get; init; } = [];

    /// <summary>Listening with TLS: where, and with which certificates; null for none.</summary>
    public AmqpTlsOptions? Tls { get; init; }

    /// <summary>
    /// Whether passwords in clear (PLAIN, AMQPLAIN) are taken within TLS alone; elsewhere SCRAM is offered then, also where not every user can use it. Connections within this process count as protected.
    /// </summary>
    public bool PasswordsNeedTls { get; init; }

    /// <summary>The loopback addresses that this machine has: 127.0.0.1 and, mostly, ::1.</summary>
    public static IReadOnlyList<IPAddress> LoopbackAddresses => HasIPv6Loopback.Value ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : [IPAddress.Loopback];

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

    /// <summary>
    /// The interval of heartbeats in seconds, offered to clients, who decide; 0 for none. 60 unless it is set, and none in memory (<see cref="AmqpBroker.ConnectInMemory"/>), where nobody is lost unnoticed.
    /// </summary>
    public ushort HeartbeatSeconds
    {
        get => OwnHeartbeatSeconds ?? 60;
        init => OwnHeartbeatSeconds = value;
    }

    /// <summary>How long a client may take from the moment it is accepted until its connection is open, however slowly or much it sends.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The SASL mechanisms that are offered, in this order: PLAIN, AMQPLAIN (not with AMQP 1.0), SCRAM-SHA-256, SCRAM-SHA-512, EXTERNAL (to those who have shown a certificate: <see cref="AmqpTlsOptions.ClientCertificates"/>). Null for all of them, SCRAM as long as each user that has a password
    /// can use it: one that was imported with a hash alone cannot, and many clients take the strongest mechanism that they find. ANONYMOUS is <see cref="AnonymousUser"/>'s matter.
    /// </summary>
    public IReadOnlyList<string>? SaslMechanisms { get; init; }

    /// <summary>
    /// Logins that may fail from one address (of IPv6: from a network of 64 bits) for one user within a minute, and 20 times as many for all users; more are refused before a password is hashed. Null for any number.
    /// </summary>
    public int? LoginFailuresPerMinute { get; init; } = 300;

    /// <summary>
    /// How long a client may leave a delivery unsettled before its channel is closed, unless the queue says otherwise (x-consumer-timeout); null for
    /// ever. Looked after once a minute, or four times within a shorter time.
    /// </summary>
    public TimeSpan? ConsumerTimeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>The largest body of a message, in octets; the release's own (<see cref="Profile"/>: 128 MiB in 3.13, 16 MiB since 4.0) unless it is set, or set to 0.</summary>
    public long MaxMessageOctets
    {
        get => OwnMaxMessageOctets ?? ProfileRules.Of(Profile).MaxMessageOctets;
        init => OwnMaxMessageOctets = value == 0 ? null : value;
    }

    /// <summary>The part of the machine's memory that messages may take before publishers are held back.</summary>
    public double MemoryWatermark { get; init; } = 0.4;

    /// <summary>The same in octets; null to reckon it from <see cref="MemoryWatermark"/>.</summary>
    public long? MemoryLimitOctets { get; init; }

    /// <summary>
    /// The part of what messages may take (see <see cref="MemoryWatermark"/>) from which on messages that wait are left to the disk alone and read back when their turn comes
    /// near; 1 for never. Without <see cref="DataDirectory"/> everything stays in memory.
    /// </summary>
    public double PagingWatermark { get; init; } = 0.5;

    /// <summary>Octets that wait for one connection's socket before it gets no more deliveries.</summary>
    public int OutputBoundOctets { get; init; } = 1024 * 1024;

    /// <summary>
    /// The folder in which the broker keeps its users, virtual hosts, durable queues and exchanges, and persistent messages; made if it is not there, and taken for this
    /// broker alone. Null to keep everything in memory.
    /// </summary>
    public string? DataDirectory { get; init; }

    /// <summary>
    /// Octets that the volume of <see cref="DataDirectory"/> should have left: with fewer publishers are held back until there are more, and consumers go on. 0 to
    /// publish until it is full.
    /// </summary>
    public long DiskFreeLimitOctets { get; init; } = 50_000_000;

    /// <summary>What it means that something is kept, where a virtual host or a queue does not say otherwise. Without <see cref="DataDirectory"/> it means nothing.</summary>
    public DurabilityLevel Durability { get; init; } = DurabilityLevel.Fsync;

    /// <summary>Open connections that the broker takes at most; null for any number.</summary>
    public int? ConnectionMax { get; init; }

    /// <summary>Channels that the broker takes at most, over all connections; null for any number.</summary>
    public int? ChannelMaxPerNode { get; init; }

    /// <summary>Consumers that one channel may have at a time; null for any number.</summary>
    public int? ConsumerMaxPerChannel { get; init; }

    /// <summary>Queues that all virtual hosts together may have; null for any number.</summary>
    public int? QueueMax { get; init; }

    /// <summary>Exchanges that all virtual hosts together may have, the seven of each from the start among them; null for any number.</summary>
    public int? ExchangeMax { get; init; }

    /// <summary>The virtual hosts that are there from the start.</summary>
    public IList<string> VirtualHosts { get; init; } = ["/"];

    /// <summary>Who may log in from the start: guest with the password guest, an administrator, from this machine alone, unless it says otherwise.</summary>
    public IList<BrokerUser> Users { get; init; } = [new() { Name = "guest", Password = "guest", LoopbackOnly = true, Tags = ["administrator"] }];

    /// <summary>
    /// Who a client of AMQP 1.0 is that names nobody (SASL ANONYMOUS, or no SASL at all) and comes from this machine; null to have everybody log in.
    /// </summary>
    public string? AnonymousUser { get; init; } = "guest";

    /// <summary>
    /// Whether a link of AMQP 1.0 to a name that nothing has makes what is missing: a durable queue, or, where the link asks for the capability topic, a fanout exchange. Else it is refused, as with RabbitMQ.
    /// The user needs the right to configure it.
    /// </summary>
    public bool AutoCreateNodes { get; init; }

    /// <summary>Whether RabbitMQ's older addresses of AMQP 1.0 are understood: <c>/queue/q</c>, <c>/amq/queue/q</c>, <c>/topic/k</c>, <c>/exchange/e/k</c>.</summary>
    public bool LegacyAddresses { get; init; }

    /// <summary>Whether clients of AMQP 0-8 and 0-9 are served as well, which have fewer safeguards than those of 0-9-1: without it their headers are answered by that of 0-9-1, and the end.</summary>
    public bool OlderEditions { get; init; } = true;

    /// <summary>Users that definitions may bring, and that then may come from this machine alone.</summary>
    public IList<string> LoopbackUsers { get; init; } = ["guest"];

    /// <summary>
    /// What the broker starts with beside the users and virtual hosts above: users, permissions, policies, exchanges, queues and bindings as JSON, as RabbitMQ exports
    /// them. Empty for nothing.
    /// </summary>
    public ReadOnlyMemory<byte> Definitions { get; init; }

    /// <summary>
    /// Whether memory that a backlog has left goes back to the system at once. That takes a collection during which the whole process stands still, which a process
    /// that is not the broker's own may not want; without it the memory is free for other use in the process and goes back when the runtime thinks fit.
    /// </summary>
    public bool ReturnsMemoryAtOnce { get; init; }

    /// <summary>
    /// Puts something between the broker and each of its connections: what looks at, or meddles with, what goes over the stream. Null for nothing, which costs nothing. It is given the
    /// connection's stream, and what it returns owns that; a connection for which it throws is cut. It hands on all that the stream says of itself (<see cref="TransportConnection.IsInMemory"/>, <see cref="TransportConnection.IsProtected"/>, <see cref="TransportConnection.PeerCertificate"/>).
    /// </summary>
    public Func<TransportConnection, TransportConnection>? WrapTransport { get; init; }

    /// <summary>The clock of every timeout.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where the broker logs.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Another disk than the system's, for tests; <see cref="DataDirectory"/> is not looked at then.</summary>
    internal Func<IFileLayer>? FileLayer { get; init; }

    /// <summary>What <see cref="HeartbeatSeconds"/> was set to; null when it was not.</summary>
    internal ushort? OwnHeartbeatSeconds { get; init; }

    /// <summary>What <see cref="MaxMessageOctets"/> was set to; null when it was not.</summary>
    internal long? OwnMaxMessageOctets { get; private init; }

    /// <summary>Sizes of the journal.</summary>
    internal JournalOptions Journal { get; init; } = new();

    /// <summary>Whether something is kept.</summary>
    internal bool HasStore => DataDirectory is not null || FileLayer is not null;

    private static bool CanBindIPv6Loopback()
    {
        if (!Socket.OSSupportsIPv6)
        {
            return false;
        }

        try
        {
            using var probe = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Refuses what cannot work.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range; the message names it and the range.</exception>
    internal void Validate()
    {
        Check(FrameMax is >= 4096 and <= 16 * 1024 * 1024, nameof(FrameMax), FrameMax, "4,096 to 16,777,216 octets");
        Check(MaxMessageOctets is >= 0 and <= 512 * 1024 * 1024, nameof(MaxMessageOctets), MaxMessageOctets, "0 to 536,870,912 octets");
        Check(MemoryWatermark is > 0 and <= 1, nameof(MemoryWatermark), MemoryWatermark, "above 0 and up to 1");
        Check(MemoryLimitOctets is null or > 0, nameof(MemoryLimitOctets), MemoryLimitOctets, "above 0 octets");
        Check(PagingWatermark is > 0 and <= 1, nameof(PagingWatermark), PagingWatermark, "above 0 and up to 1");
        Check(DiskFreeLimitOctets >= 0, nameof(DiskFreeLimitOctets), DiskFreeLimitOctets, "0 octets and more");
        Check(OutputBoundOctets >= 64 * 1024, nameof(OutputBoundOctets), OutputBoundOctets, "65,536 octets and more");
        Check(ConnectionMax is null or >= 0, nameof(ConnectionMax), ConnectionMax, "0 and more");
        Check(ChannelMaxPerNode is null or >= 0, nameof(ChannelMaxPerNode), ChannelMaxPerNode, "0 and more");
        Check(ConsumerMaxPerChannel is null or >= 0, nameof(ConsumerMaxPerChannel), ConsumerMaxPerChannel, "0 and more");
        Check(QueueMax is null or >= 0, nameof(QueueMax), QueueMax, "0 and more");
        Check(ExchangeMax is null or >= 0, nameof(ExchangeMax), ExchangeMax, "0 and more");
        Check(ConsumerTimeout is null || ConsumerTimeout > TimeSpan.Zero, nameof(ConsumerTimeout), ConsumerTimeout, "above 0 seconds");
        Check(LoginFailuresPerMinute is null or > 0, nameof(LoginFailuresPerMinute), LoginFailuresPerMinute, "above 0");
        Check(
            SaslMechanisms is null
            || (SaslMechanisms.All(name => Protocol.Sasl.SaslMechanisms.All.Contains(name)) && SaslMechanisms.Any(name => name != Protocol.Sasl.SaslMechanisms.AmqPlain) && SaslMechanisms.Distinct().Count() == SaslMechanisms.Count), nameof(SaslMechanisms), string.Join(' ', SaslMechanisms ?? []),
            $"some of, each once and not AMQPLAIN alone, {string.Join(", ", Protocol.Sasl.SaslMechanisms.All)}");
        Tls?.Validate();
        Check(Tls is not null || Listeners.All(listener => listener.Tls == TlsListening.None), nameof(Tls), null, "there where a listener speaks TLS");
        Check(Enum.IsDefined(Durability), nameof(Durability), Durability, "Fsync, Os or Memory");
        Check(DataDirectory is not { Length: 0 }, nameof(DataDirectory), DataDirectory, "the name of a folder, or null");
        Check(HandshakeTimeout > TimeSpan.Zero, nameof(HandshakeTimeout), HandshakeTimeout, "above 0 seconds");

        static void Check(bool holds, string name, object? value, string range)
        {
            if (!holds)
            {
                throw new ArgumentOutOfRangeException(name, value, $"{name} must be {range}.");
            }
        }
    }
}
