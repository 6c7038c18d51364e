using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// Shares messages out among its destinations by the hash of their routing key, of a header or of a property (RabbitMQ's x-consistent-hash).
/// The binding key is a destination's weight. A destination that comes or goes takes or leaves its own share and moves no other message.
/// </summary>
/// <remarks>
/// Rendezvous hashing: each destination draws a lot from the message's hash and its own, stretched by its weight, and the best wins. No ring, so
/// that a weight of a million costs what a weight of one does. A destination that is bound several times counts once, with its oldest binding.
/// </remarks>
internal sealed class ConsistentHashExchange(VirtualHost virtualHost, byte[] name, in ExchangeProperties properties)
    : Exchange(virtualHost, name, properties)
{
    /// <summary>The bindings that count: one a destination.</summary>
    private readonly BindingList _drawing = new();

    /// <summary>All bindings of destinations that have several, the oldest first; null while there is none.</summary>
    private Dictionary<BindingDestination, List<Binding>>? _several;

    private readonly Dictionary<BindingDestination, Binding> _byDestination = [];

    /// <summary>How many bindings have a weight that is not 1: without any, the largest lot wins and no logarithm is needed.</summary>
    private int _weighted;

    private readonly byte[]? _header = TextOf(properties.Arguments, ExchangeArguments.HashHeader);

    private readonly byte[]? _property = TextOf(properties.Arguments, ExchangeArguments.HashProperty);

    public override ExchangeType Type => ExchangeType.ConsistentHash;

    public override bool RoutesByKeyAlone => _header is null && _property is null;

    public override void Match(ReadOnlySpan<byte> routingKey, scoped in RoutedMessage message, RouteCollector collector)
    {
        ulong hash = HashOf(routingKey, in message);
        bool isWeighted = Volatile.Read(ref _weighted) > 0;
        HashBinding? best = null;
        double bestScore = double.PositiveInfinity;
        ulong bestLot = 0;
        foreach (Binding? entry in _drawing.Snapshot())
        {
            if (entry is not HashBinding binding)
            {
                continue;
            }

            ulong lot = StableHash.Mix(hash ^ binding.DestinationHash);
            if (isWeighted)
            {
                // An exponential lot with the weight as its rate: the smallest of them belongs to a destination as often as its weight says.
                double score = -Math.Log(((lot >> 11) + 1) * (1.0 / (1UL << 53))) / binding.Weight;
                if (score < bestScore || best is null)
                {
                    (best, bestScore) = (binding, score);
                }
            }
            else if (lot >= bestLot || best is null)
            {
                (best, bestLot) = (binding, lot);
            }
        }

        if (best is not null)
        {
            collector.Add(best.Destination);
        }
    }

    public override ProtocolError? ValidateArguments()
    {
        TableView arguments = Arguments.View;
        bool hasHeader = arguments.TryGetValue(ExchangeArguments.HashHeader, out FieldValueView header);
        bool hasProperty = arguments.TryGetValue(ExchangeArguments.HashProperty, out FieldValueView property);
        string resource = TopologyErrors.ExchangeText(VirtualHost.Name, Name);
        if (hasHeader && header.Type != FieldType.LongString)
        {
            // RabbitMQ breaks here and closes the connection with 541; an argument's mistake is the channel's.
            return TopologyErrors.WrongType("hash-header", resource, header);
        }

        if (hasProperty && property.Type != FieldType.LongString)
        {
            return TopologyErrors.WrongType("hash-property", resource, property);
        }

        if (hasHeader && hasProperty)
        {
            return ProtocolError.PreconditionFailed("hash-header and hash-property are mutually exclusive");
        }

        return hasProperty && !IsHashable(property.Payload)
            ? ProtocolError.PreconditionFailed($"Unsupported property: {FieldText.Of(property)}")
            : null;
    }

    public override ProtocolError? Validate(ReadOnlySpan<byte> routingKey, TableView arguments) =>
        !HashBinding.TryParseWeight(routingKey, out long weight)
            ? ProtocolError.PreconditionFailed($"The binding key must be an integer: {FieldText.Term(routingKey)}")
        : weight < 1 ? ProtocolError.PreconditionFailed("The binding key must be greater than 0")
        : null;

    internal override Binding CreateBinding(Exchange source, BindingDestination destination, byte[] routingKey, byte[] arguments) =>
        new HashBinding(source, destination, routingKey, arguments);

    internal override void Attach(Binding binding)
    {
        if (!_byDestination.TryAdd(binding.Destination, binding))
        {
            _several ??= [];
            if (!_several.TryGetValue(binding.Destination, out List<Binding>? waiting))
            {
                _several.Add(binding.Destination, waiting = []);
            }

            waiting.Add(binding);
            return;
        }

        Draw(binding);
    }

    internal override void Detach(Binding binding)
    {
        List<Binding>? waiting = _several?.GetValueOrDefault(binding.Destination);
        if (!ReferenceEquals(_byDestination[binding.Destination], binding))
        {
            waiting!.Remove(binding);
            ForgetIfEmpty(binding.Destination, waiting);
            return;
        }

        _drawing.Remove(binding);
        Weigh(binding, -1);
        _byDestination.Remove(binding.Destination);
        if (waiting is not null)
        {
            Binding next = waiting[0];
            waiting.RemoveAt(0);
            ForgetIfEmpty(binding.Destination, waiting);
            _byDestination.Add(next.Destination, next);
            Draw(next);
        }
    }

    private static bool IsHashable(ReadOnlySpan<byte> property) =>
        property.SequenceEqual("message_id"u8) || property.SequenceEqual("correlation_id"u8) || property.SequenceEqual("timestamp"u8);

    /// <summary>What is missing hashes like what is empty, so that it all goes to one place.</summary>
    private ulong HashOf(ReadOnlySpan<byte> routingKey, scoped in RoutedMessage message)
    {
        if (_header is not null)
        {
            return StableHash.Of(message.Headers.TryGetValue(_header, out FieldValueView value) ? value.Payload : default);
        }

        if (_property is null)
        {
            return StableHash.Of(routingKey);
        }

        if (BasicPropertiesView.TryParse(message.Properties, out BasicPropertiesView view) != DecodeError.None)
        {
            return StableHash.Of(default);
        }

        // What a message does not have reads as empty.
        return _property.AsSpan().SequenceEqual("message_id"u8) ? StableHash.Of(view.MessageId)
            : _property.AsSpan().SequenceEqual("correlation_id"u8) ? StableHash.Of(view.CorrelationId)
            : StableHash.Mix(view.Timestamp);
    }

    private void Draw(Binding binding)
    {
        Weigh(binding, 1);
        _drawing.Add(binding);
    }

    private void Weigh(Binding binding, int change)
    {
        if (((HashBinding)binding).Weight != 1)
        {
            Volatile.Write(ref _weighted, _weighted + change);
        }
    }

    private void ForgetIfEmpty(BindingDestination destination, List<Binding> waiting)
    {
        if (waiting.Count == 0)
        {
            _several!.Remove(destination);
        }
    }
}
