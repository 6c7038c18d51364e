using System.Reflection;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>What the client says of itself in connection.start-ok.</summary>
internal static class PeerProperties
{
    private static readonly string Version =
        typeof(PeerProperties).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public static Table Create(AmqpConnectionOptions options)
    {
        var builder = new TableBuilder();
        builder.Add("product", "AmqpToolkit.Client");
        builder.Add("version", Version);
        builder.Add("platform", System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription);
        builder.AddTable("capabilities", static capabilities =>
        {
            capabilities.Add("publisher_confirms", true);
            capabilities.Add("exchange_exchange_bindings", true);
            capabilities.Add("basic.nack", true);
            capabilities.Add("consumer_cancel_notify", true);
            capabilities.Add("connection.blocked", true);
            capabilities.Add("authentication_failure_close", true);
        });
        if (options.ConnectionName is { } name)
        {
            builder.Add("connection_name", name);
        }

        // A table is its entries in a row, so the caller's can simply follow.
        return new Table((byte[])[.. builder.Span, .. options.ClientProperties.Span]);
    }
}
