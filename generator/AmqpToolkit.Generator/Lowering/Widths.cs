using AmqpToolkit.Generator.Linking;

namespace AmqpToolkit.Generator.Lowering;

/// <summary>Sizes of the base types on the wire.</summary>
internal static class Widths
{
    public const int MethodKeyOctets = 4;

    public const int MaxShortStringOctets = 255;

    /// <summary>Octets of a fixed type, or of the length of a variable one. A bit has none of its own.</summary>
    public static int Of(WireType wire) => wire switch
    {
        WireType.Bit => 0,
        WireType.Octet or WireType.ShortString => 1,
        WireType.Short => 2,
        WireType.Long or WireType.LongString or WireType.Table => 4,
        WireType.LongLong or WireType.Timestamp => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(wire), wire, null),
    };

    public static bool IsVariable(WireType wire) => wire is WireType.ShortString or WireType.LongString or WireType.Table;
}
