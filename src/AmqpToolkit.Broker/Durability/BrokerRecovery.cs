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
/// Gives a broker that starts what its journal holds. Definitions come in any order: they are gathered, and made into virtual hosts, users, policies, exchanges, queues and
/// bindings, in that order, before the first message. What hangs on something that is not there (a crash came between two removals) is removed. Used once, by one thread.
/// </summary>
internal sealed partial class BrokerRecovery(AmqpBroker broker, BrokerStore store) : IJournalVisitor
{
    private const string DefaultVirtualHost = "/";

    private readonly Dictionary<DefinitionKind, List<(byte[] Name, byte[] Value)>> _definitions = [];
    private readonly Dictionary<uint, VirtualHost> _virtualHosts = [];
    private readonly Dictionary<uint, BindingDestination> _destinations = [];
    private readonly List<(DefinitionKind Kind, byte[] Name)> _orphans = [];

    /// <summary>Queues, exchanges and virtual hosts whose definition is no more, or leads to nothing that is there.</summary>
    private readonly HashSet<uint> _removed = [];

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
        var known = (DefinitionKind)kind;
        if (!Enum.IsDefined(known))
        {
            throw new JournalVersionException($"The journal has definitions of kind {kind}, which this program does not know: a later one has written them.");
        }

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
            ListOf(known).Add((name.ToArray(), value.ToArray()));
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

    public void VisitReplaced(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if ((DefinitionKind)kind is DefinitionKind.Queue or DefinitionKind.Exchange or DefinitionKind.VirtualHost)
        {
            NoteRemoved(value);
        }
    }

    public bool WasRemoved(uint queue) => _removed.Contains(queue);

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

    /// <summary>Told of damages, in the words of people; null for the broker's log.</summary>
    public Action<JournalDamage, string>? Told { get; init; }

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

        foreach (var (kind, name) in _orphans)
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

    private void Build()
    {
        BuildVirtualHosts();
        MakeLostVirtualHosts();
        BuildUsers();
        BuildPolicies();
        BuildExchanges();
        BuildQueues();
        BuildBindings();
        _definitions.Clear();
    }

    /// <summary>A definition of a queue or an exchange, whose value has its number behind the version, leads nowhere.</summary>
    private void NoteRemoved(ReadOnlySpan<byte> value)
    {
        var reader = new OctetReader(value);
        _ = reader.Octet();
        _removed.Add(reader.Long());
    }

    private void TellDamage(JournalDamage damage)
    {
        if (Told is { } told)
        {
            told(damage, damage.WhatOf(NameOf));
        }
        else
        {
            Log.StoreDamaged(broker.Logger, damage.Where, damage.WhatOf(NameOf));
        }
    }

    private string NameOf(uint number) => _destinations.TryGetValue(number, out var found) ? BrokerStore.NameOf(found) : JournalDamage.NumberOf(number);

    private static Table ReadTable(DefinitionKind kind, ReadOnlySpan<byte> octets) => TableView.Validate(octets) == DecodeError.None
        ? Table.CopyOf(octets)
        : throw Unreadable(kind);

    /// <summary>A whole record that makes no sense was written by a program that knew more, or less.</summary>
    private static JournalVersionException Unreadable(DefinitionKind kind) =>
        new($"The journal has a definition of kind {kind} that this program cannot read: another version of it has written it.");

    private static OctetReader ReadValue(DefinitionKind kind, byte[] value)
    {
        var reader = new OctetReader(value);
        return reader.Octet() == DefinitionFields.Version ? reader : throw Unreadable(kind);
    }

    private List<(byte[] Name, byte[] Value)> ListOf(DefinitionKind kind)
    {
        if (!_definitions.TryGetValue(kind, out var list))
        {
            _definitions.Add(kind, list = []);
        }

        return list;
    }

    /// <summary>
    /// What is in a virtual host begins with its number. One that is not there, and that nobody has deleted, is lost, and what is in it is not: it is made again, without its
    /// settings.
    /// </summary>
    private void MakeLostVirtualHosts()
    {
        foreach (var kind in (ReadOnlySpan<DefinitionKind>)[DefinitionKind.Exchange, DefinitionKind.Queue])
        {
            foreach (var (name, _) in ListOf(kind))
            {
                uint number = new OctetReader(name).Long();
                if (!_virtualHosts.ContainsKey(number) && !_removed.Contains(number))
                {
                    MakeLost(number);
                }
            }
        }
    }

    private void MakeLost(uint number)
    {
        // The first that a broker ever makes is "/"; what another was called nobody knows.
        string name = broker.VirtualHosts.Find(DefaultVirtualHost) is null ? DefaultVirtualHost : string.Create(CultureInfo.InvariantCulture, $"lost-{number}");
        var virtualHost = broker.VirtualHosts.Restore(name, number).Topology;
        _virtualHosts.Add(number, virtualHost);
        _madeAgain.Add(virtualHost);
        VisitDamage(new JournalDamage("definitions", 0, 0, $"the virtual host that is '{name}' from now on: its name and its settings are lost") { HasPlace = false });
    }

    /// <summary>The virtual host whose number stands at the front of a name; null, with the definition to be removed, when it is not there.</summary>
    private VirtualHost? FindVirtualHost(DefinitionKind kind, byte[] name, ref OctetReader reader)
    {
        if (_virtualHosts.TryGetValue(reader.Long(), out var virtualHost))
        {
            return virtualHost;
        }

        _orphans.Add((kind, name));
        return null;
    }

    private static string Utf8(ReadOnlySpan<byte> octets) => Encoding.UTF8.GetString(octets);
}
