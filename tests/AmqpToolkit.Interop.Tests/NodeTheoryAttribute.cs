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

    /// <summary>Whether it needs users and policies that only a broker of ours is started with.</summary>
    public bool NeedsOwnBroker
    {
        get => false;
        set => Skip ??= value ? Peers.WhyNoOwnBroker() : null;
    }

    /// <summary>The module.</summary>
    public string Module { get; }
}
