using System.Reflection;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker;

/// <summary>The peer-properties of connection.start: what clients look at, and who it really is.</summary>
internal static class ServerProperties
{
    /// <summary>What the broker really does; clients change their ways by it.</summary>
    private static readonly string[] Capabilities =
    [
        "publisher_confirms",
        "exchange_exchange_bindings",
        "basic.nack",
        "consumer_cancel_notify",
        "connection.blocked",
        "consumer_priorities",
        "authentication_failure_close",
        "per_consumer_qos",
        "direct_reply_to",
    ];

    private static string OwnVersion { get; } =
        typeof(ServerProperties).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <param name="product">What clients look at.</param>
    /// <param name="version">What clients look at.</param>
    /// <param name="hasCapabilities">False for 0-8, which has none of them, and no booleans in its tables: the table of them is empty then, as RabbitMQ's.</param>
    public static Table Create(string product, string version, bool hasCapabilities = true) => Table.Create(table =>
    {
        table.AddTable("capabilities", capabilities =>
        {
            foreach (string name in hasCapabilities ? Capabilities : [])
            {
                capabilities.Add(name, true);
            }
        });
        table.Add("cluster_name", $"{Environment.MachineName}");
        table.Add("copyright", "Copyright (c) AmqpToolkit contributors");
        table.Add("information", "Licensed under the MIT license");
        table.Add("platform", $".NET {Environment.Version}");
        table.Add("product", product);
        table.Add("version", version);
        table.Add("broker", "AmqpToolkit");
        table.Add("broker_version", OwnVersion);
    });

    /// <summary>The properties of 1.0's open: clients of RabbitMQ look at the version.</summary>
    public static EncodedValue CreateMap(string product, string version) => new EncodedValueBuilder().BeginMap()
        .AddSymbol("cluster_name").AddString(Environment.MachineName)
        .AddSymbol("node").AddString(AmqpBroker.NodeName)
        .AddSymbol("platform").AddString($".NET {Environment.Version}")
        .AddSymbol("product").AddString(product)
        .AddSymbol("version").AddString(version)
        .AddSymbol("broker").AddString("AmqpToolkit")
        .AddSymbol("broker_version").AddString(OwnVersion)
        .End().ToValue();
}
