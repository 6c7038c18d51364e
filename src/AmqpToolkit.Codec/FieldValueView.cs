using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace AmqpToolkit.Codec;

/// <summary>
/// One value of a field table or array, read in place. The typed accessors answer false when the value has another type; none of them throws, and none
/// but <see cref="ToObject()"/> allocates.
/// </summary>
public readonly ref struct FieldValueView
{
    private const byte MaxDecimalScale = 28;

    internal FieldValueView(byte tag, ReadOnlySpan<byte> payload)
    {
        Tag = tag;
        Payload = payload;
    }

    /// <summary>The type tag as it came.</summary>
    public byte Tag { get; }

    /// <summary>The type; <c>default</c> for a value that was not found.</summary>
    public FieldType Type => (FieldType)Tag;

    /// <summary>The octets of the value, without the length that precedes strings, binaries, tables and arrays.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>Whether this is the value "no value".</summary>
    public bool IsVoid => Type == FieldType.Void;

    /// <summary>A boolean; each octet but zero is true.</summary>
    public bool TryGetBoolean(out bool value)
    {
        bool matches = Type == FieldType.Boolean && Payload.Length == 1;
        value = matches && Payload[0] != 0;
        return matches;
    }

    /// <summary>An integer of any width and sign; each fits.</summary>
    public bool TryGetInt64(out long value)
    {
        ReadOnlySpan<byte> octets = Payload;
        switch (Type)
        {
            case FieldType.Int8 when octets.Length == 1:
                value = (sbyte)octets[0];
                return true;
            case FieldType.UInt8 when octets.Length == 1:
                value = octets[0];
                return true;
            case FieldType.Int16 when octets.Length == sizeof(short):
                value = BinaryPrimitives.ReadInt16BigEndian(octets);
                return true;
            case FieldType.UInt16 when octets.Length == sizeof(ushort):
                value = BinaryPrimitives.ReadUInt16BigEndian(octets);
                return true;
            case FieldType.Int32 when octets.Length == sizeof(int):
                value = BinaryPrimitives.ReadInt32BigEndian(octets);
                return true;
            case FieldType.UInt32 when octets.Length == sizeof(uint):
                value = BinaryPrimitives.ReadUInt32BigEndian(octets);
                return true;
            case FieldType.Int64 or FieldType.Int64Alternative when octets.Length == sizeof(long):
                value = BinaryPrimitives.ReadInt64BigEndian(octets);
                return true;
            default:
                value = 0;
                return false;
        }
    }

    /// <summary>A floating-point number of either width.</summary>
    public bool TryGetDouble(out double value)
    {
        switch (Type)
        {
            case FieldType.Single when Payload.Length == sizeof(float):
                value = BinaryPrimitives.ReadSingleBigEndian(Payload);
                return true;
            case FieldType.Double when Payload.Length == sizeof(double):
                value = BinaryPrimitives.ReadDoubleBigEndian(Payload);
                return true;
            default:
                value = 0;
                return false;
        }
    }

    /// <summary>
    /// A decimal. The 32 bits are read as signed: so says the specification (4.2.5.5), so do the Java client and pika; RabbitMQ shows them as unsigned,
    /// but hands on the same bits. False when the scale is over 28, which <see cref="decimal"/> cannot hold.
    /// </summary>
    public bool TryGetDecimal(out decimal value)
    {
        if (Type == FieldType.Decimal && Payload.Length == 1 + sizeof(int) && Payload[0] <= MaxDecimalScale)
        {
            int digits = BinaryPrimitives.ReadInt32BigEndian(Payload[1..]);
            value = new decimal((int)uint.CreateTruncating(Math.Abs((long)digits)), 0, 0, digits < 0, Payload[0]);
            return true;
        }

        value = 0;
        return false;
    }

    /// <summary>The octets of a long string; UTF-8 by convention, any octets in fact.</summary>
    public bool TryGetString(out ReadOnlySpan<byte> utf8)
    {
        bool matches = Type == FieldType.LongString;
        utf8 = matches ? Payload : default;
        return matches;
    }

    /// <summary>The octets of a binary value (<c>x</c>).</summary>
    public bool TryGetBinary(out ReadOnlySpan<byte> octets)
    {
        bool matches = Type == FieldType.Binary;
        octets = matches ? Payload : default;
        return matches;
    }

    /// <summary>A timestamp.</summary>
    public bool TryGetTimestamp(out AmqpTimestamp value)
    {
        bool matches = Type == FieldType.Timestamp && Payload.Length == sizeof(ulong);
        value = matches ? new AmqpTimestamp(BinaryPrimitives.ReadUInt64BigEndian(Payload)) : default;
        return matches;
    }

    /// <summary>A nested table.</summary>
    public bool TryGetTable(out TableView value)
    {
        bool matches = Type == FieldType.Table;
        value = matches ? new TableView(Payload) : default;
        return matches;
    }

    /// <summary>An array.</summary>
    public bool TryGetArray(out ArrayView value)
    {
        bool matches = Type == FieldType.Array;
        value = matches ? new ArrayView(Payload) : default;
        return matches;
    }

    /// <summary>
    /// The value as an object: integers, floating-point numbers, booleans and decimals as the type of their width, a timestamp as
    /// <see cref="AmqpTimestamp"/>, a long string as <see cref="string"/> when it is well-formed UTF-8 and as <c>byte[]</c> when not, a binary as
    /// <c>byte[]</c>, a table as <see cref="Dictionary{TKey, TValue}"/>, an array as <c>object?[]</c>, void as null. A decimal with a scale over 28 stays
    /// <c>byte[]</c>. What lies deeper than <see cref="TableView.MaxDepth"/> is left out.
    /// </summary>
    public object? ToObject() => ToObject(depth: 1);

    internal object? ToObject(int depth)
    {
        switch (Type)
        {
            case FieldType.Boolean when TryGetBoolean(out bool boolean):
                return boolean;
            case FieldType.Int8 when TryGetInt64(out long integer):
                return (sbyte)integer;
            case FieldType.UInt8 when TryGetInt64(out long integer):
                return (byte)integer;
            case FieldType.Int16 when TryGetInt64(out long integer):
                return (short)integer;
            case FieldType.UInt16 when TryGetInt64(out long integer):
                return (ushort)integer;
            case FieldType.Int32 when TryGetInt64(out long integer):
                return (int)integer;
            case FieldType.UInt32 when TryGetInt64(out long integer):
                return (uint)integer;
            case FieldType.Int64 or FieldType.Int64Alternative when TryGetInt64(out long integer):
                return integer;
            case FieldType.Single when TryGetDouble(out double number):
                return (float)number;
            case FieldType.Double when TryGetDouble(out double number):
                return number;
            case FieldType.Decimal when TryGetDecimal(out decimal number):
                return number;
            case FieldType.Timestamp when TryGetTimestamp(out AmqpTimestamp timestamp):
                return timestamp;
            case FieldType.LongString when Utf8.IsValid(Payload):
                return Encoding.UTF8.GetString(Payload);
            case FieldType.Table:
                return new TableView(Payload).ToDictionary(depth + 1);
            case FieldType.Array:
                return new ArrayView(Payload).ToArray(depth + 1);
            case FieldType.Decimal or FieldType.LongString or FieldType.Binary:
                return Payload.ToArray();
            default:
                return null;
        }
    }
}
