using System.Globalization;
using System.Text;
using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Durability;

/// <summary>
/// What a journal declares. Definitions come in any order: they are gathered while it is read and resolved once, so that each thing is in a virtual host, and each binding between two things, that are there. What hangs on
/// something that is not (a crash came between two removals) is an orphan. Nothing lives of it: a broker that starts makes its own of it, an export only writes it. Used by one thread.
/// </summary>
internal sealed partial class StoredDefinitions
{
    private const string DefaultVirtualHost = "/";

    private readonly Dictionary<DefinitionKind, List<(byte[] Name, byte[] Value)>> _gathered = [];
    private readonly Dictionary<uint, StoredVirtualHost> _hosts = [];
    private readonly HashSet<string> _hostNames = new(StringComparer.Ordinal);
    private readonly HashSet<uint> _exchanges = [];
    private readonly HashSet<uint> _holders = [];
    private readonly HashSet<uint> _queues = [];
    private readonly List<(DefinitionKind Kind, byte[] Name)> _orphans = [];

    /// <summary>Queues, exchanges and virtual hosts whose definition is no more, or leads to nothing that is there.</summary>
    private readonly HashSet<uint> _removed = [];

    /// <summary>The virtual hosts with what is in them, in the order of the journal, those that were lost last.</summary>
    public IReadOnlyCollection<StoredVirtualHost> VirtualHosts => _hosts.Values;

    /// <summary>The users with what they may do in those.</summary>
    public Dictionary<string, UserState> Users { get; } = new(StringComparer.Ordinal);

    /// <summary>What leads to nothing that is there.</summary>
    public IReadOnlyList<(DefinitionKind Kind, byte[] Name)> Orphans => _orphans;

    /// <summary>The kind with the number.</summary>
    /// <exception cref="JournalVersionException">There is none.</exception>
    public static DefinitionKind KindOf(ushort kind) => Enum.IsDefined((DefinitionKind)kind)
        ? (DefinitionKind)kind
        : throw new JournalVersionException($"The journal has definitions of kind {kind}, which this program does not know: a later one has written them.");

    /// <summary>Gathers one that stands.</summary>
    public void Add(DefinitionKind kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => ListOf(kind).Add((name.ToArray(), value.ToArray()));

    /// <summary>Notes what a definition said that stands no more.</summary>
    public void NoteReplaced(DefinitionKind kind, ReadOnlySpan<byte> value)
    {
        if (kind is DefinitionKind.Queue or DefinitionKind.Exchange or DefinitionKind.VirtualHost)
        {
            NoteRemoved(value);
        }
    }

    /// <summary>Whether what has the number is there and holds messages: a queue, or an exchange that keeps some for later.</summary>
    public bool HoldsMessages(uint number) => _holders.Contains(number);

    /// <summary>Whether what has the number was there once, and went.</summary>
    public bool WasRemoved(uint number) => _removed.Contains(number);

    /// <summary>Everything is gathered: says what is there.</summary>
    /// <exception cref="JournalVersionException">Something of it is of no form that this program knows.</exception>
    public void Resolve()
    {
        ResolveVirtualHosts();
        FindLostVirtualHosts();
        ResolveUsers();
        ResolvePermissions();
        ResolveTopicPermissions();
        ResolvePolicies();
        ResolveExchanges();
        ResolveQueues();
        ResolveBindings();
        _gathered.Clear();
    }

    /// <summary>What is there has been made; what was removed, and the orphans, stay known.</summary>
    public void Forget()
    {
        _hosts.Clear();
        Users.Clear();
    }

    private void ResolveExchanges()
    {
        foreach (var (name, value) in ListOf(DefinitionKind.Exchange))
        {
            var nameReader = new OctetReader(name);
            if (FindVirtualHost(DefinitionKind.Exchange, name, ref nameReader) is not { } virtualHost)
            {
                NoteRemoved(value);
                continue;
            }

            var reader = ReadValue(DefinitionKind.Exchange, value);
            uint number = reader.Long();
            byte flags = reader.Octet();
            bool isKnown = VirtualHost.TryParseType(reader.ShortText(), out ExchangeType type);
            var arguments = ReadTable(DefinitionKind.Exchange, reader.Rest());
            if (reader.IsBroken || !isKnown)
            {
                throw Unreadable(DefinitionKind.Exchange);
            }

            var properties = new ExchangeProperties(Durable: true, (flags & BrokerStore.AutoDeleteFlag) != 0, (flags & BrokerStore.InternalFlag) != 0, arguments);
            virtualHost.Exchanges.Add(new StoredExchange(number, nameReader.Rest().ToArray(), type, properties));
            _exchanges.Add(number);
            if (type is ExchangeType.Delayed or ExchangeType.RecentHistory)
            {
                _holders.Add(number);
            }
        }
    }

    private void ResolveQueues()
    {
        foreach (var (name, value) in ListOf(DefinitionKind.Queue))
        {
            var nameReader = new OctetReader(name);
            if (FindVirtualHost(DefinitionKind.Queue, name, ref nameReader) is not { } virtualHost)
            {
                NoteRemoved(value);
                continue;
            }

            var reader = ReadValue(DefinitionKind.Queue, value);
            uint number = reader.Long();
            byte flags = reader.Octet();
            var definition = new QueueDefinition
            {
                Name = nameReader.Rest().ToArray(),
                Durable = true,
                AutoDelete = (flags & BrokerStore.AutoDeleteFlag) != 0,
                Arguments = ReadTable(DefinitionKind.Queue, reader.Rest()),
            };
            if (reader.IsBroken)
            {
                throw Unreadable(DefinitionKind.Queue);
            }

            virtualHost.Queues.Add(new StoredQueue(number, definition));
            _queues.Add(number);
            _holders.Add(number);
        }
    }

    private void ResolveBindings()
    {
        foreach (var (name, value) in ListOf(DefinitionKind.Binding))
        {
            var nameReader = new OctetReader(name);
            if (FindVirtualHost(DefinitionKind.Binding, name, ref nameReader) is not { } virtualHost)
            {
                continue;
            }

            uint source = nameReader.Long();
            uint destination = nameReader.Long();
            byte[] key = nameReader.ShortText().ToArray();
            var arguments = ReadTable(DefinitionKind.Binding, ReadValue(DefinitionKind.Binding, value).Rest());
            if (nameReader.IsBroken)
            {
                throw Unreadable(DefinitionKind.Binding);
            }

            if (!IsExchange(source) || !(IsExchange(destination) || _queues.Contains(destination)))
            {
                _orphans.Add((DefinitionKind.Binding, name));
                continue;
            }

            virtualHost.Bindings.Add(new StoredBinding(source, destination, key, arguments));
        }
    }

    private bool IsExchange(uint number) => number < BrokerStore.FirstNumber ? VirtualHost.IsPredeclared(number) : _exchanges.Contains(number);

    /// <summary>A definition of a queue or an exchange, whose value has its number behind the version, leads nowhere.</summary>
    private void NoteRemoved(ReadOnlySpan<byte> value)
    {
        var reader = new OctetReader(value);
        _ = reader.Octet();
        _removed.Add(reader.Long());
    }

    /// <summary>
    /// What is in a virtual host begins with its number. One that is not there, and that nobody has deleted, is lost, and what is in it is not: it is there again, without its
    /// settings.
    /// </summary>
    private void FindLostVirtualHosts()
    {
        foreach (var kind in (ReadOnlySpan<DefinitionKind>)[DefinitionKind.Exchange, DefinitionKind.Queue])
        {
            foreach (var (name, _) in ListOf(kind))
            {
                uint number = new OctetReader(name).Long();
                if (!_hosts.ContainsKey(number) && !_removed.Contains(number))
                {
                    // The first that a broker ever makes is "/"; what another was called nobody knows.
                    string lost = !_hostNames.Contains(DefaultVirtualHost) ? DefaultVirtualHost : string.Create(CultureInfo.InvariantCulture, $"lost-{number}");
                    AddVirtualHost(new StoredVirtualHost(number, lost, VirtualHostSettings.None) { IsMadeAgain = true });
                }
            }
        }
    }

    private void AddVirtualHost(StoredVirtualHost host)
    {
        _hosts.Add(host.Number, host);
        _hostNames.Add(host.Name);
    }

    /// <summary>The virtual host whose number stands at the front of a name; null, with the definition an orphan, when it is not there.</summary>
    private StoredVirtualHost? FindVirtualHost(DefinitionKind kind, byte[] name, ref OctetReader reader)
    {
        if (_hosts.TryGetValue(reader.Long(), out var virtualHost))
        {
            return virtualHost;
        }

        _orphans.Add((kind, name));
        return null;
    }

    private static Table ReadTable(DefinitionKind kind, ReadOnlySpan<byte> octets) => TableView.Validate(octets) == DecodeError.None
        ? Table.CopyOf(octets)
        : throw Unreadable(kind);

    /// <summary>A whole record that makes no sense was written by a program that knew more, or less.</summary>
    public static JournalVersionException Unreadable(DefinitionKind kind) =>
        new($"The journal has a definition of kind {kind} that this program cannot read: another version of it has written it.");

    private static OctetReader ReadValue(DefinitionKind kind, byte[] value)
    {
        var reader = new OctetReader(value);
        return reader.Octet() == DefinitionFields.Version ? reader : throw Unreadable(kind);
    }

    private List<(byte[] Name, byte[] Value)> ListOf(DefinitionKind kind)
    {
        if (!_gathered.TryGetValue(kind, out var list))
        {
            _gathered.Add(kind, list = []);
        }

        return list;
    }

    private static string Utf8(ReadOnlySpan<byte> octets) => Encoding.UTF8.GetString(octets);
}
