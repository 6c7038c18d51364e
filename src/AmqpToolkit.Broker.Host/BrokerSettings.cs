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

    /// <summary>Folder of the journal; reserved, nothing is written yet.</summary>
    public string Data { get; init; } = DefaultData;

    /// <summary>Release of RabbitMQ whose behaviour is shown.</summary>
    public BrokerProfile Profile { get; init; } = BrokerProfile.V4_2;

    /// <summary>Share of the memory from which on publishers wait.</summary>
    public double MemoryWatermark { get; init; } = 0.4;

    /// <summary>Least level that is logged.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>The user's local data folder, on every system.</summary>
    public static string DefaultData { get; } =
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "amqp-broker");

    /// <summary>Takes each setting from the strongest source that has it.</summary>
    /// <param name="sources">The places, the strongest first.</param>
    /// <exception cref="SettingException">A value is out of its range or no such value exists.</exception>
    public static BrokerSettings Read(IReadOnlyList<SettingSource> sources)
    {
        BrokerSettings defaults = new();
        return new BrokerSettings
        {
            Port = Value(sources, nameof(Port), ParsePort, "a port from 0 to 65535") ?? defaults.Port,
            Listen = Addresses(sources),
            Data = sources.Select(s => s.TryGetValue(nameof(Data), out string? folder) ? folder : null).FirstOrDefault(f => f is not null) ?? defaults.Data,
            Profile = Value(sources, nameof(Profile), ParseProfile, "3.13 or 4.2") ?? defaults.Profile,
            MemoryWatermark = Value(sources, nameof(MemoryWatermark), ParseShare, "a share of the memory above 0 and up to 1, like 0.4") ?? defaults.MemoryWatermark,
            LogLevel = Value(sources, nameof(LogLevel), ParseLogLevel, "trace, debug, information, warning, error, critical or none") ?? defaults.LogLevel,
        };
    }

    private static T? Value<T>(IReadOnlyList<SettingSource> sources, string key, Func<string, T?> parse, string expected)
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

    private static IPAddress[] Addresses(IReadOnlyList<SettingSource> sources)
    {
        foreach (SettingSource source in sources)
        {
            if (source.TryGetList(nameof(Listen), out string[] texts))
            {
                return [.. texts.Select(text => IPAddress.TryParse(text, out IPAddress? address)
                    ? address
                    : throw Unusable(nameof(Listen), text, source, "an IP address"))];
            }
        }

        return [];
    }

    private static SettingException Unusable(string key, string text, SettingSource source, string expected) =>
        new($"{key} '{text}' from {source.Name} is not {expected}");

    private static int? ParsePort(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) ? port : null;

    private static BrokerProfile? ParseProfile(string text) => text switch
    {
        "3.13" => BrokerProfile.V3_13,
        "4.2" => BrokerProfile.V4_2,
        _ => null,
    };

    private static double? ParseShare(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double share) && share is > 0 and <= 1 ? share : null;

    private static LogLevel? ParseLogLevel(string text) =>
        !char.IsAsciiDigit(text[0]) && Enum.TryParse(text, ignoreCase: true, out LogLevel level) ? level : null;
}
