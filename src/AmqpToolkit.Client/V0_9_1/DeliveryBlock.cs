using System.Buffers;
using System.Numerics;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>
/// The memory of one received message: envelope, properties as they came and body, in a row. Filled by the reader, then handed to one
/// owner; pooled. <see cref="Version"/> rises with each return to the pool, so that a handle of an earlier life is found out.
/// </summary>
/// <remarks>
/// <code>
///   | exchange | routing key | property flags and list | body |
/// </code>
/// Grows with what arrives, never by what was announced.
/// </remarks>
internal sealed class DeliveryBlock(AmqpChannel channel, AmqpConsumer? consumer, bool noAck, IDeliveryPool pool)
{
    /// <summary>The smallest memory, in octets.</summary>
    private const int MinOctets = 256;

    /// <summary>Up to here the block keeps its memory while pooled; more is rented for one message.</summary>
    private const int KeptOctets = 4096;

    /// <summary>What a body gets at first, in octets, whatever was announced.</summary>
    private const int FirstBodyOctets = 64 * 1024;

    /// <summary>A block without its memory, in octets.</summary>
    private const int OverheadOctets = 128;

    private byte[] _own = [];
    private byte[] _octets = [];
    private int _exchangeEnd;
    private int _routingKeyEnd;
    private int _propertiesEnd;
    private int _end;
    private int _wholeEnd;
    private int _version;
    private volatile bool _isRetained;

    public AmqpChannel Channel => channel;

    public AmqpConsumer? Consumer => consumer;

    public bool NoAck => noAck;

    public int Version => Volatile.Read(ref _version);

    public ulong DeliveryTag { get; private set; }

    public bool Redelivered { get; private set; }

    public uint MessageCount { get; set; }

    /// <summary>Whether somebody holds the block beyond its turn in the enumeration.</summary>
    public bool IsRetained
    {
        get => _isRetained;
        set => _isRetained = value;
    }

    public ReadOnlySpan<byte> Exchange => _octets.AsSpan(0, _exchangeEnd);

    public ReadOnlySpan<byte> RoutingKey => _octets.AsSpan(_exchangeEnd, _routingKeyEnd - _exchangeEnd);

    public ReadOnlySpan<byte> Properties => _octets.AsSpan(_routingKeyEnd, _propertiesEnd - _routingKeyEnd);

    public ReadOnlyMemory<byte> Body => _octets.AsMemory(_propertiesEnd, _end - _propertiesEnd);

    /// <summary>What the message costs in memory, in octets.</summary>
    public int HeldOctets => _octets.Length + OverheadOctets;

    public void Begin(ulong deliveryTag, bool redelivered, ReadOnlySpan<byte> exchange, ReadOnlySpan<byte> routingKey)
    {
        DeliveryTag = deliveryTag;
        Redelivered = redelivered;
        IsRetained = false;
        _end = 0;
        Reserve(exchange.Length + routingKey.Length);
        exchange.CopyTo(_octets);
        _exchangeEnd = exchange.Length;
        routingKey.CopyTo(_octets.AsSpan(_exchangeEnd));
        _end = _routingKeyEnd = _propertiesEnd = _exchangeEnd + routingKey.Length;
    }

    public void AddHeader(ReadOnlySpan<byte> properties, int bodyOctets)
    {
        _wholeEnd = _end + properties.Length + bodyOctets;
        Reserve(_end + properties.Length + Math.Min(bodyOctets, FirstBodyOctets));
        properties.CopyTo(_octets.AsSpan(_end));
        _end += properties.Length;
        _propertiesEnd = _end;
    }

    public void AddBody(ReadOnlySpan<byte> octets)
    {
        Reserve(_end + octets.Length);
        octets.CopyTo(_octets.AsSpan(_end));
        _end += octets.Length;
    }

    /// <summary>Gives the memory back; every handle is void from here on.</summary>
    public void Release()
    {
        Interlocked.Increment(ref _version);
        IsRetained = false;
        (_exchangeEnd, _routingKeyEnd, _propertiesEnd, _end) = (0, 0, 0, 0);
        if (!ReferenceEquals(_octets, _own))
        {
            ArrayPool<byte>.Shared.Return(_octets);
            _octets = _own;
        }
    }

    /// <summary>Releases the block and puts it back where it came from.</summary>
    public void Return()
    {
        Release();
        pool.Return(this);
    }

    private void Reserve(int octets)
    {
        if (_octets.Length < octets)
        {
            Grow(octets);
        }
    }

    private void Grow(int octets)
    {
        byte[] larger;
        if (octets <= KeptOctets)
        {
            larger = GC.AllocateUninitializedArray<byte>((int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(octets, MinOctets)));
        }
        else
        {
            // Doubling keeps the copies few; the announced end keeps the last step from doing too much.
            long doubled = Math.Min(Math.Max(_octets.Length * 2L, octets), Math.Max(octets, _wholeEnd));
            larger = ArrayPool<byte>.Shared.Rent((int)doubled);
        }

        _octets.AsSpan(0, _end).CopyTo(larger);
        if (!ReferenceEquals(_octets, _own))
        {
            ArrayPool<byte>.Shared.Return(_octets);
        }

        _octets = larger;
        if (octets <= KeptOctets)
        {
            _own = larger;
        }
    }
}
