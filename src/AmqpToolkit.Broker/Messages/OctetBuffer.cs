using System.Buffers.Binary;

namespace AmqpToolkit.Broker.Messages;

/// <summary>Octets that are written one after the other into an array that grows and is used again. Owned by one thread.</summary>
internal sealed class OctetBuffer
{
    /// <summary>What is kept for the next time; a larger array goes.</summary>
    private const int KeptOctets = 64 * 1024;

    private byte[] _octets = new byte[512];

    public int Count { get; private set; }

    public ReadOnlySpan<byte> Written => _octets.AsSpan(0, Count);

    public void Clear()
    {
        Count = 0;
        if (_octets.Length > KeptOctets)
        {
            _octets = new byte[512];
        }
    }

    public void Add(byte octet) => Reserve(1)[0] = octet;

    public void Add(ReadOnlySpan<byte> octets) => octets.CopyTo(Reserve(octets.Length));

    public void AddInt16(int value) => BinaryPrimitives.WriteUInt16BigEndian(Reserve(sizeof(ushort)), (ushort)value);

    public void AddInt32(int value) => BinaryPrimitives.WriteInt32BigEndian(Reserve(sizeof(int)), value);

    public void AddInt64(long value) => BinaryPrimitives.WriteInt64BigEndian(Reserve(sizeof(long)), value);

    /// <summary>Takes back what was written since.</summary>
    public void Truncate(int count) => Count = count;

    /// <summary>Writes over two octets that were written before.</summary>
    public void SetInt16(int at, int value) => BinaryPrimitives.WriteUInt16BigEndian(_octets.AsSpan(at), (ushort)value);

    /// <summary>Leaves room for a length of four octets, which <see cref="EndLength"/> fills.</summary>
    public int BeginLength()
    {
        AddInt32(0);
        return Count;
    }

    /// <summary>Fills the length with what was written since <paramref name="start"/>.</summary>
    public void EndLength(int start) => BinaryPrimitives.WriteInt32BigEndian(_octets.AsSpan(start - sizeof(int)), Count - start);

    private Span<byte> Reserve(int octets)
    {
        if (_octets.Length - Count < octets)
        {
            Array.Resize(ref _octets, Math.Max(Count + octets, _octets.Length * 2));
        }

        var span = _octets.AsSpan(Count, octets);
        Count += octets;
        return span;
    }
}
