using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Host;

/// <summary>What the broker's definitions call the queues of a journal (docs/journal.md, "The broker's definitions"). Used by one thread.</summary>
internal sealed class StoreInventory
{
    private const ushort BegunKind = 2;
    private const ushort VirtualHostKind = 3;
    private const ushort ExchangeKind = 4;
    private const ushort QueueKind = 5;
    private const ushort UserKind = 7;
    private const ushort StreamKind = 13;
    private const string DefaultVirtualHost = "/";
    private const byte Version = 1;
    private const int ArgumentsOffset = 1 + sizeof(uint) + 1;

    private bool _hasBegun;
    private bool _hasUsers;

    private readonly Dictionary<uint, string> _virtualHosts = [];
    private readonly Dictionary<uint, (long First, long End)> _streams = [];
    private readonly HashSet<uint> _declaredStreams = [];
    private readonly Dictionary<uint, (string Kind, uint VirtualHost, string Name)> _owners = [];

    /// <summary>Whether the next start makes the users with which a broker begins: there are none, and nothing says that there were.</summary>
    public bool WillBegin => !_hasBegun && !_hasUsers;

    /// <summary>Which definitions declare something that holds messages: queues, and exchanges that keep some for later.</summary>
    public uint QueueOf(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        _hasBegun |= kind == BegunKind;
        _hasUsers |= kind == UserKind;
        if (value.Length < 1 + sizeof(uint) || (kind != VirtualHostKind && name.Length < sizeof(uint)))
        {
            return 0;
        }

        if (kind == StreamKind)
        {
            ReadStream(BinaryPrimitives.ReadUInt32BigEndian(name), value[1..]);
            return 0;
        }

        uint number = BinaryPrimitives.ReadUInt32BigEndian(value[1..]);
        if (kind == VirtualHostKind)
        {
            _virtualHosts[number] = Encoding.UTF8.GetString(name);
        }

        if (kind is not (ExchangeKind or QueueKind))
        {
            return 0;
        }

        if (kind == QueueKind && IsStream(value))
        {
            _declaredStreams.Add(number);
        }

        _owners[number] = (kind == QueueKind ? "queue" : "exchange", BinaryPrimitives.ReadUInt32BigEndian(name), Encoding.UTF8.GetString(name[sizeof(uint)..]));
        return number;
    }

    /// <summary>How people know what has this number.</summary>
    public string NameOf(uint number) => _owners.TryGetValue(number, out var owner)
        ? $"{owner.Kind} '{owner.Name}' in virtual host '{_virtualHosts.GetValueOrDefault(owner.VirtualHost, "?")}'"
        : $"{JournalDamage.NumberOf(number)}, which no definition declares";

    /// <summary>The offset behind the last message that a stream is known to have had; 0 when nothing is known.</summary>
    public long StreamEndOf(uint number) => _streams.GetValueOrDefault(number).End;

    /// <summary>The offset before which a stream has dropped its messages; below 0 when nothing is known.</summary>
    public long StreamFirstOf(uint number) => _streams.TryGetValue(number, out var stream) ? stream.First : -1;

    /// <summary>The streams that were declared, or are known to have had messages.</summary>
    public IEnumerable<uint> Streams => _streams.Keys.Union(_declaredStreams);

    /// <summary>Whether what has this number holds messages only now and then, so that none are no news.</summary>
    public bool IsExchange(uint number) => _owners.TryGetValue(number, out var owner) && owner.Kind == "exchange";

    /// <summary>Virtual hosts that are not there, and are not known to have been removed, although something in them is; with the names that they are to have.</summary>
    /// <param name="declared">The numbers of what is there.</param>
    public IEnumerable<(uint Number, string Name)> LostVirtualHosts(IReadOnlySet<uint> declared)
    {
        bool hasDefault = _virtualHosts.ContainsValue(DefaultVirtualHost);
        foreach (uint number in _owners.Where(owner => declared.Contains(owner.Key)).Select(owner => owner.Value.VirtualHost).Distinct().Where(host => !_virtualHosts.ContainsKey(host)).Order())
        {
            // The first that a broker ever makes is "/"; what another was called nobody knows.
            yield return (number, hasDefault ? string.Create(CultureInfo.InvariantCulture, $"lost-{number}") : DefaultVirtualHost);
            hasDefault = true;
        }
    }

    /// <summary>What a broker that starts would put in the place of something lost, and say so: with it nothing is missed any more.</summary>
    /// <param name="declared">The numbers of what is there.</param>
    public IEnumerable<(ushort Kind, byte[] Name, byte[] Value)> Missing(IReadOnlySet<uint> declared)
    {
        foreach (var (number, name) in LostVirtualHosts(declared))
        {
            byte[] value = new byte[1 + sizeof(uint)];
            value[0] = Version;
            BinaryPrimitives.WriteUInt32BigEndian(value.AsSpan(1), number);
            yield return (VirtualHostKind, Encoding.UTF8.GetBytes(name), value);
        }

        if (_hasUsers && !_hasBegun)
        {
            // Else a user that a broker begins with would come back.
            yield return (BegunKind, [], []);
        }
    }

    /// <summary>Whether a queue's definition asks for a stream. The arguments stand behind version, number and flags.</summary>
    private static bool IsStream(ReadOnlySpan<byte> value) =>
        value.Length > ArgumentsOffset && new TableView(value[ArgumentsOffset..]).TryGetValue("x-queue-type"u8, out FieldValueView type) && type.TryGetString(out var word) && word.SequenceEqual("stream"u8);

    private void ReadStream(uint number, ReadOnlySpan<byte> value) => _streams[number] = (
        value.Length < 2 * sizeof(long) ? -1 : BinaryPrimitives.ReadInt64BigEndian(value[sizeof(long)..]),
        value.Length < sizeof(long) ? 0 : BinaryPrimitives.ReadInt64BigEndian(value));
}
