using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// Routes by the headers table of a message: all or any of a binding's arguments must be there with an equal value, or with any value
/// where the argument has none (0-9-1 section 3.1.3.4). The key does not count.
/// </summary>
internal sealed class HeadersExchange(VirtualHost virtualHost, byte[] name, in ExchangeProperties properties) : Exchange(virtualHost, name, properties)
{
    private readonly HeadersIndex _index = new();

    public override ExchangeType Type => ExchangeType.Headers;

    public override bool RoutesByKeyAlone => false;

    public override void Match(ReadOnlySpan<byte> routingKey, scoped in RoutedMessage message, RouteCollector collector) => _index.Collect(message.Headers, collector);

    /// <summary>x-match must be one of the four words, as text (RabbitMQ's mistakes table, row 85).</summary>
    public override ProtocolError? Validate(ReadOnlySpan<byte> routingKey, TableView arguments)
    {
        if (!arguments.TryGetValue(ExchangeArguments.Match, out FieldValueView value))
        {
            return null;
        }

        if (!value.TryGetString(out ReadOnlySpan<byte> word))
        {
            return ProtocolError.PreconditionFailed(
                $"Invalid x-match field type {FieldText.TypeOf(value)} (value {FieldText.Term(value)}); expected longstr");
        }

        return HeadersBinding.TryParse(word, out _)
            ? null
            : ProtocolError.PreconditionFailed(
                $"Invalid x-match field value {FieldText.Term(value)}; expected all, any, all-with-x, or any-with-x");
    }

    internal override Binding CreateBinding(Exchange source, BindingDestination destination, byte[] routingKey, byte[] arguments) =>
        new HeadersBinding(source, destination, routingKey, arguments);

    internal override void Attach(Binding binding) => _index.Add((HeadersBinding)binding);

    internal override void Detach(Binding binding) => _index.Remove((HeadersBinding)binding);
}
