using System.Globalization;
using System.Net;
using AmqpToolkit.Broker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AmqpToolkit.Hosting;

/// <summary>Reads a broker's options from a section of a configuration.</summary>
internal static class BrokerSection
{
    private static readonly string[] Keys =
    [
        "Endpoints", "DataDirectory", "Durability", "Profile", "HeartbeatSeconds", "ConsumerTimeout", "MaxMessageOctets", "MemoryLimitOctets", "ConnectionMax", "QueueMax", "VirtualHosts", "Users", "AutoCreateNodes",
    ];

    private static readonly string[] UserKeys = ["Name", "Password", "Tags", "LoopbackOnly"];

    /// <summary>The options.</summary>
    /// <exception cref="InvalidOperationException">A key is unknown, or a value cannot be read.</exception>
    public static AmqpBrokerOptions Read(IConfiguration section, ILoggerFactory? loggers, TimeProvider? time)
    {
        CheckKeys(section, Keys);
        var usual = new AmqpBrokerOptions();
        var options = new AmqpBrokerOptions
        {
            Endpoints = ReadList(section, "Endpoints", ReadEndpoint) ?? usual.Endpoints,
            DataDirectory = section["DataDirectory"],
            Durability = Read(section, "Durability", Enum.Parse<DurabilityLevel>, usual.Durability),
            Profile = Read(section, "Profile", static text => Enum.Parse<BrokerProfile>($"V{text.TrimStart('V').Replace('.', '_')}"), usual.Profile),
            ConsumerTimeout = Read(section, "ConsumerTimeout", static text => text.Equals("never", StringComparison.OrdinalIgnoreCase) ? null : TimeSpan.Parse(text, CultureInfo.InvariantCulture), usual.ConsumerTimeout),
            MaxMessageOctets = Read(section, "MaxMessageOctets", static text => long.Parse(text, CultureInfo.InvariantCulture), 0),
            MemoryLimitOctets = Read(section, "MemoryLimitOctets", static text => (long?)long.Parse(text, CultureInfo.InvariantCulture), null),
            ConnectionMax = Read(section, "ConnectionMax", static text => (int?)int.Parse(text, CultureInfo.InvariantCulture), null),
            QueueMax = Read(section, "QueueMax", static text => (int?)int.Parse(text, CultureInfo.InvariantCulture), null),
            OwnHeartbeatSeconds = Read(section, "HeartbeatSeconds", static text => (ushort?)ushort.Parse(text, CultureInfo.InvariantCulture), null),
            VirtualHosts = ReadList(section, "VirtualHosts", static item => item.Value ?? throw new FormatException("a name is missing")) ?? usual.VirtualHosts,
            Users = ReadList(section, "Users", ReadUser) ?? usual.Users,
            AutoCreateNodes = Read(section, "AutoCreateNodes", bool.Parse, false),
            LoggerFactory = loggers ?? NullLoggerFactory.Instance,
            TimeProvider = time ?? TimeProvider.System,
        };
        return options;
    }

    private static BrokerUser ReadUser(IConfigurationSection item)
    {
        CheckKeys(item, UserKeys);
        return new BrokerUser
        {
            Name = item["Name"] ?? throw new FormatException("Name is missing"),
            Password = item["Password"],
            Tags = ReadList(item, "Tags", static tag => tag.Value ?? throw new FormatException("a tag is missing")) ?? [],
            LoopbackOnly = Read(item, "LoopbackOnly", bool.Parse, false),
        };
    }

    private static IPEndPoint ReadEndpoint(IConfigurationSection item) =>
        IPEndPoint.TryParse(item.Value ?? "", out var endpoint) && item.Value!.EndsWith($":{endpoint.Port}", StringComparison.Ordinal) ? endpoint : throw new FormatException($"expected address:port, came '{item.Value}'");

    private static T Read<T>(IConfiguration section, string key, Func<string, T> parse, T usual)
    {
        if (section[key] is not { } text)
        {
            return usual;
        }

        try
        {
            return parse(text);
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or OverflowException)
        {
            throw Unreadable(section, key, $"'{text}' cannot be read", exception);
        }
    }

    /// <summary>A list; null where there is none, empty where it is there and has nothing in it.</summary>
    private static List<T>? ReadList<T>(IConfiguration section, string key, Func<IConfigurationSection, T> read)
    {
        var list = section.GetSection(key);
        if (!list.Exists())
        {
            // An empty list in JSON is an empty text.
            return section.GetChildren().Any(child => child.Key.Equals(key, StringComparison.OrdinalIgnoreCase)) || list.Value is { Length: 0 } ? [] : null;
        }

        if (list.Value is { Length: 0 })
        {
            return [];
        }

        try
        {
            return [.. list.GetChildren().Select(read)];
        }
        catch (FormatException exception)
        {
            throw Unreadable(section, key, exception.Message, exception);
        }
    }

    private static void CheckKeys(IConfiguration section, string[] known)
    {
        foreach (var child in section.GetChildren())
        {
            if (!known.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            {
                throw new InvalidOperationException($"The broker has no setting '{child.Path}'; there are {string.Join(", ", known)}.");
            }
        }
    }

    private static InvalidOperationException Unreadable(IConfiguration section, string key, string why, Exception exception) =>
        new($"The broker's setting '{(section as IConfigurationSection)?.Path}:{key}': {why}.", exception);
}
