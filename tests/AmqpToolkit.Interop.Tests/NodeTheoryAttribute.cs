namespace AmqpToolkit.Interop.Tests;

/// <summary>A theory that needs a Node module and is skipped without it.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NodeTheoryAttribute : TheoryAttribute
{
    /// <summary>Asks for the module.</summary>
    public NodeTheoryAttribute(string module)
    {
        Module = module;
        Skip = Peers.WhyNoNodeModule(module);
    }

    /// <summary>The module.</summary>
    public string Module { get; }
}
