using System.Collections.Concurrent;
using System.Net;
using AmqpToolkit.Broker;

namespace AmqpToolkit.Conformance.Tests;

/// <summary>
/// The broker that the suite talks to: ours, started in this process, one for each profile; or the one behind the
/// environment variable AMQP_URL, a reference, which tells whether the expectations are right. AMQP_STORE has ours keep things on the disk.
/// </summary>
internal sealed class BrokerUnderTest
{
    private static readonly Lazy<BrokerUnderTest?> External = new(FromEnvironment);
    private static readonly ConcurrentDictionary<Profile, Lazy<BrokerUnderTest>> Own = new();

    private readonly AmqpBroker? _broker;
    private readonly Lazy<AccessControl?> _accessControl;

    private BrokerUnderTest(bool isReference, IPEndPoint endpoint, string user = "guest", string password = "guest", string virtualHost = "/", AmqpBroker? broker = null)
    {
        _broker = broker;
        _accessControl = new(() => _broker is not null ? new OwnAccessControl(_broker) : CommandAccessControl.FromEnvironment());
        IsReference = isReference;
        Endpoint = endpoint;
        User = user;
        Password = password;
        VirtualHost = virtualHost;
    }

    /// <summary>The broker that conversations without a profile of their own use.</summary>
    public static BrokerUnderTest Default => For(Profile.V4_2);

    /// <summary>The profiles that can be asked in this run; the broker behind AMQP_URL counts as 3.13.</summary>
    public static IEnumerable<Profile> Profiles => External.Value is null ? [Profile.V4_2, Profile.V3_13, Profile.V4_3] : [Profile.V3_13];

    /// <summary>Whether users can be made: in a broker of ours, or where AMQP_CTL names the reference's rabbitmqctl.</summary>
    public static bool HasAccessControl => External.Value is null || CommandAccessControl.FromEnvironment() is not null;

    /// <summary>Changes who may do what.</summary>
    public AccessControl AccessControl => _accessControl.Value ?? throw new InvalidOperationException("AMQP_CTL does not name the reference's rabbitmqctl.");

    /// <summary>Whether this is somebody else's broker.</summary>
    public bool IsReference { get; }

    public IPEndPoint Endpoint { get; }

    public string User { get; }

    public string Password { get; }

    public string VirtualHost { get; }

    /// <summary>
    /// Whether a type of exchange that comes with one of RabbitMQ's plugins can be asked of: ours has them all, of another broker the environment
    /// variable AMQP_EXCHANGE_TYPES tells, with commas between.
    /// </summary>
    public static bool HasExchangeType(string type) =>
        External.Value is null || (Environment.GetEnvironmentVariable("AMQP_EXCHANGE_TYPES") ?? "").Split(',').Contains(type);

    public static BrokerUnderTest For(Profile profile) => External.Value ?? Own.GetOrAdd(profile, one => new(() => Start(one))).Value;

    /// <summary>A broker of ours that a test has started for itself.</summary>
    public static BrokerUnderTest Of(AmqpBroker broker) => new(isReference: false, broker.Endpoints[0], broker: broker);

    /// <summary>The same broker as another user finds it, whose password is its name.</summary>
    public BrokerUnderTest As(string user, string virtualHost = "/") => new(IsReference, Endpoint, user, user, virtualHost, _broker);

    /// <summary>The same broker as one of <see cref="TestUsers"/> finds it, who is made first where it is not there.</summary>
    public BrokerUnderTest AsTestUser(string user)
    {
        TestUsers.Ensure(this);
        return As(user, TestUsers.VirtualHostOf(user));
    }

    // Lives until the test process ends.
    private static BrokerUnderTest Start(Profile profile)
    {
        var options = new AmqpBrokerOptions
        {
            Endpoints = [new(IPAddress.Loopback, 0)],
            DataDirectory = NewStore(profile),
            Profile = profile switch { Profile.V3_13 => BrokerProfile.V3_13, Profile.V4_3 => BrokerProfile.V4_3, _ => BrokerProfile.V4_2 },
        };
        return Of(Task.Run(() => AmqpBroker.StartAsync(options)).GetAwaiter().GetResult());
    }

    /// <summary>A folder below the one that AMQP_STORE names, in which a broker of ours keeps what is durable; null when everything stays in memory.</summary>
    private static string? NewStore(Profile profile) =>
        Environment.GetEnvironmentVariable("AMQP_STORE") is { Length: > 0 } folder ? Path.Combine(folder, $"{profile}-{Guid.NewGuid():N}") : null;

    private static BrokerUnderTest? FromEnvironment()
    {
        if (Environment.GetEnvironmentVariable("AMQP_URL") is not { Length: > 0 } text)
        {
            return null;
        }

        var url = new Uri(text);
        var login = url.UserInfo.Split(':', 2);
        var address = IPAddress.TryParse(url.Host, out var literal) ? literal : Dns.GetHostAddresses(url.Host)[0];
        return new BrokerUnderTest(
            isReference: true,
            new IPEndPoint(address, url.Port > 0 ? url.Port : 5672),
            login[0].Length > 0 ? Uri.UnescapeDataString(login[0]) : "guest",
            login.Length > 1 ? Uri.UnescapeDataString(login[1]) : "guest",
            url.AbsolutePath.Length > 1 ? Uri.UnescapeDataString(url.AbsolutePath[1..]) : "/");
    }
}
