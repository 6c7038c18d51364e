namespace AmqpToolkit.Decode.Tests.Oracles;

/// <summary>A fact that needs tshark, and perhaps a module of Python; skipped without them.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TsharkFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> HasTshark = new(() => ForeignProgram.Works("tshark", "--version"));

    /// <summary>Asks for tshark.</summary>
    public TsharkFactAttribute()
        : this("")
    {
    }

    /// <summary>Asks for tshark and a module.</summary>
    public TsharkFactAttribute(string module)
    {
        Module = module;
        if (!HasTshark.Value)
        {
            Skip = "needs tshark (Debian: tshark)";
        }
        else if (module.Length != 0 && !ForeignProgram.Works(ForeignProgram.Python, "-c", $"import {module}"))
        {
            Skip = $"{ForeignProgram.Python} has no module '{module}'";
        }
    }

    /// <summary>The module.</summary>
    public string Module { get; }
}
