using System.Globalization;
using AmqpToolkit.Generator.Linking;
using AmqpToolkit.Generator.Lowering;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>Places and types of plans as C# expressions.</summary>
internal static class Expressions
{
    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    public static string Hex(uint value, int digits) => "0x" + value.ToString("X" + Number(digits), CultureInfo.InvariantCulture);

    /// <summary>An index or the start of a range: <c>3</c>, <c>^1</c>, <c>_exchangeEnd + 1</c>.</summary>
    public static string Index(Position position, string prefix = "")
    {
        if (position.FromEnd)
        {
            return "^" + Number(position.Octets);
        }

        if (position.After is null)
        {
            return Number(position.Octets);
        }

        return position.Octets == 0 ? prefix + position.After : $"{prefix}{position.After} + {Number(position.Octets)}";
    }

    /// <summary>The part of a span from one place to the end.</summary>
    public static string From(string span, Position start, string prefix = "") =>
        start is { After: null, Octets: 0, FromEnd: false } ? span : $"{span}[{RangePart(start, prefix)}..]";

    /// <summary>The part of a span between two places.</summary>
    public static string Between(string span, Position start, Position end, string prefix = "")
    {
        string to = end is { FromEnd: true, Octets: 0 } ? "" : RangePart(end, prefix);
        return $"{span}[{RangePart(start, prefix)}..{to}]";
    }

    /// <summary>An upper bound of octets that does not turn around: of a constant and of sums that have no bound of their own.</summary>
    public static string MaxOctets(string constant, IEnumerable<string> sizes)
    {
        string sum = string.Concat(sizes.Select(size => " + " + size));
        return sum.Length == 0 ? constant : $"SizeBound.Of((long){constant}{sum})";
    }

    /// <summary>The line of an init accessor that refuses null for text that is always there.</summary>
    public static string RefuseNull(string member) => $"\n        value.ThrowIfNull(nameof({member}));";

    public static string ViewType(WireType wire) => wire switch
    {
        WireType.Bit => "bool",
        WireType.Octet => "byte",
        WireType.Short => "ushort",
        WireType.Long => "uint",
        WireType.LongLong or WireType.Timestamp => "ulong",
        WireType.Table => "TableView",
        _ => "ReadOnlySpan<byte>",
    };

    public static string OwnedType(WireType wire) => wire switch
    {
        WireType.ShortString => "ShortString",
        WireType.LongString => "LongString",
        WireType.Table => "Table",
        _ => ViewType(wire),
    };

    public static string SpanType(WireType wire) => wire == WireType.Table ? "ReadOnlySpan<byte>" : ViewType(wire);

    /// <summary>The owned form of what a view's property has.</summary>
    public static string ToOwned(WireType wire, string member) => wire switch
    {
        WireType.ShortString => $"ShortString.CopyOf({member})",
        WireType.LongString => $"LongString.CopyOf({member})",
        WireType.Table => $"{member}.ToOwned()",
        _ => member,
    };

    /// <summary>Reads a number from the start of a span.</summary>
    public static string Read(WireType wire, string span) => wire switch
    {
        WireType.Short => $"WireReader.ReadUInt16({span})",
        WireType.Long => $"WireReader.ReadUInt32({span})",
        _ => $"WireReader.ReadUInt64({span})",
    };

    private static string RangePart(Position position, string prefix)
    {
        string index = Index(position, prefix);
        return index.Contains(" ") ? $"({index})" : index;
    }
}
