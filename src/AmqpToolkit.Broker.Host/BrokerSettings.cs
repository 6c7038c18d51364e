using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Broker.Host;

/// <summary>What the executable was told, read from all its sources and checked.</summary>
internal sealed record BrokerSettings
{
    /// <summary>Port of every address; 0 lets the system choose.</summary>
    public int Port { get; init; } = 5672;

    /// <summary>Addresses to listen on; none means the machine's loopback addresses, as far as it has them.</summary>
    public IReadOnlyList<IPAddress> Listen { get; init; } = [];

    /// <summary>Folder of what is kept; null to keep nothing.</summary>
    public string? Data { get; init; } = DefaultData;

    /// <summary>What it means that something is kept.</summary>
    public DurabilityLevel Durability { get; init; } = DurabilityLevel.Fsync;

    /// <summary>Release of RabbitMQ whose behaviour is shown.</summary>
    public BrokerProfile Profile { get; init; } = BrokerProfile.V4_2;

    /// <summary>Listeners beside the port, each with a release of its own.</summary>
    public IReadOnlyList<AmqpListener> Listeners { get; init; } = [];

    /// <summary>Product that clients are told.</summary>
    public string? Product { get; init; }

    /// <summary>Version that clients are told; null for the profile's.</summary>
    public string? ProductVersion { get; init; }

    /// <summary>Open connections at most; null for any number.</summary>
    public int? ConnectionMax { get; init; }

    /// <summary>Channels over all connections at most; null for any number.</summary>
    public int? ChannelMaxPerNode { get; init; }

    /// <summary>Consumers of a channel at most; null for any number.</summary>
    public int? ConsumerMaxPerChannel { get; init; }

    /// <summary>SASL mechanisms that are offered; null for what the broker thinks right.</summary>
    public IReadOnlyList<string>? SaslMechanisms { get; init; }

    /// <summary>Logins that may fail from an address within a minute; 0 for any number.</summary>
    public int LoginFailuresPerMinute { get; init; } = 300;

    /// <summary>How is listened with TLS; null for not at all.</summary>
    public TlsSettings? Tls { get; init; }

    /// <summary>Whether passwords in clear are taken within TLS alone.</summary>
    public bool PasswordsNeedTls { get; init; }

    /// <summary>Queues over all virtual hosts at most; null for any number.</summary>
    public int? QueueMax { get; init; }

    /// <summary>Exchanges over all virtual hosts at most; null for any number.</summary>
    public int? ExchangeMax { get; init; }

    /// <summary>Octets of a message at most; 0 for the profile's own.</summary>
    public int MaxMessageSize { get; init; }

    /// <summary>What the broker starts with: users, permissions, policies, queues ...</summary>
    public DefinitionsFile? Definitions { get; init; }

    /// <summary>The manners of RabbitMQ's container image; null for a broker of this machine.</summary>
    public ContainerPreset? Container { get; init; }

    /// <summary>Whether links of AMQP 1.0 have what they name made where it is missing; with <c>Dev</c> they do unless it is said.</summary>
    public bool AutoCreate { get; init; }

    /// <summary>Whether RabbitMQ's older addresses of AMQP 1.0 are understood.</summary>
    public bool LegacyAddresses { get; init; }

    /// <summary>Whether clients of AMQP 0-8 and 0-9 are served.</summary>
    public bool OlderEditions { get; init; } = true;

    /// <summary>How long a delivery may stay unsettled where neither queue nor consumer says otherwise; infinite for ever.</summary>
    public TimeSpan ConsumerTimeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Share of the memory from which on publishers wait.</summary>
    public double MemoryWatermark { get; init; } = 0.4;

    /// <summary>Share of that from which on messages that wait are left to the disk.</summary>
    public double PagingWatermark { get; init; } = 0.5;

    /// <summary>Octets that the disk should have left.</summary>
    public long DiskFreeLimit { get; init; } = 50_000_000;

    /// <summary>Words on what a source has that is no setting, one each.</summary>
    public IReadOnlyList<string> Unknown { get; init; } = [];

    /// <summary>Least level that is logged.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>The user's local data folder, on every system.</summary>
    public static string DefaultData { get; } =
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "amqp-broker");

    private static readonly string[] s_names =
    [
        nameof(Port), nameof(Listen), nameof(Listeners), nameof(Product), nameof(ProductVersion), nameof(ConnectionMax), nameof(ChannelMaxPerNode), nameof(ConsumerMaxPerChannel), nameof(QueueMax),
        nameof(ExchangeMax), nameof(MaxMessageSize), nameof(Definitions), nameof(Container), nameof(Data), "Memory", nameof(Durability), nameof(Profile), nameof(ConsumerTimeout), nameof(MemoryWatermark),
        nameof(PagingWatermark), nameof(DiskFreeLimit), nameof(LogLevel), nameof(AutoCreate), nameof(LegacyAddresses), nameof(OlderEditions), "Dev",
        nameof(SaslMechanisms), nameof(LoginFailuresPerMinute), nameof(PasswordsNeedTls), .. TlsSettings.Names,
    ];

    private static readonly string[] s_listenerNames = ["Address", nameof(Port), nameof(Profile), nameof(Product), nameof(ProductVersion), nameof(Tls)];

    /// <summary>Takes each setting from the strongest source that has it.</summary>
    /// <param name="sources">The places, the strongest first.</param>
    /// <exception cref="SettingException">A value is out of its range or no such value exists.</exception>
    public static BrokerSettings Read(IReadOnlyList<SettingSource> sources)
    {
        BrokerSettings defaults = new();
        bool isContainer = Value(sources, nameof(Container), ParseFlag, "true or false") ?? false;
        IReadOnlyList<IPAddress> addresses = Addresses(sources);
        return new BrokerSettings
        {
            Port = Value(sources, nameof(Port), ParsePort, "a port from 0 to 65535") ?? (isContainer ? ContainerPreset.NodePort() : null) ?? defaults.Port,
            Listen = addresses.Count == 0 && isContainer ? ContainerPreset.Addresses : addresses,
            Listeners = ReadListeners(sources),
            Product = Text(sources, nameof(Product)),
            ProductVersion = Text(sources, nameof(ProductVersion)),
            ConnectionMax = Value(sources, nameof(ConnectionMax), ParseCount, "a number, 0 or more"),
            ChannelMaxPerNode = Value(sources, nameof(ChannelMaxPerNode), ParseCount, "a number, 0 or more"),
            ConsumerMaxPerChannel = Value(sources, nameof(ConsumerMaxPerChannel), ParseCount, "a number, 0 or more"),
            SaslMechanisms = Mechanisms(sources),
            LoginFailuresPerMinute = Value(sources, nameof(LoginFailuresPerMinute), ParseCount, "a number, 0 for any number") ?? defaults.LoginFailuresPerMinute,
            Tls = TlsSettings.Read(sources),
            PasswordsNeedTls = Value(sources, nameof(PasswordsNeedTls), ParseFlag, "true or false") ?? defaults.PasswordsNeedTls,
            QueueMax = Value(sources, nameof(QueueMax), ParseCount, "a number, 0 or more"),
            ExchangeMax = Value(sources, nameof(ExchangeMax), ParseCount, "a number, 0 or more"),
            MaxMessageSize = Value(sources, nameof(MaxMessageSize), ParseMessageSize, "a number of octets from 1 to 536870912") ?? 0,
            Definitions = DefinitionsFile.Read(sources),
            Container = isContainer ? ContainerPreset.FromEnvironment() : null,
            Data = ReadData(sources, isContainer),
            Durability = Value(sources, nameof(Durability), ParseDurability, "fsync, os or memory") ?? defaults.Durability,
            Profile = Value(sources, nameof(Profile), ParseProfile, "3.13, 4.2 or 4.3") ?? defaults.Profile,
            AutoCreate = Value(sources, nameof(AutoCreate), ParseFlag, "true or false") ?? Value(sources, "Dev", ParseFlag, "true or false") ?? defaults.AutoCreate,
            OlderEditions = Value(sources, nameof(OlderEditions), ParseFlag, "true or false") ?? defaults.OlderEditions,
            LegacyAddresses = Value(sources, nameof(LegacyAddresses), ParseFlag, "true or false") ?? defaults.LegacyAddresses,
            ConsumerTimeout = Value(sources, nameof(ConsumerTimeout), ParseTimeout, "a number of milliseconds above 0, or never") ?? defaults.ConsumerTimeout,
            MemoryWatermark = Value(sources, nameof(MemoryWatermark), ParseShare, "a share of the memory above 0 and up to 1, like 0.4") ?? defaults.MemoryWatermark,
            PagingWatermark = Value(sources, nameof(PagingWatermark), ParseShare, "a share of the memory watermark above 0 and up to 1, like 0.5") ?? defaults.PagingWatermark,
            DiskFreeLimit = Value(sources, nameof(DiskFreeLimit), ParseOctets, "a number of octets, 0 or more") ?? defaults.DiskFreeLimit,
            Unknown = [.. sources.SelectMany(source => source.FindUnknown(s_names)), .. FindListeners(sources).SelectMany(listener => listener.FindUnknown(s_listenerNames))],
            LogLevel = Value(sources, nameof(LogLevel), ParseLogLevel, "trace, debug, information, warning, error, critical or none") ?? defaults.LogLevel,
        };
    }

    /// <summary>The strongest of --data and --memory; else the folder that the system gives a service, that of RabbitMQ's manners, the user's.</summary>
    private static string? ReadData(IReadOnlyList<SettingSource> sources, bool isContainer)
    {
        foreach (SettingSource source in sources)
        {
            bool keepsNothing = Value([source], "Memory", ParseFlag, "true or false") ?? false;
            string? folder = Text([source], nameof(Data));
            if (keepsNothing && folder is not null)
            {
                throw new SettingException($"Data '{folder}' and Memory, both from {source.Name}: one says what the other denies");
            }

            if (keepsNothing || folder is not null)
            {
                return folder;
            }
        }

        return Environment.GetEnvironmentVariable("STATE_DIRECTORY") is { Length: > 0 } state ? state.Split(':')[0]
            : isContainer ? ContainerPreset.DataFolder() ?? DefaultData
            : DefaultData;
    }

    internal static T? Value<T>(IReadOnlyList<SettingSource> sources, string key, Func<string, T?> parse, string expected)
        where T : struct
    {
        foreach (SettingSource source in sources)
        {
            if (source.TryGetValue(key, out string? text))
            {
                return parse(text) ?? throw Unusable(key, text, source, expected);
            }
        }

        return null;
    }

    internal static string? Text(IReadOnlyList<SettingSource> sources, string key) =>
        sources.Select(source => source.TryGetValue(key, out string? value) ? value : null).FirstOrDefault(value => value is not null);

    private static AmqpListener[] ReadListeners(IReadOnlyList<SettingSource> sources) => [.. FindListeners(sources).Select(one => ReadListener([one]))];

    /// <summary>The listeners of the strongest source that has any.</summary>
    private static SettingSource[] FindListeners(IReadOnlyList<SettingSource> sources) =>
        sources.Select(source => source.Values.GetSection(nameof(Listeners)).GetChildren().Select(section => source with { Values = section, IsFile = false }).ToArray())
            .FirstOrDefault(listeners => listeners.Length > 0) ?? [];

    private static AmqpListener ReadListener(SettingSource[] source) => new()
    {
        Endpoint = new IPEndPoint(
            Value<AddressValue>(source, "Address", text => TryParseAddress(text, out IPAddress? address) ? new AddressValue(address) : null, "an IP address")?.Address ?? IPAddress.Loopback,
            Value(source, nameof(Port), ParsePort, "a port from 0 to 65535") ?? throw new SettingException($"a listener from {source[0].Name} has no Port")),
        Profile = Value(source, nameof(Profile), ParseProfile, "3.13, 4.2 or 4.3"),
        Tls = Value(source, nameof(Tls), ParseTls, "none, required or optional") ?? TlsListening.None,
        Product = Text(source, nameof(Product)),
        Version = Text(source, nameof(ProductVersion)),
    };

    /// <summary>A number alone would be an address as well, and one that nobody means.</summary>
    private static bool TryParseAddress(string text, [NotNullWhen(true)] out IPAddress? address) =>
        IPAddress.TryParse(text, out address) && text.AsSpan().ContainsAny('.', ':');

    private static IPAddress[] Addresses(IReadOnlyList<SettingSource> sources)
    {
        foreach (SettingSource source in sources)
        {
            if (source.TryGetList(nameof(Listen), out string[] texts))
            {
                return [.. texts.Select(text => TryParseAddress(text, out IPAddress? address)
                    ? address
                    : throw Unusable(nameof(Listen), text, source, "an IP address"))];
            }
        }

        return [];
    }

    private static string[]? Mechanisms(IReadOnlyList<SettingSource> sources)
    {
        foreach (SettingSource source in sources)
        {
            if (source.TryGetList(nameof(SaslMechanisms), out string[] names))
            {
                return Array.Find(names, name => !Protocol.Sasl.SaslMechanisms.All.Contains(name)) is { } unknown
                    ? throw Unusable(nameof(SaslMechanisms), unknown, source, $"one of {string.Join(", ", Protocol.Sasl.SaslMechanisms.All)}")
                    : names;
            }
        }

        return null;
    }

    private static SettingException Unusable(string key, string text, SettingSource source, string expected) =>
        new($"{key} '{text}' from {source.Name} is not {expected}");

    internal static int? ParsePort(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) ? port : null;

    private static BrokerProfile? ParseProfile(string text) => text switch
    {
        "3.13" => BrokerProfile.V3_13,
        "4.2" => BrokerProfile.V4_2,
        "4.3" => BrokerProfile.V4_3,
        _ => null,
    };

    private static TlsListening? ParseTls(string text) => text.ToUpperInvariant() switch
    {
        "NONE" => TlsListening.None,
        "REQUIRED" => TlsListening.Required,
        "OPTIONAL" => TlsListening.Optional,
        _ => null,
    };

    private static DurabilityLevel? ParseDurability(string text) => text.ToUpperInvariant() switch
    {
        "FSYNC" => DurabilityLevel.Fsync,
        "OS" => DurabilityLevel.Os,
        "MEMORY" => DurabilityLevel.Memory,
        _ => null,
    };

    internal static bool? ParseFlag(string text) => bool.TryParse(text, out bool flag) ? flag : null;

    private static int? ParseCount(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count : null;

    private static long? ParseOctets(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long octets) ? octets : null;

    private static int? ParseMessageSize(string text) => ParseCount(text) is > 0 and <= 512 * 1024 * 1024 and var octets ? octets : null;

    private static TimeSpan? ParseTimeout(string text) =>
        text == "never" ? Timeout.InfiniteTimeSpan
        : uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint milliseconds) && milliseconds > 0 ? TimeSpan.FromMilliseconds(milliseconds)
        : null;

    private static double? ParseShare(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double share) && share is > 0 and <= 1 ? share : null;

    private static LogLevel? ParseLogLevel(string text) =>
        !char.IsAsciiDigit(text[0]) && Enum.TryParse(text, ignoreCase: true, out LogLevel level) ? level : null;

    private readonly record struct AddressValue(IPAddress Address);
}
