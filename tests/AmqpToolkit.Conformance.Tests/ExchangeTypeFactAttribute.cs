namespace AmqpToolkit.Conformance.Tests;

/// <summary>A fact about a type of exchange that comes with a plugin of RabbitMQ: skipped where the broker behind AMQP_URL lacks it.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ExchangeTypeFactAttribute : FactAttribute
{
    /// <summary>Skips unless the broker has the type.</summary>
    public ExchangeTypeFactAttribute(string type)
    {
        Type = type;
        if (!BrokerUnderTest.HasExchangeType(type))
        {
            Skip = $"AMQP_EXCHANGE_TYPES does not name {type}";
        }
    }

    /// <summary>The type.</summary>
    public string Type { get; }
}
