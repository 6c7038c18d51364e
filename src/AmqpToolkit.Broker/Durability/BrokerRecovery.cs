using System.Globalization;
using System.Text;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Storage.Journaling;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Broker.Durability;

/// <summary>
/// Gives a broker that starts what its journal holds. What it declares (<see cref="StoredDefinitions"/>) is made into virtual hosts, users, policies, exchanges, queues and
/// bindings before the first message; what hangs on something that is not there is removed. Used once, by one thread.
/// </summary>
internal sealed partial class BrokerRecovery(AmqpBroker broker, BrokerStore store) : IJournalVisitor
{
    private readonly StoredDefinitions _stored = new();
    private readonly Dictionary<uint, BindingDestination> _destinations = [];

    /// <summary>Virtual hosts whose definition was lost.</summary>
    private readonly List<VirtualHost> _madeAgain = [];

    /// <summary>What was met before it was known how people call things.</summary>
    private readonly List<JournalDamage> _damages = [];
    private bool _isBuilt;
    private readonly long _start = broker.Options.TimeProvider.GetTimestamp();
    private int _queueCount;
    private int _exchangeCount;
    private int _bindingCount;
    private long _messageCount;
    private bool _wasClosed;

    public void VisitDefinition(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var known = StoredDefinitions.KindOf(kind);
        if (known == DefinitionKind.Numbers)
        {
            store.SkipNumbers(new OctetReader(value).Long());
        }
        else if (known == DefinitionKind.Places)
        {
            store.ReadPlaces(value);
        }
        else if (known == DefinitionKind.Stream)
        {
            store.ReadStream(name, value);
        }
        else if (known == DefinitionKind.Begun)
        {
            store.HasBegun = true;
            if (!value.IsEmpty)
            {
                broker.Users.ImitationSecret = value.ToArray();
            }
        }
        else
        {
            _stored.Add(known, name, value);
        }
    }

    public void VisitQueues(bool wasClosed, ulong highestPlace)
    {
        _wasClosed = wasClosed;
        store.BeginPlaces(highestPlace, wasClosed);
        try
        {
            Build();
        }
        finally
        {
            _isBuilt = true;
            _damages.ForEach(TellDamage);
        }
    }

    /// <summary>Of a message that waits in a queue nothing is needed but how long it is: it stays on the disk until somebody wants it.</summary>
    public int Measure(ReadOnlySpan<byte> content) => StoredMessageFormat.TryRead(content, out var message) ? message.Body.Length : -1;

    /// <summary>An exchange that keeps messages has them in memory, and what goes to a stream goes there now.</summary>
    public bool WantsContents(uint queue) => _destinations[queue] is KeepingExchange or StreamQueue;

    public bool HasQueue(uint queue) => _destinations.TryGetValue(queue, out var found) && found is MessageQueue or KeepingExchange;

    public void VisitMessage(in RecoveredMessage message)
    {
        _messageCount++;
        var destination = _destinations[message.Queue];
        if (!(destination is MessageQueue queue ? queue.Restore(in message) : ((KeepingExchange)destination).Restore(in message)))
        {
            Log.StoreDamaged(broker.Logger, BrokerStore.NameOf(destination), "a message of an unknown form");
        }
    }

    public void VisitReplaced(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => _stored.NoteReplaced((DefinitionKind)kind, value);

    public bool WasRemoved(uint queue) => _stored.WasRemoved(queue);

    public void VisitDamage(JournalDamage damage)
    {
        HasMetDamage = true;
        if (_isBuilt)
        {
            TellDamage(damage);
        }
        else
        {
            _damages.Add(damage);
        }
    }

    public void VisitEnd(bool wasClosed)
    {
        // What there is to say was said before the messages.
    }

    /// <summary>Whether anything is damaged.</summary>
    public bool HasMetDamage { get; private set; }

    /// <summary>The journal takes changes again: what hung in the air goes.</summary>
    public void Finish()
    {
        if (HasMetDamage)
        {
            store.TellUnknownStreams(_destinations.ContainsKey);
        }
        else
        {
            store.ForgetStreams(_destinations.ContainsKey);
        }

        foreach (var virtualHost in _madeAgain)
        {
            store.DefineVirtualHost(virtualHost);
        }

        foreach (var (kind, name) in _stored.Orphans)
        {
            store.Remove(kind, name);
        }

        foreach (var destination in _destinations.Values)
        {
            (destination as MessageQueue)?.FinishRestore();
            (destination as KeepingExchange)?.FinishRestore();
        }

        if (store.HasBegun && broker.Logger.IsEnabled(LogLevel.Information))
        {
            long milliseconds = (long)broker.Options.TimeProvider.GetElapsedTime(_start).TotalMilliseconds;
            Log.StoreRead(broker.Logger, _queueCount, _exchangeCount, _bindingCount, _messageCount, milliseconds, _wasClosed ? string.Empty : ", after a stop without a word");
        }
    }

    private void TellDamage(JournalDamage damage) => Log.StoreDamaged(broker.Logger, damage.Where, damage.WhatOf(NameOf));

    private string NameOf(uint number) => _destinations.TryGetValue(number, out var found) ? BrokerStore.NameOf(found) : JournalDamage.NumberOf(number);
}
