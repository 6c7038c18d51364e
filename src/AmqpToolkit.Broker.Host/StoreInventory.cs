using System.Buffers.Binary;
using System.Text;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Host;

/// <summary>What the broker's definitions call the queues of a journal (docs/journal.md, "The broker's definitions"). Used by one thread.</summary>
internal sealed class StoreInventory
{
    private const ushort VirtualHostKind = 3;
    private const ushort ExchangeKind = 4;
    private const ushort QueueKind = 5;
    private const ushort StreamKind = 13;

    private readonly Dictionary<uint, string> _virtualHosts = [];
    private readonly Dictionary<uint, (long First, long End)> _streams = [];
    private readonly Dictionary<uint, (string Kind, uint VirtualHost, string Name)> _owners = [];

    /// <summary>Which definitions declare something that holds messages: queues, and exchanges that keep some for later.</summary>
    public uint QueueOf(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
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

    /// <summary>The streams that are known to have had messages.</summary>
    public IEnumerable<uint> Streams => _streams.Keys;

    /// <summary>Whether what has this number holds messages only now and then, so that none are no news.</summary>
    public bool IsExchange(uint number) => _owners.TryGetValue(number, out var owner) && owner.Kind == "exchange";

    private void ReadStream(uint number, ReadOnlySpan<byte> value) => _streams[number] = (
        value.Length < 2 * sizeof(long) ? -1 : BinaryPrimitives.ReadInt64BigEndian(value[sizeof(long)..]),
        value.Length < sizeof(long) ? 0 : BinaryPrimitives.ReadInt64BigEndian(value));
}
