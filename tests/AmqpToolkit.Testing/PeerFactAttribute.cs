using Xunit;
using Xunit.Sdk;

namespace AmqpToolkit.Testing;

/// <summary>
/// A fact that needs something which is not a part of this repository: a client, a codec, a dissector, a document by other hands. Without it the test is
/// skipped, or fails where <see cref="Peers.RequiringVariable"/> is set.
/// </summary>
[XunitTestCaseDiscoverer("AmqpToolkit.Testing." + nameof(PeerFactDiscoverer), "AmqpToolkit.Testing")]
[AttributeUsage(AttributeTargets.Method)]
public abstract class PeerFactAttribute : FactAttribute
{
    /// <summary>A fact that runs when nothing is missing.</summary>
    /// <param name="missing">What is missing and how it comes here; null when it is here.</param>
    protected PeerFactAttribute(string? missing)
    {
        Missing = missing;
        Skip = missing;
    }

    /// <summary>What is missing.</summary>
    public string? Missing { get; }
}
