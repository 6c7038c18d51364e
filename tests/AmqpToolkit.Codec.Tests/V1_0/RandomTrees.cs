using System.Text;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>Random values of every type, nested, for round trips and for other implementations.</summary>
internal sealed class RandomTrees(int seed)
{
    private const int MaxDepth = 4;

    private static readonly AmqpType[] Scalars = [.. Enum.GetValues<AmqpType>().Where(type => type is > AmqpType.Described and < AmqpType.List)];

    private readonly Random _random = new(seed);

    /// <summary>Leaves out what rhea has not: decimals, arrays of compounds, of described values and of 64 bits and more, numbers beyond 53 bits.</summary>
    internal bool IsPlain { get; init; }

    internal byte[] Next()
    {
        var builder = new EncodedValueBuilder();
        Add(builder, 0);
        return builder.Span.ToArray();
    }

    private void Add(EncodedValueBuilder builder, int depth)
    {
        switch (depth < MaxDepth ? _random.Next(8) : 0)
        {
            case 1:
                builder.BeginList();
                AddMany(builder, depth, _random.Next(5));
                builder.End();
                break;
            case 2:
                builder.BeginMap();
                AddMany(builder, depth, 2 * _random.Next(4));
                builder.End();
                break;
            case 3:
                AddArray(builder);
                break;
            case 4:
                builder.Describe((ulong)_random.Next(1 << _random.Next(1, 20)));
                AddUndescribed(builder, depth + 1);
                break;
            default:
                AddScalar(builder, Scalar());
                break;
        }
    }

    private void AddUndescribed(EncodedValueBuilder builder, int depth)
    {
        if (_random.Next(2) == 0)
        {
            builder.BeginList();
            AddMany(builder, depth, _random.Next(4));
            builder.End();
            return;
        }

        AddScalar(builder, Scalar());
    }

    private void AddMany(EncodedValueBuilder builder, int depth, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Add(builder, depth + 1);
        }
    }

    private void AddArray(EncodedValueBuilder builder)
    {
        bool isCompound = !IsPlain && _random.Next(4) == 0;
        AmqpType type = isCompound ? (AmqpType)_random.Next((int)AmqpType.List, (int)AmqpType.Map + 1) : Scalar();
        bool isUnwritable = IsPlain && type is (AmqpType.ULong or AmqpType.Long or AmqpType.Timestamp or AmqpType.Uuid);
        type = type == AmqpType.Null || isUnwritable ? AmqpType.UInt : type;
        if (!IsPlain && _random.Next(4) == 0)
        {
            builder.BeginArray(type, 77);
        }
        else
        {
            builder.BeginArray(type);
        }

        for (int count = _random.Next(1, 5); count > 0; count--)
        {
            if (!isCompound)
            {
                AddScalar(builder, type);
            }
            else if (type == AmqpType.List)
            {
                builder.BeginList();
                AddMany(builder, MaxDepth, _random.Next(3));
                builder.End();
            }
            else
            {
                builder.BeginMap();
                AddMany(builder, MaxDepth, 2 * _random.Next(2));
                builder.End();
            }
        }

        builder.End();
    }

    private AmqpType Scalar()
    {
        AmqpType type;
        do
        {
            type = Scalars[_random.Next(Scalars.Length)];
        }
        while (IsPlain && type is (AmqpType.Decimal32 or AmqpType.Decimal64 or AmqpType.Decimal128));

        return type;
    }

    private void AddScalar(EncodedValueBuilder builder, AmqpType type) => _ = type switch
    {
        AmqpType.Null => builder.AddNull(),
        AmqpType.Boolean => builder.AddBoolean(_random.Next(2) == 0),
        AmqpType.UByte => builder.AddUByte((byte)Bits(8)),
        AmqpType.UShort => builder.AddUShort((ushort)Bits(16)),
        AmqpType.UInt => builder.AddUInt((uint)Bits(32)),
        AmqpType.ULong => builder.AddULong((ulong)Bits(IsPlain ? 52 : 64)),
        AmqpType.Byte => builder.AddByte((sbyte)Bits(8)),
        AmqpType.Short => builder.AddShort((short)Bits(16)),
        AmqpType.Int => builder.AddInt((int)Bits(32)),
        AmqpType.Long => builder.AddLong(IsPlain ? (int)Bits(32) : Bits(64)),
        AmqpType.Float => builder.AddFloat((float)_random.NextDouble() * Bits(30)),
        AmqpType.Double => builder.AddDouble(_random.NextDouble() * Bits(60)),
        AmqpType.Decimal32 => builder.AddDecimal32((uint)Bits(32)),
        AmqpType.Decimal64 => builder.AddDecimal64((ulong)Bits(64)),
        AmqpType.Decimal128 => builder.AddDecimal128(new UInt128((ulong)Bits(64), (ulong)Bits(64))),
        AmqpType.Char => builder.AddChar(new Rune(_random.Next(2) == 0 ? _random.Next(1, 0xD800) : _random.Next(0xE000, 0x110000))),
        AmqpType.Timestamp => builder.AddTimestamp(Bits(41)),
        AmqpType.Uuid => builder.AddUuid(new Guid(Octets(16))),
        AmqpType.Binary => builder.AddBinary(Octets(Length())),
        AmqpType.String => builder.AddString(Text()),
        _ => builder.AddSymbol(new string('s', Length())),
    };

    /// <summary>A number that uses any count of bits up to the given one, so that all encodings come.</summary>
    private long Bits(int count) => _random.NextInt64(long.MinValue, long.MaxValue) >>> (64 - _random.Next(1, count + 1));

    private int Length() => _random.Next(8) == 0 ? _random.Next(250, 300) : _random.Next(12);

    private byte[] Octets(int count)
    {
        byte[] octets = new byte[count];
        _random.NextBytes(octets);
        return octets;
    }

    private string Text()
    {
        var text = new StringBuilder();
        for (int length = Length(); length > 0; length--)
        {
            text.Append("aé€\U0001F600".EnumerateRunes().ElementAt(_random.Next(4)).ToString());
        }

        return text.ToString();
    }
}
