namespace AmqpToolkit.Broker.Host.Tests;

/// <summary>A fact that needs a Node module.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NodeFactAttribute(string module) : PeerFactAttribute(Peers.WhyNoNodeModule(module))
{
    /// <summary>The module.</summary>
    public string Module { get; } = module;
}
