using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Channels;

/// <content>
/// The way of a message in: basic.publish, its header, its body. Whole messages stay in the receive buffer and are handed on in the
/// connection's batch; what arrives in pieces is put aside.
/// </content>
internal sealed partial class BrokerChannel
{
    private PublishState? _publish;

    /// <summary>Whether publishes are confirmed (0-9-1 with RabbitMQ's class confirm).</summary>
    public bool IsConfirming { get; private set; }

    /// <summary>Publishes since confirm.select: the tag of the last one.</summary>
    public ulong PublishedTag { get; private set; }

    /// <summary>The last tag that was confirmed; all below it are, too.</summary>
    public ulong ConfirmedTag { get; private set; }

    public PublishState Publish => _publish ??= new PublishState(this);

    public ProtocolError? HandlePublish(in BasicPublishView method)
    {
        if (method.Immediate)
        {
            return ProtocolError.NotImplemented("immediate=true");
        }

        var state = Publish;
        int version = VirtualHost.RoutingVersion;
        if (state.RoutingVersion != version || !state.IsSameWay(method.Exchange, method.RoutingKey))
        {
            FindWay(state, method.Exchange, method.RoutingKey, version);
        }

        state.IsMandatory = method.Mandatory;
        Content.Begin(BasicPublishView.MethodKey);
        return null;
    }

    public ProtocolError? HandleContentHeader(ReadOnlySpan<byte> payload)
    {
        if (Content.TakeHeader(payload, out var header) is { } error)
        {
            return error;
        }

        connection.Holding.MarkPublishing();
        var state = Publish;
        state.BodyOctets = header.BodyOctets;
        state.PropertyOctets = header.Properties.Length;
        state.PropertiesStart = connection.OffsetInInput(header.Properties);
        state.Flags = MessageFlags.None;
        if (header.BodyOctets == 0)
        {
            return Complete(state, header.Properties, []);
        }

        connection.AddIncomplete(this);
        return null;
    }

    public ProtocolError? HandleBody(ReadOnlySpan<byte> octets)
    {
        if (Content.TakeBody(octets.Length, out bool isLast) is { } error)
        {
            return error;
        }

        var state = Publish;
        if (isLast && !state.IsPartial && octets.Length < LargeBody.ThresholdOctets)
        {
            connection.RemoveIncomplete(this);
            return Complete(state, connection.Input(state.PropertiesStart, state.PropertyOctets), octets);
        }

        connection.Holding.MarkPublishing();
        PutAside();
        state.IncompleteOctets += octets.Length;
        if (!connection.TryCountIncomplete(octets.Length))
        {
            return new ProtocolError(ErrorScope.Connection, Constants.ResourceError, "messages that are not whole take too much memory");
        }

        if (state.BodyOctets > (ulong)connection.MaxMessageOctets)
        {
            // It will be refused when it is whole; until then its octets go nowhere.
        }
        else if (state.BodyOctets >= LargeBody.ThresholdOctets)
        {
            (state.Large ??= new LargeBody(connection.Arena)).Append(octets);
        }
        else
        {
            state.AppendBody(octets);
        }

        if (!isLast)
        {
            return null;
        }

        connection.RemoveIncomplete(this);
        return Complete(state, state.PartialProperties, state.PartialBody);
    }

    /// <summary>The receive buffer goes away: keeps what has arrived of a message that is not whole.</summary>
    public void PutAside()
    {
        if (!Publish.IsPartial)
        {
            Publish.PutAside(connection.Input(Publish.PropertiesStart, Publish.PropertyOctets));
        }
    }

    public void SelectConfirm() => IsConfirming = true;

    private void FindWay(PublishState state, ReadOnlySpan<byte> exchangeName, ReadOnlySpan<byte> routingKey, int version)
    {
        // The batch holds messages of the way that is about to be forgotten.
        connection.FlushPublishes();
        state.SetWay(exchangeName, routingKey);
        state.RoutingVersion = version;
        state.Refusal = FindWritableExchange(exchangeName, out var exchange);
        state.KeyRefusal = state.Refusal is null ? CheckTopicWrite(exchange!, routingKey) : null;
        state.Target = exchange;
        if (state.KeyRefusal is not null && connection.Rules.JudgesSenderFirst)
        {
            state.Refusal = state.KeyRefusal;
        }

        if (state.Refusal is not null || state.KeyRefusal is not null)
        {
            state.RoutingVersion = -1;
            return;
        }

        state.NeedsHeaders = !exchange!.DependsOnKeyAlone;
        if (state.NeedsHeaders)
        {
            // The answer is each message's own: only the exchange is remembered.
            state.RoutingVersion = -1;
        }
        else
        {
            Route(state, default);
        }
    }

    private void Route(PublishState state, TableView headers)
    {
        var collector = connection.Routes;
        collector.Clear();
        VirtualHost.Route(state.Target!, state.RoutingKey.AsSpan(0, state.RoutingKeyOctets), headers, collector);
        state.SetTargets(collector.Queues);
    }

    private ProtocolError? Complete(PublishState state, ReadOnlySpan<byte> properties, ReadOnlySpan<byte> body)
    {
        connection.UncountIncomplete(state.IncompleteOctets);
        state.IncompleteOctets = 0;
        int version = VirtualHost.RoutingVersion;
        if (state.IsPartial && state.RoutingVersion != version)
        {
            // It took its time to arrive: exchange, rights and bindings may be others by now, and whether headers count.
            FindWay(state, state.Exchange.AsSpan(0, state.ExchangeOctets), state.RoutingKey.AsSpan(0, state.RoutingKeyOctets), version);
        }

        // The order of these checks, and of those of the properties, is RabbitMQ's.
        var error = CheckSize(state) ?? state.Refusal?.At(BasicPublishView.MethodKey) ?? Accept(state, properties, body);
        state.EndMessage();
        return error;
    }

    /// <summary>A message that may be published is whole: it is checked, finds its way, and goes.</summary>
    private ProtocolError? Accept(PublishState state, ReadOnlySpan<byte> properties, ReadOnlySpan<byte> body)
    {
        var traits = MessageTraits.None;
        if (CheckProperties(state, properties, out traits) is { } error)
        {
            return error;
        }

        if ((traits & MessageTraits.DirectReplyTo) != 0)
        {
            properties = NameReplyQueue(properties);
        }

        if (_transaction is not null)
        {
            _transaction.Publishes.Add(Store(state, properties, body));
            return null;
        }

        var shown = (traits & MessageTraits.BlindCopies) != 0 ? HideBlindCopies(properties) : properties;
        bool isRoutedAlone = RouteAlone(state, properties, shown, traits);
        if (IsConfirming)
        {
            PublishedTag++;
            connection.AddConfirming(this);
        }

        var content = ContentOf(state, shown, body);
        if (state.IsMandatory && IsUnroutable(state, isRoutedAlone))
        {
            SendReturn(in content);
        }

        if (isRoutedAlone && connection.Routes.HasKeepers)
        {
            PublishKept(state, properties, shown, body);
        }
        else if (state.TargetCount > 0)
        {
            AddToBatch(state, in content, isEdited: (traits & (MessageTraits.DirectReplyTo | MessageTraits.BlindCopies)) != 0);
        }

        return null;
    }

    private ProtocolError? CheckSize(PublishState state) => state.BodyOctets <= (ulong)connection.MaxMessageOctets
        ? null
        : ProtocolError.PreconditionFailed(
            $"message size {state.BodyOctets} is larger than configured max size {connection.MaxMessageOctets}").At(BasicPublishView.MethodKey);

    /// <summary>Asks for the way of a message that does not go by its key alone, or whose remembered way is another by now.</summary>
    /// <returns>False when the remembered way is the message's.</returns>
    private bool RouteAlone(PublishState state, ReadOnlySpan<byte> given, ReadOnlySpan<byte> shown, MessageTraits traits)
    {
        bool hasCopies = (traits & MessageTraits.Copies) != 0;
        if (!state.NeedsHeaders && !hasCopies && (traits == MessageTraits.None || state.RoutingVersion == VirtualHost.RoutingVersion))
        {
            return false;
        }

        connection.FlushPublishes();
        Route(state, given, shown, hasCopies);
        return true;
    }

    private void AddToBatch(PublishState state, in MessageContent content, bool isEdited)
    {
        var batch = connection.BatchFor(state);
        if (state.IsPartial || state.Large is not null || isEdited)
        {
            batch.Add(Store(state, in content));
        }
        else
        {
            int bodyStart = content.Body.IsEmpty ? 0 : connection.OffsetInInput(content.Body);
            batch.Add(state.PropertiesStart, content.Properties.Length, bodyStart, content.Body.Length, state.Flags);
        }

        if (batch.IsFull)
        {
            connection.FlushPublishes();
        }
    }

    /// <summary>Exchanges on the way keep the message: it is stored now, and goes on from there.</summary>
    private void PublishKept(PublishState state, ReadOnlySpan<byte> given, ReadOnlySpan<byte> shown, ReadOnlySpan<byte> body)
    {
        var message = Store(state, given, body);
        NoteWritten(connection.Routes.HandToKeepers(connection.Arena, message, connection.Turn));
        AddStored(state, given == shown ? message : connection.Arena.ReplaceProperties(message, shown));
    }

    private static MessageContent ContentOf(PublishState state, ReadOnlySpan<byte> properties, ReadOnlySpan<byte> body) => new()
    {
        Exchange = state.Exchange.AsSpan(0, state.ExchangeOctets),
        RoutingKey = state.RoutingKey.AsSpan(0, state.RoutingKeyOctets),
        Properties = properties,
        Body = body,
        Large = state.Large,
        Flags = state.Flags,
    };

    private MessageRef Store(PublishState state, ReadOnlySpan<byte> properties, ReadOnlySpan<byte> body) => Store(state, ContentOf(state, properties, body));

    private MessageRef Store(PublishState state, in MessageContent content)
    {
        // The large body's own reference passes to the slot.
        state.Large = null;
        return connection.Arena.Store(in content);
    }

    private ProtocolError? CheckProperties(PublishState state, ReadOnlySpan<byte> octets, out MessageTraits traits)
    {
        traits = MessageTraits.None;
        if (octets is [0, 0])
        {
            state.Flags = state.IsMandatory ? MessageFlags.Mandatory : MessageFlags.None;
            return state.KeyRefusal?.At(BasicPublishView.MethodKey);
        }

        if (BasicPropertiesView.TryParse(octets, out var properties) != DecodeError.None)
        {
            return ProtocolError.InternalError(string.Empty);
        }

        state.Flags = state.IsMandatory ? MessageFlags.Mandatory : MessageFlags.None;
        if ((FindReplyTo(in properties, ref traits) ?? (connection.Rules.JudgesSenderFirst ? CheckUserId(in properties) : null)) is { } error)
        {
            return error;
        }

        if (properties.HasExpiration)
        {
            if (Expiration.Check(properties.Expiration) is { } invalid)
            {
                return invalid.At(BasicPublishView.MethodKey);
            }

            state.Flags |= MessageFlags.Expires;
        }

        if (FindCopies(in properties, ref traits) is { } unusable)
        {
            return unusable;
        }

        // Any other mode than 2 is transient; RabbitMQ 3.12 and before refused those above it.
        if (properties.HasDeliveryMode && properties.DeliveryMode == 2)
        {
            state.Flags |= MessageFlags.Persistent;
        }

        return connection.Rules.JudgesSenderFirst ? null : CheckSender(state, in properties, traits);
    }

    private void SendReturn(in MessageContent content)
    {
        lock (connection.Output.Gate)
        {
            if (_isClosedLate)
            {
                return;
            }

            ContentOutput.AppendReturn(connection.Output, number, Constants.NoRoute, "NO_ROUTE"u8, in content, connection.FrameMax);
        }

        connection.Turn.Touch(connection.Output);
        connection.PauseIfSaturated();
    }

    private void ReleasePublish()
    {
        if (_publish is not null)
        {
            connection.UncountIncomplete(_publish.IncompleteOctets);
            _publish.IncompleteOctets = 0;
            _publish.EndMessage();
        }
    }
}
