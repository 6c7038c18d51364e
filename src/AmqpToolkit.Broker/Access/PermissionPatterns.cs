namespace AmqpToolkit.Broker.Access;

/// <summary>What a user may do in one virtual host. Immutable.</summary>
internal sealed record PermissionPatterns(NamePattern Configure, NamePattern Write, NamePattern Read)
{
    public static PermissionPatterns Parse(string configure, string write, string read) =>
        new(ParseOne("configure", configure), ParseOne("write", write), ParseOne("read", read));

    public NamePattern For(AccessKind kind) => kind switch
    {
        AccessKind.Configure => Configure,
        AccessKind.Write => Write,
        _ => Read,
    };

    private static NamePattern ParseOne(string name, string pattern)
    {
        try
        {
            return NamePattern.ParsePermission(pattern);
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentException($"the {name} pattern cannot be used: {exception.Message}", exception);
        }
    }
}
