using System.Text;
using AmqpToolkit.Broker.Access;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Topology;

/// <content>Exchanges: declare and delete.</content>
internal sealed partial class VirtualHost
{
    private static readonly (byte[] Name, ExchangeType Type)[] TypeNames =
    [
        ("direct"u8.ToArray(), ExchangeType.Direct),
        ("fanout"u8.ToArray(), ExchangeType.Fanout),
        ("topic"u8.ToArray(), ExchangeType.Topic),
        ("headers"u8.ToArray(), ExchangeType.Headers),
        ("x-consistent-hash"u8.ToArray(), ExchangeType.ConsistentHash),
        ("x-delayed-message"u8.ToArray(), ExchangeType.Delayed),
        ("x-random"u8.ToArray(), ExchangeType.Random),
        ("x-modulus-hash"u8.ToArray(), ExchangeType.ModulusHash),
        ("x-recent-history"u8.ToArray(), ExchangeType.RecentHistory),
        ("x-local-random"u8.ToArray(), ExchangeType.LocalRandom),
    ];

    /// <summary>What every virtual host has (0-9-1 section 3.1.3), and RabbitMQ's own two. The place in the row, from 1 on, stands in journals: a new one goes to the end.</summary>
    private static readonly (string Name, ExchangeType Type)[] Predeclared =
    [
        ("amq.direct", ExchangeType.Direct),
        ("amq.fanout", ExchangeType.Fanout),
        ("amq.topic", ExchangeType.Topic),
        ("amq.headers", ExchangeType.Headers),
        ("amq.match", ExchangeType.Headers),
        ("amq.rabbitmq.trace", ExchangeType.Topic),
    ];

    /// <summary>Whether every virtual host has an exchange under this number.</summary>
    internal static bool IsPredeclared(uint number) => number > 0 && number <= Predeclared.Length;

    /// <summary>The exchanges that every virtual host has, by their numbers.</summary>
    internal static IEnumerable<(uint Number, string Name, ExchangeType Type)> PredeclaredExchanges => Predeclared.Select((one, index) => ((uint)index + 1, one.Name, one.Type));

    /// <summary>exchange.declare (0-9-1 section 1.6.2.1).</summary>
    public ProtocolError? DeclareExchange(
        ReadOnlySpan<byte> name, ReadOnlySpan<byte> type, bool passive, bool durable, bool autoDelete, bool isInternal, TableView arguments, Caller? caller = null)
    {
        name = TopologyName.Clean(name);
        if (passive)
        {
            MarkFound(name);
            return name.IsEmpty ? TopologyErrors.DefaultExchange()
                : (caller is { Rules.PassiveDeclareNeedsPermission: true } ? caller.Rights.CheckAnyExchange(name) : null) ?? LookupExchange(name, out _);
        }

        ProfileRules rules = caller?.Rules ?? Rules;
        if (!TryParseType(type, out ExchangeType exchangeType) || (exchangeType == ExchangeType.LocalRandom && !rules.TakesLocalRandom))
        {
            return TopologyErrors.UnknownExchangeType(type, rules);
        }

        if (name.IsEmpty)
        {
            return TopologyErrors.DefaultExchange();
        }

        if (caller?.Rights.CheckExchange(AccessKind.Configure, name) is { } refused)
        {
            return refused;
        }

        arguments.TryGetValue(ExchangeArguments.AlternateExchange, out FieldValueView alternate);
        while (true)
        {
            // What regular expressions have to say is asked before the lock is taken: they may take their time.
            bool isNew = FindExchange(name) is null;
            PolicySet policies = _policies;
            EffectivePolicy? policy = isNew ? policies.Find(name, default) : null;
            ProtocolError? forbidden = isNew && alternate.Type == FieldType.LongString ? caller?.CheckAlternate(name, alternate.Payload) : null;
            lock (TopologyLock)
            {
                if (IsDeleted)
                {
                    return NoLongerThere();
                }

                if (FindExchange(name) is { } current)
                {
                    current.IsFound = true;
                    return CompareExchange(current, exchangeType, durable, autoDelete, isInternal, arguments);
                }

                if (isNew && ReferenceEquals(policies, _policies))
                {
                    return AddExchange(name, exchangeType, new ExchangeProperties(durable, autoDelete, isInternal, arguments.ToOwned()), forbidden, policy, rules);
                }
            }

            // It was there, or other policies were: both are asked for again.
        }
    }

    /// <summary>exchange.delete (0-9-1 section 1.6.2.3). An exchange that is not there counts as deleted.</summary>
    public ProtocolError? DeleteExchange(ReadOnlySpan<byte> name, bool ifUnused, Caller? caller = null)
    {
        name = TopologyName.Clean(name);
        if (name.IsEmpty)
        {
            return TopologyErrors.DefaultExchange();
        }

        if (TopologyName.IsReserved(name))
        {
            return TopologyErrors.SystemExchange(ExchangeText(name));
        }

        if (caller?.Rights.CheckExchange(AccessKind.Configure, name) is { } refused)
        {
            return refused;
        }

        TopologyRemoval removed;
        lock (TopologyLock)
        {
            if (FindExchange(name) is not { } exchange)
            {
                return null;
            }

            if (ifUnused && exchange.BindingCount > 0)
            {
                return TopologyErrors.InUse(ExchangeText(name));
            }

            removed = Remove(exchange);
        }

        removed.Finish();
        return null;
    }

    /// <summary>Deletes an exchange that was made for somebody who does not need it after all, unless somebody else has come to it meanwhile.</summary>
    public void DeleteExchangeIfUntouched(Exchange exchange)
    {
        TopologyRemoval removed;
        lock (TopologyLock)
        {
            if (!ReferenceEquals(FindExchange(exchange.Name), exchange) || exchange.IsFound || exchange.BindingCount > 0 || exchange.FirstBinding is not null)
            {
                return;
            }

            removed = Remove(exchange);
        }

        removed.Finish();
    }

    /// <summary>The exchange with the name, or 404.</summary>
    public ProtocolError? LookupExchange(ReadOnlySpan<byte> name, out Exchange? exchange)
    {
        exchange = FindExchange(name);
        return exchange is null ? TopologyErrors.Missing(ExchangeText(name)) : null;
    }

    /// <summary>Adds an exchange whose name is free, if nothing speaks against it. Under the topology lock.</summary>
    private ProtocolError? AddExchange(
        ReadOnlySpan<byte> name, ExchangeType type, in ExchangeProperties properties, ProtocolError? forbidden, EffectivePolicy? policy, ProfileRules rules)
    {
        if (TopologyName.IsReserved(name))
        {
            return TopologyErrors.ReservedName("exchange", name);
        }

        TableView arguments = properties.Arguments.View;
        if (arguments.TryGetValue(ExchangeArguments.AlternateExchange, out FieldValueView alternate) && alternate.Type != FieldType.LongString)
        {
            return TopologyErrors.WrongType("alternate-exchange", ExchangeText(name), alternate);
        }

        if ((forbidden ?? CheckExchangeLimit(name) ?? (type == ExchangeType.Delayed ? CheckInnerType(arguments, rules) : null)) is { } unusable)
        {
            return unusable;
        }

        Exchange exchange = CreateExchange(name.ToArray(), type, properties);
        if (exchange.ValidateArguments() is { } mistake)
        {
            return mistake;
        }

        if (properties.Durable)
        {
            Store?.DefineExchange(exchange);
        }

        if (policy is not null)
        {
            exchange.ApplyPolicy(policy);
        }

        _exchanges.Add(exchange);
        AdvanceRoutingVersion();
        return null;
    }

    /// <summary>The type with the name; false when there is none.</summary>
    internal static bool TryParseType(ReadOnlySpan<byte> type, out ExchangeType exchangeType)
    {
        foreach ((byte[] name, ExchangeType known) in TypeNames)
        {
            if (type.SequenceEqual(name))
            {
                exchangeType = known;
                return true;
            }
        }

        exchangeType = default;
        return false;
    }

    /// <summary>The type that routes what a delayed exchange has let wait; checked before.</summary>
    private static ExchangeType InnerType(TableView arguments) =>
        DelayedExchange.TryGetInnerType(arguments, out ReadOnlySpan<byte> type) && TryParseType(type, out ExchangeType innerType)
            ? innerType
            : throw new System.Diagnostics.UnreachableException("the inner type was not checked");

    private static ProtocolError? CheckInnerType(TableView arguments, ProfileRules rules) =>
        !DelayedExchange.TryGetInnerType(arguments, out ReadOnlySpan<byte> type)
            ? ProtocolError.PreconditionFailed("Invalid argument, 'x-delayed-type' must be an existing exchange type")
        : !TryParseType(type, out ExchangeType innerType) ? TopologyErrors.UnknownExchangeType(type, rules)
        : innerType == ExchangeType.Delayed
            ? ProtocolError.PreconditionFailed("Invalid argument, 'x-delayed-type' must be an existing exchange type other than x-delayed-message")
        : null;

    internal static string TextOf(ExchangeType type) => Encoding.UTF8.GetString(Array.Find(TypeNames, one => one.Type == type).Name);

    private ProtocolError? CompareExchange(
        Exchange current, ExchangeType type, bool durable, bool autoDelete, bool isInternal, TableView arguments)
    {
        string resource = ExchangeText(current.Name);
        return current.Type != type
            ? TopologyErrors.Inequivalent("type", resource, $"'{TextOf(type)}'", $"'{TextOf(current.Type)}'")
            : TopologyErrors.InequivalentUnlessSame("durable", resource, durable, current.Durable)
                ?? TopologyErrors.InequivalentUnlessSame("auto_delete", resource, autoDelete, current.AutoDelete)
                ?? TopologyErrors.InequivalentUnlessSame("internal", resource, isInternal, current.Internal)
                ?? TopologyErrors.InequivalentUnlessSame(ExchangeArguments.AlternateExchange, resource, arguments, current.Arguments.View);
    }

    private Exchange CreateExchange(byte[] name, ExchangeType type, in ExchangeProperties properties) => type switch
    {
        ExchangeType.Direct => new DirectExchange(this, name, properties),
        ExchangeType.Fanout => new FanoutExchange(this, name, properties),
        ExchangeType.Topic => new TopicExchange(this, name, properties),
        ExchangeType.Headers => new HeadersExchange(this, name, properties),
        ExchangeType.ConsistentHash => new ConsistentHashExchange(this, name, properties),
        ExchangeType.Random => new RandomExchange(this, name, properties),
        ExchangeType.Delayed => new DelayedExchange(this, name, properties, CreateExchange(name, InnerType(properties.Arguments.View), properties)),
        ExchangeType.ModulusHash => new ModulusHashExchange(this, name, properties),
        ExchangeType.LocalRandom => new LocalRandomExchange(this, name, properties),
        _ => new RecentHistoryExchange(this, name, properties),
    };

    private void AddPredeclaredExchanges()
    {
        uint number = 0;
        foreach ((string name, ExchangeType type) in Predeclared)
        {
            bool isInternal = name == "amq.rabbitmq.trace";
            Exchange exchange = CreateExchange(Encoding.UTF8.GetBytes(name), type, new ExchangeProperties(Durable: true, AutoDelete: false, isInternal, Table.Empty));

            exchange.StoreNumber = ++number;
            _exchanges.Add(exchange);
        }
    }

    /// <summary>Takes an exchange out of sight. Under the topology lock.</summary>
    internal void Hide(Exchange exchange, TopologyRemoval removal)
    {
        _exchanges.Remove(exchange);
        Store?.RemoveExchange(exchange);
        removal.Add(exchange);
    }

    /// <summary>Deletes an exchange and, as far as it goes, the auto-delete exchanges whose last binding led to what is deleted. Under the topology lock.</summary>
    /// <returns>What is left to be done outside the lock.</returns>
    private TopologyRemoval Remove(Exchange exchange)
    {
        var removal = new TopologyRemoval(this);
        Hide(exchange, removal);
        removal.Continue();
        AdvanceRoutingVersion();
        return removal;
    }

    private static bool IsOrphan(Exchange exchange) => exchange.AutoDelete && exchange.BindingCount == 0 && !exchange.IsDeleted;
}
