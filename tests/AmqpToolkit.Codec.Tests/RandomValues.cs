using System.Text;

namespace AmqpToolkit.Codec.Tests;

/// <summary>
/// Values for generated properties, from a seed. <paramref name="plainNames"/>: only what pamqp reads and writes as we do: strings that it takes for
/// names, no negative decimals (it reads them unsigned), no small negative integers (it cannot write them).
/// </summary>
internal sealed class RandomValues(int seed, bool plainNames = false)
{
    private const int DeepestTable = 3;

    private readonly Random _random = new(seed);

    internal int Seed => seed;

    internal Random Random => _random;

    internal object Of(Type type) => type switch
    {
        _ when type == typeof(bool) => _random.Next(2) == 0,
        _ when type == typeof(byte) => (byte)_random.Next(256),
        _ when type == typeof(ushort) => (ushort)_random.Next(65536),
        _ when type == typeof(uint) => (uint)_random.NextInt64(1L << 32),
        _ when type == typeof(ulong) => plainNames ? (ulong)_random.NextInt64(1L << 32) : (ulong)_random.NextInt64(long.MinValue, long.MaxValue),
        _ when type == typeof(ShortString) => ShortString(),
        _ when type == typeof(LongString) => LongString(),
        _ when type == typeof(Table) => Table(),
        _ => throw new NotSupportedException($"No random values of {type}."),
    };

    internal Table Table() => Codec.Table.Create(builder => Fill(builder, depth: 1));

    private ShortString ShortString()
    {
        if (plainNames)
        {
            return Name(_random.Next(1, 60));
        }

        return _random.Next(6) switch
        {
            0 => default,
            1 => Text(255 / 4),
            2 => Name(255),
            3 => Encoding.UTF8.GetBytes(Text(255 / 4)),
            _ => Name(_random.Next(40)),
        };
    }

    private LongString LongString() => plainNames
        ? Name(_random.Next(1, 100))
        : _random.Next(4) switch
        {
            0 => default,
            1 => Octets(_random.Next(2000)),
            _ => Text(_random.Next(300)),
        };

    private void Fill(TableBuilder builder, int depth)
    {
        int entries = _random.Next(5);
        for (int entry = 0; entry < entries; entry++)
        {
            string key = $"{entry}{Name(_random.Next(12))}";
            int kind = _random.Next(depth < DeepestTable ? 16 : 14);
            switch (kind)
            {
                case 14:
                    builder.AddTable(key, nested => Fill(nested, depth + 1));
                    break;
                case 15:
                    builder.AddArray(key, array => Fill(array, depth + 1));
                    break;
                default:
                    builder.Add(key, Scalar(kind));
                    break;
            }
        }
    }

    private void Fill(ArrayBuilder builder, int depth)
    {
        int elements = _random.Next(5);
        for (int element = 0; element < elements; element++)
        {
            int kind = _random.Next(depth < DeepestTable ? 16 : 14);
            switch (kind)
            {
                case 14:
                    builder.AddTable(nested => Fill(nested, depth + 1));
                    break;
                case 15:
                    builder.AddArray(array => Fill(array, depth + 1));
                    break;
                default:
                    builder.Add(Scalar(kind));
                    break;
            }
        }
    }

    /// <summary>Each integer so large that it needs its width: a peer that picks the smallest type then picks the same.</summary>
    private FieldValue Scalar(int kind) => kind switch
    {
        0 => _random.Next(2) == 0,
        1 => (sbyte)_random.Next(plainNames ? 0 : -128, 128),
        2 => (short)-_random.Next(200, 32768),
        3 => (ushort)_random.Next(40_000, 65_536),
        4 => -_random.Next(100_000, int.MaxValue),
        5 => (uint)_random.NextInt64(3_000_000_000, 1L << 32),
        6 => -_random.NextInt64(1L << 40, 1L << 60),
        7 => _random.Next(1000) / 8f,
        8 when !plainNames => _random.NextDouble(),
        9 => new decimal((_random.Next(100_000) * 10) + 1, 0, 0, !plainNames && _random.Next(2) == 0, (byte)_random.Next(1, 8)),
        10 => new AmqpTimestamp((ulong)_random.Next()),
        11 => FieldValue.Binary(Octets(_random.Next(20))),
        12 => FieldValue.Void,
        13 when !plainNames => Octets(_random.Next(20)).AsSpan(),
        _ => Text(_random.Next(20)),
    };

    private byte[] Octets(int count)
    {
        byte[] octets = new byte[count];
        _random.NextBytes(octets);
        return octets;
    }

    private string Name(int length)
    {
        const string letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:";
        return string.Create(length, _random, static (name, random) =>
        {
            foreach (ref char letter in name)
            {
                letter = letters[random.Next(letters.Length)];
            }
        });
    }

    /// <summary>Text of up to so many characters, each of one to four octets.</summary>
    private string Text(int runes)
    {
        var text = new StringBuilder();
        for (int rune = _random.Next(runes + 1); rune > 0; rune--)
        {
            text.Append(_random.Next(4) switch
            {
                0 => "é",
                1 => "€",
                2 => "😀",
                _ => "a",
            });
        }

        return text.ToString();
    }
}
