namespace AmqpToolkit.Generator.Linking;

/// <summary>The types that end every chain of domains. 0-8 declares none of them, 0-9 leaves out <c>content</c>.</summary>
internal static class BaseTypes
{
    private static readonly Dictionary<string, WireType> s_byName = new(StringComparer.Ordinal)
    {
        ["bit"] = WireType.Bit,
        ["octet"] = WireType.Octet,
        ["short"] = WireType.Short,
        ["long"] = WireType.Long,
        ["longlong"] = WireType.LongLong,
        ["timestamp"] = WireType.Timestamp,
        ["shortstr"] = WireType.ShortString,
        ["longstr"] = WireType.LongString,
        ["table"] = WireType.Table,
        ["content"] = WireType.Content,
    };

    public static IEnumerable<string> Names => s_byName.Keys;

    public static bool TryFind(string name, out WireType wire) => s_byName.TryGetValue(name, out wire);

    public static string NameOf(WireType wire) => s_byName.First(pair => pair.Value == wire).Key;
}
