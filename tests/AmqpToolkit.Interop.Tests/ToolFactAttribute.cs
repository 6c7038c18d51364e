namespace AmqpToolkit.Interop.Tests;

/// <summary>A fact that needs a program.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ToolFactAttribute(string tool) : PeerFactAttribute(Peers.WhyNoProgram(tool, "--help"))
{
    /// <summary>The program.</summary>
    public string Tool { get; } = tool;
}
