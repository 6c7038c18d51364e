namespace AmqpToolkit.Benchmarks;

/// <summary>The broker that the end-to-end benchmarks talk to.</summary>
internal static class BrokerAddress
{
    internal const string Variable = "AMQP_URL";

    internal static bool IsSet => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable));

    internal static Uri Value => new(Environment.GetEnvironmentVariable(Variable)!);
}
