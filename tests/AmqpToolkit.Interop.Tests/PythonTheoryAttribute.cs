namespace AmqpToolkit.Interop.Tests;

/// <summary>A theory that needs a Python module and is skipped without it.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PythonTheoryAttribute : TheoryAttribute
{
    /// <summary>Asks for the module.</summary>
    public PythonTheoryAttribute(string module)
    {
        Module = module;
        Skip = Peers.WhyNoPythonModule(module);
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
