using System.Buffers.Binary;
using System.Buffers.Text;
using System.Runtime.CompilerServices;
using AmqpToolkit.Broker.Conversion;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Selectors;

/// <summary>A message of 1.0.</summary>
internal ref partial struct SelectedMessage
{
    /// <summary>What a message has that says no priority (3.2.1).</summary>
    private const byte DefaultPriority = 4;

    /// <summary>Octets of constructor and length of text with one octet of length.</summary>
    private const int ShortTextHead = 2;

    private void WalkApplicationProperties()
    {
        if (!TryFindSection((byte)ApplicationPropertiesView.DescriptorCode, out var section) || !TryOpen(section, out _table, out int count))
        {
            return;
        }

        var table = _table;
        int at = 0;
        int left = _names.Length;
        for (; count > 1; count -= 2)
        {
            // Whatever its name is: to pass it takes its time.
            int keyAt = at;
            Steps -= StepsOfEntry;
            if (Steps < 0 || !TryMeasure(table, keyAt, out int valueAt) || !TryMeasure(table, valueAt, out at))
            {
                return;
            }

            byte type = table[keyAt];
            bool isDone = IsShortText(type) ? Note(table[(keyAt + ShortTextHead)..valueAt], valueAt, at, ref left)
                : type is Constructors.StringStr32Utf8 or Constructors.SymbolSym32 && Note(AmqpReader.VariableAt(table, keyAt), valueAt, at, ref left);
            if (isDone)
            {
                return;
            }
        }
    }

    /// <summary>Text with one octet of length, as nearly all names are, and most values.</summary>
    private static bool IsShortText(byte type) => (type & ~2) == Constructors.StringStr8Utf8;

    /// <summary>Finds a section before the body.</summary>
    /// <param name="code">Its descriptor.</param>
    /// <param name="section">Its value: a list or a map.</param>
    private readonly bool TryFindSection(byte code, out ReadOnlySpan<byte> section)
    {
        var rest = _properties;
        while (!rest.IsEmpty)
        {
            if (TryMeasureSection(rest, out int next))
            {
                if (rest[2] == code)
                {
                    section = rest[3..next];
                    return true;
                }

                rest = rest[next..];
                continue;
            }

            if (DescriptorReader.Read(rest, out ulong found, out var symbol, out int at) != DecodeError.None || AmqpReader.Measure(rest, at, out int end) != DecodeError.None)
            {
                break;
            }

            if ((symbol.IsEmpty ? found : Descriptors.CodeOf(symbol)) == code)
            {
                section = rest[at..end];
                return true;
            }

            rest = rest[end..];
        }

        section = default;
        return false;
    }

    /// <summary>A section as nearly everybody writes it: a descriptor of one octet, and a list or map with its size.</summary>
    private static bool TryMeasureSection(ReadOnlySpan<byte> octets, out int end)
    {
        end = 0;
        if (octets.Length < 6 || octets[0] != 0 || octets[1] != Constructors.UlongSmallulong)
        {
            return false;
        }

        long size = octets[3] switch
        {
            Constructors.ListList8 or Constructors.MapMap8 => 5 + octets[4],
            Constructors.ListList32 or Constructors.MapMap32 when octets.Length >= 8 => 8 + (long)BinaryPrimitives.ReadUInt32BigEndian(octets[4..]),
            _ => long.MaxValue,
        };
        end = size <= octets.Length ? (int)size : 0;
        return end > 0;
    }

    /// <summary>Measures a value: short text, numbers and truths, which are most of them, without a look at what else there is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryMeasure(ReadOnlySpan<byte> source, int at, out int end)
    {
        if ((uint)(at + 1) < (uint)source.Length && IsShortText(source[at]))
        {
            end = at + ShortTextHead + source[at + 1];
            return end <= source.Length;
        }

        return TryMeasureOther(source, at, out end);
    }

    private static bool TryMeasureOther(ReadOnlySpan<byte> source, int at, out int end)
    {
        if ((uint)at < (uint)source.Length)
        {
            int octets = source[at] switch
            {
                Constructors.BooleanTrue or Constructors.BooleanFalse => 1,
                Constructors.IntSmallint or Constructors.LongSmalllong or Constructors.UintSmalluint or Constructors.UlongSmallulong => 2,
                Constructors.Int or Constructors.Uint => 5,
                Constructors.Long or Constructors.Ulong or Constructors.DoubleIeee754 => 9,
                _ => int.MaxValue,
            };
            if (octets <= source.Length - at)
            {
                end = at + octets;
                return true;
            }
        }

        return AmqpReader.Measure(source, at, out end) == DecodeError.None;
    }

    /// <summary>Opens a list or map.</summary>
    /// <param name="value">Constructor, size, count, values.</param>
    /// <param name="values">The values.</param>
    /// <param name="count">How many there are said to be.</param>
    private static bool TryOpen(ReadOnlySpan<byte> value, out ReadOnlySpan<byte> values, out int count)
    {
        bool isSmall = value[0] is Constructors.ListList8 or Constructors.MapMap8;
        bool isLarge = value[0] is Constructors.ListList32 or Constructors.MapMap32;
        int start = isSmall ? 3 : 1 + (2 * sizeof(uint));
        if ((!isSmall && !isLarge) || value.Length < start)
        {
            values = default;
            count = 0;
            return false;
        }

        values = value[start..];
        count = isSmall ? value[2] : BinaryPrimitives.ReadInt32BigEndian(value[(1 + sizeof(uint))..]);
        return true;
    }

    /// <summary>The octets of a field of a list; none when it is not there.</summary>
    private readonly ReadOnlySpan<byte> FieldOf(ulong section, int number)
    {
        if (!TryFindSection((byte)section, out var list) || !TryOpen(list, out var fields, out int count) || number >= count)
        {
            return default;
        }

        int at = 0;
        for (; number > 0; number--)
        {
            if (AmqpReader.Measure(fields, at, out at) != DecodeError.None)
            {
                return default;
            }
        }

        return AmqpReader.Measure(fields, at, out int end) == DecodeError.None ? fields[at..end] : default;
    }

    private readonly Operand SectionField(MessageField field)
    {
        switch (field)
        {
            case MessageField.JmsMessageId:
                return IdText(FieldOf(PropertiesView.DescriptorCode, 0), _scratch[..IdOctets]);
            case MessageField.JmsCorrelationId:
                return IdText(FieldOf(PropertiesView.DescriptorCode, 5), _scratch[IdOctets..]);
            case MessageField.JmsType:
                return SectionOperand(FieldOf(PropertiesView.DescriptorCode, 3));
            case MessageField.Priority:
                var priority = SectionOperand(FieldOf(HeaderView.DescriptorCode, 1));
                return priority.Kind == OperandKind.Integer ? priority : Operand.Of((long)DefaultPriority);
            case MessageField.Ttl:
                return SectionOperand(FieldOf(HeaderView.DescriptorCode, 2));
            case MessageField.DeliveryCount or MessageField.JmsDeliveryCount:
                var before = SectionOperand(FieldOf(HeaderView.DescriptorCode, 4));
                return Operand.Of((before.Kind == OperandKind.Integer ? before.Integer : 0) + _deliveryCount + (field == MessageField.JmsDeliveryCount ? 1 : 0));
            case MessageField.UserId:
                var octets = FieldOf(PropertiesView.DescriptorCode, 1);
                return octets is [Constructors.BinaryVbin8 or Constructors.BinaryVbin32, ..] ? Operand.Of(AmqpReader.VariableAt(octets, 0)) : default;
            default:
                return SectionOperand(FieldOf(PropertiesView.DescriptorCode, field - MessageField.MessageId));
        }
    }

    private static Operand IdText(ReadOnlySpan<byte> octets, Span<byte> scratch)
    {
        if (octets.IsEmpty)
        {
            return default;
        }

        var id = new AnyMessageId(octets);
        return id.Kind == AnyMessageId.Member.MessageIdString || MessageIds.TryGetText(id, scratch, out _)
            ? Operand.Of(id.TryGetMessageIdString(out var text) ? text : TextOf(id, scratch))
            : octets[0] == Constructors.Null ? default : Operand.Opaque;
    }

    private static ReadOnlySpan<byte> TextOf(AnyMessageId id, Span<byte> scratch)
    {
        MessageIds.TryGetText(id, scratch, out var text);
        return text;
    }

    /// <summary>What a value is as an operand; its octets are all there. Times are milliseconds.</summary>
    private static Operand SectionOperand(ReadOnlySpan<byte> octets)
    {
        if (octets.IsEmpty)
        {
            return default;
        }

        switch (octets[0])
        {
            case Constructors.Null:
                return default;
            case Constructors.StringStr8Utf8 or Constructors.StringStr32Utf8 or Constructors.SymbolSym8 or Constructors.SymbolSym32:
                return Operand.Of(AmqpReader.VariableAt(octets, 0));
            case Constructors.IntSmallint or Constructors.LongSmalllong or Constructors.Byte:
                return Operand.Of((long)(sbyte)octets[1]);
            case Constructors.Int:
                return Operand.Of((long)BinaryPrimitives.ReadInt32BigEndian(octets[1..]));
            case Constructors.Long or Constructors.TimestampMs64:
                return Operand.Of(Int64(octets[1..]));
            case Constructors.BooleanTrue or Constructors.BooleanFalse:
                return Operand.Of(octets[0] == Constructors.BooleanTrue);
            case Constructors.Boolean:
                return Operand.Of(octets[1] != 0);
            case Constructors.FloatIeee754:
                return Operand.Of((double)BinaryPrimitives.ReadSingleBigEndian(octets[1..]));
            case Constructors.DoubleIeee754:
                return Operand.Of(BinaryPrimitives.ReadDoubleBigEndian(octets[1..]));
            default:
                return SectionOperandSlow(octets);
        }
    }

    private static Operand SectionOperandSlow(ReadOnlySpan<byte> octets)
    {
        var value = new EncodedValueView(octets);
        if (value.TryGetUInt64(out ulong number))
        {
            return Operand.Of(number);
        }

        if (value.TryGetInt64(out long integer))
        {
            return Operand.Of(integer);
        }

        return DecimalBits.TryRead(value, out byte scale, out int digits) ? Operand.Of(digits / Math.Pow(10, scale)) : Operand.Opaque;
    }
}
