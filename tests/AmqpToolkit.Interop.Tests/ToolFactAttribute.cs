namespace AmqpToolkit.Interop.Tests;

/// <summary>A fact that needs a program and is skipped without it.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ToolFactAttribute : FactAttribute
{
    /// <summary>Asks for the program.</summary>
    public ToolFactAttribute(string tool)
    {
        Tool = tool;
        Skip = Peers.WhyNoTool(tool);
    }

    /// <summary>The program.</summary>
    public string Tool { get; }
}
