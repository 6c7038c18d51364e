using System.Buffers.Binary;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Conversion;

/// <summary>Values of 1.0 (1.6) that are written one after the other into an array that grows and is used again. Owned by one thread.</summary>
internal sealed class EncodedBuffer
{
    /// <summary>What is kept for the next time; a larger array goes.</summary>
    private const int KeptOctets = 64 * 1024;

    /// <summary>Constructor, size and count of a list, map or array in the small form.</summary>
    private const int SmallStart = 3;

    /// <summary>The same in the large form.</summary>
    private const int LargeStart = 1 + (2 * sizeof(uint));

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

    /// <summary>Takes back what was written since.</summary>
    public void Truncate(int count) => Count = count;

    public void AddNull() => Reserve(1)[0] = Constructors.Null;

    public void AddBoolean(bool value) => Count += AmqpWriter.WriteBoolean(Room(1), value);

    public void AddUByte(byte value) => Count += AmqpWriter.WriteUByte(Room(2), value);

    public void AddByte(sbyte value) => Count += AmqpWriter.WriteByte(Room(2), value);

    public void AddUShort(ushort value) => Count += AmqpWriter.WriteUShort(Room(3), value);

    public void AddShort(short value) => Count += AmqpWriter.WriteShort(Room(3), value);

    public void AddUInt(uint value) => Count += AmqpWriter.WriteUInt(Room(5), value);

    public void AddInt(int value) => Count += AmqpWriter.WriteInt(Room(5), value);

    public void AddULong(ulong value) => Count += AmqpWriter.WriteULong(Room(9), value);

    public void AddLong(long value) => Count += AmqpWriter.WriteLong(Room(9), value);

    public void AddFloat(float value) => Count += AmqpWriter.WriteFloat(Room(5), value);

    public void AddDouble(double value) => Count += AmqpWriter.WriteDouble(Room(9), value);

    public void AddDecimal64(ulong bits) => Count += AmqpWriter.WriteDecimal64(Room(9), bits);

    public void AddTimestamp(long milliseconds) => Count += AmqpWriter.WriteTimestamp(Room(9), milliseconds);

    public void AddUuid(Guid value) => Count += AmqpWriter.WriteUuid(Room(17), value);

    public void AddBinary(scoped ReadOnlySpan<byte> octets) => AddVariable(Constructors.BinaryVbin8, octets);

    /// <summary>Adds a string; the octets are UTF-8.</summary>
    public void AddString(scoped ReadOnlySpan<byte> utf8) => AddVariable(Constructors.StringStr8Utf8, utf8);

    /// <summary>Adds a symbol; the octets are ASCII.</summary>
    public void AddSymbol(scoped ReadOnlySpan<byte> ascii) => AddVariable(Constructors.SymbolSym8, ascii);

    /// <summary>Adds the descriptor of a section.</summary>
    public void AddDescriptor(ulong code) => Count += AmqpWriter.WriteDescriptor(Room(10), code);

    /// <summary>Adds the start of a section of data whose octets stand elsewhere.</summary>
    public void AddDataStart(long octets)
    {
        AddDescriptor(DataView.DescriptorCode);
        Count += AmqpWriter.WriteBinaryHeader(Room(AmqpWriter.MaxVariableOverhead), (int)octets);
    }

    /// <summary>Leaves room for the start of a list, map or array in the small form; <see cref="EndCompound"/> fills or widens it.</summary>
    public int BeginCompound()
    {
        Reserve(SmallStart);
        return Count;
    }

    /// <summary>Fills the start of a list, map or array.</summary>
    /// <param name="start">What <see cref="BeginCompound"/> returned.</param>
    /// <param name="small">The constructor of the small form.</param>
    /// <param name="count">How many values it has, keys among them.</param>
    public void EndCompound(int start, byte small, int count)
    {
        int octets = Count - start;
        int at = start - SmallStart;
        if (count == 0 && small == Constructors.ListList8)
        {
            _octets[at] = Constructors.ListList0;
            Count = at + 1;
            return;
        }

        if (octets < byte.MaxValue && count <= byte.MaxValue)
        {
            _octets[at] = small;
            _octets[at + 1] = (byte)(octets + 1);
            _octets[at + 2] = (byte)count;
            return;
        }

        Reserve(LargeStart - SmallStart);
        _octets.AsSpan(start, octets).CopyTo(_octets.AsSpan(at + LargeStart));
        _octets[at] = (byte)(small + 0x10);
        BinaryPrimitives.WriteInt32BigEndian(_octets.AsSpan(at + 1), octets + sizeof(uint));
        BinaryPrimitives.WriteInt32BigEndian(_octets.AsSpan(at + 1 + sizeof(uint)), count);
    }

    /// <summary>Adds the constructor that the elements of an array share.</summary>
    public void AddElementConstructor(byte constructor) => Reserve(1)[0] = constructor;

    /// <summary>Leaves room for size and count of a list or map that is an element of an array, in the large form.</summary>
    public int BeginElement()
    {
        Reserve(2 * sizeof(uint));
        return Count;
    }

    /// <summary>Fills size and count of an element.</summary>
    public void EndElement(int start, int count)
    {
        BinaryPrimitives.WriteInt32BigEndian(_octets.AsSpan(start - (2 * sizeof(uint))), Count - start + sizeof(uint));
        BinaryPrimitives.WriteInt32BigEndian(_octets.AsSpan(start - sizeof(uint)), count);
    }

    /// <summary>Adds a string of the large form as an element of an array.</summary>
    public void AddStringElement(scoped ReadOnlySpan<byte> utf8)
    {
        BinaryPrimitives.WriteInt32BigEndian(Reserve(sizeof(uint)), utf8.Length);
        utf8.CopyTo(Reserve(utf8.Length));
    }

    private void AddVariable(byte small, scoped ReadOnlySpan<byte> octets)
    {
        int length = octets.Length;
        if (length <= byte.MaxValue)
        {
            var few = Reserve(2 + length);
            few[0] = small;
            few[1] = (byte)length;
            octets.CopyTo(few[2..]);
            return;
        }

        var many = Reserve(1 + sizeof(uint) + length);
        many[0] = (byte)(small + 0x10);
        BinaryPrimitives.WriteInt32BigEndian(many[1..], length);
        octets.CopyTo(many[(1 + sizeof(uint))..]);
    }

    private Span<byte> Reserve(int octets)
    {
        var span = Room(octets)[..octets];
        Count += octets;
        return span;
    }

    private Span<byte> Room(int octets)
    {
        if (_octets.Length - Count < octets)
        {
            Array.Resize(ref _octets, Math.Max(Count + octets, _octets.Length * 2));
        }

        return _octets.AsSpan(Count);
    }
}
