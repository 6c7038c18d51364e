using System.Globalization;

namespace AmqpToolkit.Generator.Linking;

/// <summary>The primitive types of 1.0 that the codec reads and writes.</summary>
internal static class Primitives
{
    /// <summary>A value of any type.</summary>
    public const string Any = "*";

    private static readonly string[] s_names =
    [
        "null", "boolean", "ubyte", "ushort", "uint", "ulong", "byte", "short", "int", "long", "float", "double", "decimal32", "decimal64", "decimal128",
        "char", "timestamp", "uuid", "binary", "string", "symbol", "list", "map", "array",
    ];

    public static IEnumerable<string> Names => s_names;

    public static bool IsKnown(string name) => s_names.Contains(name, StringComparer.Ordinal);

    /// <summary>Whether choices of this primitive become an enumeration of C#.</summary>
    public static bool IsEnumerable(string primitive) => primitive is "boolean" || Range(primitive) is not null;

    public static bool IsText(string primitive) => primitive is "symbol" or "string";

    /// <summary>Whether text is a value of the primitive, as definitions write them.</summary>
    public static bool IsLiteral(string primitive, string text) => primitive switch
    {
        "boolean" => text is "true" or "false",
        "string" or "symbol" => text.All(c => c is >= ' ' and <= '~' and not '"' and not '\\'),
        _ => Range(primitive) is { } range
            && decimal.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out decimal value)
            && value >= range.Least
            && value <= range.Most,
    };

    /// <summary>A literal in one spelling: <c>01</c> and <c>+1</c> are <c>1</c>.</summary>
    public static string Canonical(string primitive, string literal) => Range(primitive) is null
        ? literal
        : decimal.Parse(literal, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);

    private static (decimal Least, decimal Most)? Range(string primitive) => primitive switch
    {
        "ubyte" => (0, byte.MaxValue),
        "ushort" => (0, ushort.MaxValue),
        "uint" => (0, uint.MaxValue),
        "ulong" => (0, ulong.MaxValue),
        "byte" => (sbyte.MinValue, sbyte.MaxValue),
        "short" => (short.MinValue, short.MaxValue),
        "int" => (int.MinValue, int.MaxValue),
        "long" or "timestamp" => (long.MinValue, long.MaxValue),
        _ => null,
    };
}
