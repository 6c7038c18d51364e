using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec.V1_0;
using static AmqpToolkit.Broker.Tests.Conversion.Octets;

namespace AmqpToolkit.Broker.Tests.Conversion;

/// <summary>Messages of either version by chance.</summary>
internal static class Dice
{
    private static readonly string[] Names = ["k", "x-k", "x-death", "CC", "x-cc", "x-opt-deaths", "x-basic-type", "x-message-id", "", "x-\u00FC", "count", "time", "routing-keys"];

    private static readonly byte[] Tags = [.. "tbBsuIilLfdDSxTFAV"u8];

    private static readonly byte[] Constructors =
    [
        0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x60, 0x61, 0x70, 0x71, 0x72, 0x73, 0x74, 0x80, 0x81, 0x82, 0x83, 0x84, 0x94, 0x98,
        0xA0, 0xA1, 0xA3, 0xC0, 0xC1, 0xE0, 0x00,
    ];

    public static byte[] BasicProperties(Random random)
    {
        byte[] table = Table(random, depth: 1);
        return Of(new BasicProperties
        {
            MessageId = random.Next(2) == 0 ? Text(random) : "urn:uuid:00112233-4455-6677-8899-aabbccddeeff",
            Type = random.Next(3) == 0 ? "amqp-1.0" : Text(random),
            ReplyTo = Text(random),
            Timestamp = (ulong)random.NextInt64(),
            Headers = new AmqpToolkit.Codec.Table(table),
        });
    }

    public static byte[] Sections(Random random) => Join(
        random.Next(2) == 0 ? [] : Of(new Header { Durable = true, Ttl = (uint)random.Next(), Priority = (byte)random.Next(256) }),
        random.Next(4) == 0 ? [] : Join([0, 0x53, 0x72], Map(random, depth: 1)),
        random.Next(4) == 0 ? [] : Join([0, 0x53, 0x73], List(random, depth: 1)),
        random.Next(4) == 0 ? [] : Join([0, 0x53, 0x74], Map(random, depth: 1)));

    public static byte[] Body(Random random) => random.Next(5) switch
    {
        0 => [],
        1 => Join([0, 0x53, 0x77], Value(random, depth: 1)),
        2 => Join([0, 0x53, 0x76], List(random, depth: 1), [0, 0x53, 0x76], List(random, depth: 1)),
        3 => Join(Octets.DataOf(random.Next(20)), Octets.DataOf(random.Next(20)), [0, 0x53, 0x78], Map(random, depth: 1)),
        _ => Octets.DataOf(random.Next(300)),
    };

    private static byte[] Table(Random random, int depth)
    {
        byte[] octets = [];
        for (int count = random.Next(6); count > 0; count--)
        {
            byte[] name = System.Text.Encoding.UTF8.GetBytes(Names[random.Next(Names.Length)]);
            octets = Join(octets, [(byte)name.Length], name, Field(random, depth));
        }

        return octets;
    }

    private static byte[] Field(Random random, int depth)
    {
        byte tag = Tags[random.Next(Tags.Length)];
        switch ((char)tag)
        {
            case 'F':
                byte[] table = depth > 4 ? [] : Table(random, depth + 1);
                return Join([tag], Length(table.Length), table);
            case 'A':
                byte[] array = depth > 4 ? [] : [.. Enumerable.Range(0, random.Next(4)).SelectMany(_ => Field(random, depth + 1))];
                return Join([tag], Length(array.Length), array);
            case 'S' or 'x':
                byte[] text = random.Next(3) == 0 ? Some(random, random.Next(5)) : System.Text.Encoding.UTF8.GetBytes(Text(random));
                return Join([tag], Length(text.Length), text);
            default:
                return Join([tag], Some(random, FieldValueTags.Widths[tag]));
        }
    }

    private static byte[] Value(Random random, int depth)
    {
        byte constructor = Constructors[random.Next(Constructors.Length)];
        switch (constructor)
        {
            case 0x00:
                return depth > 4 ? [0x40] : Join([0], Value(random, depth + 1), Value(random, depth + 1));
            case 0xA0 or 0xA1 or 0xA3:
                byte[] text = constructor == 0xA0 ? Some(random, random.Next(5)) : constructor == 0xA1 ? System.Text.Encoding.UTF8.GetBytes(Text(random)) : "x-symbol"u8.ToArray();
                return Join([constructor, (byte)text.Length], text);
            case 0xC0:
                return List(random, depth);
            case 0xC1:
                return Map(random, depth);
            case 0xE0:
                byte[] elements = Some(random, random.Next(4));
                return Join([0xE0, (byte)(elements.Length + 2), (byte)elements.Length, 0x50], elements);
            case 0x56:
                return [0x56, (byte)random.Next(2)];
            case 0x73:
                return [0x73, 0, 0, 0x20, 0xAC];
            default:
                return Join([constructor], Some(random, constructor >> 4 == 4 ? 0 : 1 << ((constructor >> 4) - 5)));
        }
    }

    private static byte[] List(Random random, int depth)
    {
        byte[][] values = depth > 4 ? [] : [.. Enumerable.Range(0, random.Next(5)).Select(_ => Value(random, depth + 1))];
        byte[] octets = Join(values);
        return Join([0xD0], Length(octets.Length + 4), Length(values.Length), octets);
    }

    private static byte[] Map(Random random, int depth)
    {
        byte[][] pairs = depth > 4 ? [] : [.. Enumerable.Range(0, random.Next(5)).Select(_ => Join(Key(random, depth), Value(random, depth + 1)))];
        byte[] octets = Join(pairs);
        return Join([0xD1], Length(octets.Length + 4), Length(2 * pairs.Length), octets);
    }

    private static byte[] Key(Random random, int depth)
    {
        byte[] name = System.Text.Encoding.UTF8.GetBytes(Names[random.Next(Names.Length)]);
        return random.Next(8) == 0 ? Value(random, depth + 1)
            : random.Next(2) == 0 || Array.Exists(name, octet => octet > 127) ? Join([0xA1, (byte)name.Length], name)
            : Join([0xA3, (byte)name.Length], name);
    }

    private static string Text(Random random) => random.Next(4) switch
    {
        0 => "",
        1 => "/queues/a%2",
        2 => "\u00FC\0",
        _ => "text",
    };

    private static byte[] Some(Random random, int octets)
    {
        byte[] some = new byte[octets];
        random.NextBytes(some);
        return some;
    }
}
