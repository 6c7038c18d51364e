namespace AmqpToolkit.Decode.Tests.Oracles;

/// <summary>A fact that needs tshark (Debian: tshark), and perhaps a module of Python.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TsharkFactAttribute : PeerFactAttribute
{
    /// <summary>Asks for tshark.</summary>
    public TsharkFactAttribute()
        : base(WhyNoTshark())
    {
    }

    /// <summary>Asks for tshark and a module.</summary>
    public TsharkFactAttribute(string module)
        : base(WhyNoTshark() ?? Peers.WhyNoPythonModule(module)) => Module = module;

    /// <summary>The module.</summary>
    public string Module { get; } = "";

    private static string? WhyNoTshark() => Peers.WhyNoProgram("tshark", "--version");
}
