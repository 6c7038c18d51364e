using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Topology;

/// <content>Queues: declare, look up and delete.</content>
internal sealed partial class VirtualHost
{
    /// <summary>Queues of a connection that are deleted under one taking of the topology lock.</summary>
    private const int QueuesAtOnce = 64;

    /// <summary>The exclusive queues of each connection that has any. Under the topology lock.</summary>
    private readonly Dictionary<object, HashSet<MessageQueue>> _exclusive = new(ReferenceEqualityComparer.Instance);

    /// <summary>queue.declare (0-9-1 section 1.7.2.1). Without a name the queue gets a new one.</summary>
    /// <param name="connection">The connection that asks: it owns the queue if the queue is to be exclusive.</param>
    /// <param name="caller">Who asks, and what it may do; null for the broker itself, which may do everything.</param>
    public ProtocolError? DeclareQueue(
        ReadOnlySpan<byte> name, bool passive, bool durable, bool exclusive, bool autoDelete, TableView arguments, object connection, out MessageQueue? queue,
        Caller? caller = null)
    {
        name = TopologyName.Clean(name);
        queue = null;
        if (passive)
        {
            MarkFound(name);
            return (caller is { Rules.PassiveDeclareNeedsPermission: true } ? caller.Rights.CheckAnyQueue(name) : null) ?? LookupQueue(name, connection, out queue);
        }

        arguments = WithDefaultType(arguments, durable, exclusive, autoDelete);
        if (name.IsEmpty)
        {
            if (QueueArguments.RefuseServerName(arguments) is { } refusal)
            {
                return refusal;
            }

            if (TopologyName.PrefixOf(arguments, caller?.Rules ?? Rules, out string prefix) is { } mistaken)
            {
                return mistaken;
            }

            name = GeneratedName.Create(prefix);
        }
        else if (TopologyName.IsReserved(name))
        {
            return TopologyErrors.ReservedName("queue", name);
        }

        if (caller?.Rights.CheckQueue(AccessKind.Configure, name) is { } refused)
        {
            return refused;
        }

        while (true)
        {
            // What regular expressions have to say is asked before the lock is taken: they may take their time.
            bool isNew = FindQueue(name) is null;
            PolicySet policies = _policies;
            EffectivePolicy? policy = isNew ? policies.Find(name, QueueArguments.TypeOf(arguments)) : null;
            ProtocolError? forbidden = isNew ? caller?.CheckDeadLetters(name, arguments) : null;
            lock (TopologyLock)
            {
                if (IsDeleted)
                {
                    return NoLongerThere();
                }

                if (FindQueue(name) is { } current)
                {
                    current.IsFound = true;
                    ProtocolError? error = CompareQueue(current, durable, exclusive, autoDelete, arguments, connection, caller?.Rules ?? Rules);
                    queue = error is null ? current : null;
                    return error;
                }

                if (isNew && ReferenceEquals(policies, _policies))
                {
                    var definition = new QueueDefinition
                    {
                        Name = name.ToArray(),
                        Durable = durable,
                        Owner = exclusive ? connection : null,
                        AutoDelete = autoDelete,
                        Arguments = arguments.ToOwned(),
                    };
                    return AddQueue(definition, forbidden, policy, caller, out queue);
                }
            }

            // It was there, or other policies were: both are asked for again.
        }
    }

    /// <summary>The queue with the name: 404 when it is not there, 405 when it is another connection's alone.</summary>
    public ProtocolError? LookupQueue(ReadOnlySpan<byte> name, object connection, out MessageQueue? queue)
    {
        queue = null;
        if (FindQueue(name) is not { } found)
        {
            return TopologyErrors.Missing(QueueText(name));
        }

        if (CheckOwner(found, connection) is { } error)
        {
            return error;
        }

        queue = found;
        return null;
    }

    /// <summary>queue.delete (0-9-1 section 1.7.2.9). A queue that is not there counts as deleted.</summary>
    /// <param name="messageCount">The messages that went with it.</param>
    /// <param name="deleted">The queue that was deleted; null when there was none.</param>
    public ProtocolError? DeleteQueue(
        ReadOnlySpan<byte> name, bool ifUnused, bool ifEmpty, object connection, out uint messageCount, out MessageQueue? deleted, Caller? caller = null)
    {
        name = TopologyName.Clean(name);
        messageCount = 0;
        deleted = null;
        if (caller?.Rights.CheckQueue(AccessKind.Configure, name) is { } refused)
        {
            return refused;
        }

        TopologyRemoval removal;
        lock (TopologyLock)
        {
            if (FindQueue(name) is not { } queue)
            {
                return null;
            }

            if (CheckOwner(queue, connection) is { } error)
            {
                return error;
            }

            if (queue.Settings.IsQuorum && (ifUnused || ifEmpty))
            {
                return TopologyErrors.ConditionalDelete(QueueText(name), ifUnused ? "if-unused" : "if-empty");
            }

            switch (queue.TryClose(ifUnused, ifEmpty, out messageCount))
            {
                case QueueCloseOutcome.InUse:
                    return TopologyErrors.InUse(QueueText(name));
                case QueueCloseOutcome.NotEmpty:
                    return TopologyErrors.NotEmpty(QueueText(name));
                default:
                    removal = RemoveQueue(queue);
                    deleted = queue;
                    break;
            }
        }

        removal.Finish();
        return null;
    }

    /// <summary>Deletes the exclusive queues of a connection that ends, and says which they were.</summary>
    public IReadOnlyList<MessageQueue> DeleteExclusiveQueues(object owner)
    {
        HashSet<MessageQueue>? queues;
        lock (TopologyLock)
        {
            if (!_exclusive.Remove(owner, out queues))
            {
                return [];
            }
        }

        foreach (MessageQueue[] some in queues.Chunk(QueuesAtOnce))
        {
            foreach (var (_, removal) in CloseAndRemove(some))
            {
                removal.Finish();
            }
        }

        return [.. queues];
    }

    /// <summary>Deletes an auto-delete queue whose last consumer has gone, unless another has come. Call it without the queue's lock.</summary>
    public bool DeleteQueueIfUnused(MessageQueue queue)
    {
        TopologyRemoval removal;
        lock (TopologyLock)
        {
            if (DirectReplyTo.IsToken(queue.Name))
            {
                return CloseReplyQueue(queue);
            }

            if (!ReferenceEquals(FindQueue(queue.Name), queue) || queue.TryClose(ifUnused: true, ifEmpty: false, out _) != QueueCloseOutcome.Closed)
            {
                return false;
            }

            removal = RemoveQueue(queue);
        }

        removal.Finish();
        return true;
    }

    /// <summary>Somebody counts on the queue or exchange of a name, if there is one: it does not go with the link that it was made for.</summary>
    public void MarkFound(ReadOnlySpan<byte> name)
    {
        lock (TopologyLock)
        {
            if (FindQueue(name) is { } queue)
            {
                queue.IsFound = true;
            }

            if (FindExchange(name) is { } exchange)
            {
                exchange.IsFound = true;
            }
        }
    }

    /// <summary>Deletes a queue that was made for somebody who does not need it after all, unless somebody else has come to it meanwhile.</summary>
    public bool DeleteQueueIfUntouched(MessageQueue queue)
    {
        TopologyRemoval removal;
        lock (TopologyLock)
        {
            if (!ReferenceEquals(FindQueue(queue.Name), queue) || queue.IsFound || queue.FirstBinding is not null || !queue.TryCloseUntouched())
            {
                return false;
            }

            removal = RemoveQueue(queue);
        }

        removal.Finish();
        return true;
    }

    /// <summary>Deletes a queue that nobody has used for its time (x-expires). Call it without the queue's lock.</summary>
    public bool DeleteDisusedQueue(MessageQueue queue, long now)
    {
        TopologyRemoval removal;
        lock (TopologyLock)
        {
            if (!ReferenceEquals(FindQueue(queue.Name), queue) || !queue.IsDisused(now)
                || queue.TryClose(ifUnused: true, ifEmpty: false, out _) != QueueCloseOutcome.Closed)
            {
                return false;
            }

            removal = RemoveQueue(queue);
        }

        removal.Finish();
        return true;
    }

    /// <summary>A queue that names no type gets the virtual host's, if it can be of that.</summary>
    private TableView WithDefaultType(TableView arguments, bool durable, bool exclusive, bool autoDelete) =>
        Settings.DefaultQueueType is { } type && !arguments.ContainsKey("x-queue-type"u8) && QueueArguments.IsCompatible(type, durable, exclusive, autoDelete)
            ? QueueArguments.WithType(arguments, type).View
            : arguments;

    /// <summary>What is exclusive ends with its connection, so whether it is durable is neither here nor there.</summary>
    private ProtocolError? CompareQueue(MessageQueue current, bool durable, bool exclusive, bool autoDelete, TableView arguments, object connection, ProfileRules rules)
    {
        QueueDefinition definition = current.Definition;
        string resource = QueueText(definition.Name);
        return !ReferenceEquals(definition.Owner, exclusive ? connection : null)
            ? TopologyErrors.Locked(resource)
            : (exclusive ? null : TopologyErrors.InequivalentUnlessSame("durable", resource, durable, definition.Durable))
                ?? TopologyErrors.InequivalentUnlessSame("auto_delete", resource, autoDelete, definition.AutoDelete)
                ?? QueueArguments.Compare(arguments, definition.Arguments.View, resource, rules);
    }

    /// <summary>What the caller's release no longer takes: queues that end with the broker and not with a connection, and two arguments (rows 73b, 74, 78).</summary>
    private ProtocolError? CheckDeprecated(QueueDefinition definition, Caller? caller)
    {
        if (caller is null)
        {
            return null;
        }

        TableView arguments = definition.Arguments.View;
        return !caller.Rules.TakesQueueVersion1 && arguments.TryGetValue("x-queue-version"u8, out FieldValueView version) && version.TryGetInt64(out long number) && number == 1
            ? TopologyErrors.InvalidArgument("x-queue-version", QueueText(definition.Name), "\"unsupported queue version '1'\"")
            : !caller.Rules.AllowsMasterLocator && arguments.ContainsKey("x-queue-master-locator"u8)
            ? ProtocolError.InternalError(ProfileRules.Deprecation("queue_master_locator"))
            : !caller.Rules.AllowsTransientQueues && definition is { Durable: false, Exclusive: false }
            ? ProtocolError.InternalError(ProfileRules.Deprecation("transient_nonexcl_queues"))
            : null;
    }

    /// <summary>Adds a queue whose name is free, if nothing speaks against it. Under the topology lock.</summary>
    private ProtocolError? AddQueue(QueueDefinition definition, ProtocolError? forbidden, EffectivePolicy? policy, Caller? caller, out MessageQueue? queue)
    {
        queue = null;
        string resource = QueueText(definition.Name);
        if ((QueueArguments.CheckDeadLetterExchange(definition.Arguments.View, resource) ?? forbidden ?? CheckQueueLimit(definition.Name)
            ?? QueueArguments.Validate(definition, resource, caller?.Rules ?? Rules) ?? CheckDeprecated(definition, caller)) is { } mistake)
        {
            return mistake;
        }

        queue = CreateQueue(definition);
        if (definition.Owner is not null)
        {
            if (!_exclusive.TryGetValue(definition.Owner, out HashSet<MessageQueue>? owned))
            {
                _exclusive.Add(definition.Owner, owned = []);
            }

            owned.Add(queue);
        }
        else if (definition.Durable)
        {
            Store?.DefineQueue(queue);
            queue.FindDurability();
        }

        if (policy is not null)
        {
            queue.ApplyPolicy(policy);
        }

        (queue as StreamQueue)?.Open();
        _queues.Add(queue);
        AdvanceRoutingVersion();
        return null;
    }

    private MessageQueue CreateQueue(QueueDefinition definition) =>
        QueueArguments.TypeOf(definition.Arguments.View) == QueueTypes.Stream ? new StreamQueue(this, definition) : new MessageQueue(this, definition);

    /// <summary>Some queues under one taking of the lock, so that others wait for these and not for all of a connection that had thousands.</summary>
    /// <returns>Those that were there still, and what is left to be done for each outside the lock.</returns>
    private List<(MessageQueue Queue, TopologyRemoval Removal)> CloseAndRemove(MessageQueue[] queues)
    {
        var removals = new List<(MessageQueue Queue, TopologyRemoval Removal)>();
        lock (TopologyLock)
        {
            foreach (MessageQueue queue in queues)
            {
                if (ReferenceEquals(FindQueue(queue.Name), queue))
                {
                    queue.TryClose(ifUnused: false, ifEmpty: false, out _);
                    removals.Add((queue, RemoveQueue(queue)));
                }
            }
        }

        return removals;
    }

    /// <summary>Takes a closed queue out of the virtual host, with the bindings that lead to it. Under the topology lock.</summary>
    private TopologyRemoval RemoveQueue(MessageQueue queue)
    {
        _queues.Remove(queue);
        Store?.RemoveQueue(queue);
        if (queue.Definition.Owner is { } owner && _exclusive.TryGetValue(owner, out HashSet<MessageQueue>? owned) && owned.Remove(queue) && owned.Count == 0)
        {
            _exclusive.Remove(owner);
        }

        var removal = new TopologyRemoval(this);
        removal.Add(queue);
        removal.Continue();
        AdvanceRoutingVersion();
        return removal;
    }
}
