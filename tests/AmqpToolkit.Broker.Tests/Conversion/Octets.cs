using System.Text;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.Conversion;

/// <summary>Octets of either version, put together plainly.</summary>
internal static class Octets
{
    public static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal));

    public static byte[] Join(params byte[][] parts) => [.. parts.SelectMany(part => part)];

    /// <summary>Properties of 0-9-1, flags first.</summary>
    public static byte[] Of(in BasicProperties properties)
    {
        byte[] octets = new byte[64 * 1024];
        return octets[..properties.Write(octets)];
    }

    public static byte[] Of<T>(in T section)
        where T : struct, IDescribedType
    {
        byte[] octets = new byte[section.MaxOctets];
        return octets[..section.Write(octets)];
    }

    /// <summary>Properties of 0-9-1 with nothing but headers, each a name and its tagged value in hex.</summary>
    public static byte[] Headers(params (string Name, string Hex)[] entries)
    {
        byte[] table = [.. entries.SelectMany(entry => Join([(byte)Encoding.UTF8.GetByteCount(entry.Name)], Encoding.UTF8.GetBytes(entry.Name), Hex(entry.Hex)))];
        return Join([0x20, 0], Length(table), table);
    }

    /// <summary>A section that is a map of the large form, each entry a key and a value in hex.</summary>
    public static byte[] Map(byte descriptor, params (string Key, string Value)[] entries)
    {
        byte[] pairs = [.. entries.SelectMany(entry => Join(Hex(entry.Key), Hex(entry.Value)))];
        return Join([0, 0x53, descriptor, 0xD1], Length(pairs, 4), Length(entries.Length * 2), pairs);
    }

    /// <summary>A string of 1.0 in hex.</summary>
    public static string StringOf(string text) => $"A1 {text.Length:X2} {Text(text)}";

    /// <summary>A symbol of 1.0 in hex.</summary>
    public static string SymbolOf(string text) => $"A3 {text.Length:X2} {Text(text)}";

    /// <summary>A long string of 0-9-1 in hex.</summary>
    public static string LongString(string text) => $"53 {text.Length:X8} {Text(text)}";

    public static string Text(string text) => Convert.ToHexString(Encoding.UTF8.GetBytes(text));

    public static byte[] DataOf(int octets, int seed = 1)
    {
        byte[] data = new byte[octets];
        new Random(seed).NextBytes(data);
        return Join([0, 0x53, 0x75, 0xB0], Length(octets), data);
    }

    public static byte[] Length(int length) => [(byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length];

    private static byte[] Length(byte[] octets, int more = 0) => Length(octets.Length + more);
}
