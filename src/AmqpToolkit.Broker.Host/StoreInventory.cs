using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Host;

/// <summary>What the broker's definitions call the queues of a journal (docs/journal.md, "The broker's definitions"). Used by one thread.</summary>
internal sealed class StoreInventory
{
    private const ushort VirtualHostKind = 3;
    private const ushort ExchangeKind = 4;
    private const ushort QueueKind = 5;

    private readonly Dictionary<uint, string> _virtualHosts = [];
    private readonly Dictionary<uint, (string Kind, uint VirtualHost, string Name)> _owners = [];

    /// <summary>Which definitions declare something that holds messages: queues, and exchanges that keep some for later.</summary>
    public uint QueueOf(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (value.Length < 1 + sizeof(uint) || (kind != VirtualHostKind && name.Length < sizeof(uint)))
        {
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
        : string.Create(CultureInfo.InvariantCulture, $"queue number {number}, which no definition declares");

    /// <summary>Whether what has this number holds messages only now and then, so that none are no news.</summary>
    public bool IsExchange(uint number) => _owners.TryGetValue(number, out var owner) && owner.Kind == "exchange";
}
