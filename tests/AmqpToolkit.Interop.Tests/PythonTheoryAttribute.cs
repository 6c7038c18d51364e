namespace AmqpToolkit.Interop.Tests;

/// <summary>A theory that needs a Python module.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PythonTheoryAttribute(string module) : PeerTheoryAttribute(Peers.WhyNoPythonModule(module))
{
    /// <summary>Whether it needs users and policies that only a broker of ours is started with.</summary>
    public bool NeedsOwnBroker
    {
        get => false;
        set => Skip ??= value ? OwnBrokerFactAttribute.WhyNot() : null;
    }

    /// <summary>The module.</summary>
    public string Module { get; } = module;
}
