namespace AmqpToolkit.Broker.Host.Tests;

/// <summary>A fact that needs a Python module.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PythonFactAttribute(string module) : PeerFactAttribute(Peers.WhyNoPythonModule(module))
{
    /// <summary>The module.</summary>
    public string Module { get; } = module;
}
