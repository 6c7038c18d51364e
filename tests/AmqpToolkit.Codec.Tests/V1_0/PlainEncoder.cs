using System.Globalization;
using System.Numerics;
using System.Text;

namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>Encodes values of 1.0 from the text of the specification, smallest form first, with nothing of the codec in it: it is what the codec is compared with.</summary>
internal static class PlainEncoder
{
    internal static byte[] Null => [0x40];

    /// <summary>A value of a primitive type; integers and enumerations as <see cref="BigInteger"/>.</summary>
    internal static byte[] Encode(string primitive, object value) => primitive switch
    {
        "boolean" => [(bool)value ? (byte)0x41 : (byte)0x42],
        "ubyte" => [0x50, (byte)(BigInteger)value],
        "ushort" => [0x60, .. BigEndian((BigInteger)value, 2)],
        "uint" => Unsigned((BigInteger)value, 0x43, 0x52, 0x70, 4),
        "ulong" => Unsigned((BigInteger)value, 0x44, 0x53, 0x80, 8),
        "timestamp" => [0x83, .. BigEndian((BigInteger)value, 8)],
        "uuid" => [0x98, .. Convert.FromHexString(((Guid)value).ToString("N", CultureInfo.InvariantCulture))],
        "binary" => Variable(0xA0, (byte[])value),
        "string" => Variable(0xA1, Encoding.UTF8.GetBytes((string)value)),
        "symbol" => Variable(0xA3, Encoding.ASCII.GetBytes((string)value)),
        _ => throw new ArgumentOutOfRangeException(nameof(primitive), primitive, null),
    };

    /// <summary>The same integer in its longest form.</summary>
    internal static byte[] EncodeWide(string primitive, object value) => primitive switch
    {
        "boolean" => [0x56, (bool)value ? (byte)1 : (byte)0],
        "uint" => [0x70, .. BigEndian((BigInteger)value, 4)],
        "ulong" => [0x80, .. BigEndian((BigInteger)value, 8)],
        "binary" => Variable(0xA0, (byte[])value, wide: true),
        "string" => Variable(0xA1, Encoding.UTF8.GetBytes((string)value), wide: true),
        "symbol" => Variable(0xA3, Encoding.ASCII.GetBytes((string)value), wide: true),
        _ => Encode(primitive, value),
    };

    internal static byte[] List(IReadOnlyList<byte[]> items, bool wide = false) =>
        items.Count == 0 && !wide ? [0x45] : Compound(0xC0, items, wide);

    internal static byte[] Map(params byte[][] items) => Compound(0xC1, items, wide: false);

    internal static byte[] SymbolArray(params string[] symbols)
    {
        byte[] elements = [0xA3, .. symbols.SelectMany(symbol => (byte[])[(byte)symbol.Length, .. Encoding.ASCII.GetBytes(symbol)])];
        return [0xE0, (byte)(elements.Length + 1), (byte)symbols.Length, .. elements];
    }

    internal static byte[] Described(ulong code, byte[] value) => [0x00, .. Encode("ulong", (BigInteger)code), .. value];

    internal static byte[] Described(string symbol, byte[] value) => [0x00, .. Encode("symbol", symbol), .. value];

    internal static byte[] DescribedWide(ulong code, byte[] value) => [0x00, .. EncodeWide("ulong", (BigInteger)code), .. value];

    private static byte[] Compound(byte small, IReadOnlyList<byte[]> items, bool wide)
    {
        byte[] contents = [.. items.SelectMany(item => item)];
        return !wide && contents.Length < 255 && items.Count < 256
            ? [small, (byte)(contents.Length + 1), (byte)items.Count, .. contents]
            : [(byte)(small + 0x10), .. BigEndian(contents.Length + 4, 4), .. BigEndian(items.Count, 4), .. contents];
    }

    private static byte[] Unsigned(BigInteger value, byte zero, byte small, byte large, int width) =>
        value.IsZero ? [zero] : value < 256 ? [small, (byte)value] : [large, .. BigEndian(value, width)];

    private static byte[] Variable(byte small, byte[] contents, bool wide = false) => !wide && contents.Length < 256
        ? [small, (byte)contents.Length, .. contents]
        : [(byte)(small + 0x10), .. BigEndian(contents.Length, 4), .. contents];

    private static byte[] BigEndian(BigInteger value, int width)
    {
        byte[] octets = new byte[width];
        for (int i = width - 1; i >= 0; i--, value >>= 8)
        {
            octets[i] = (byte)(value & 0xFF);
        }

        return octets;
    }
}
