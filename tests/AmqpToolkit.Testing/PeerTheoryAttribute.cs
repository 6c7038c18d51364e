using Xunit;
using Xunit.Sdk;

namespace AmqpToolkit.Testing;

/// <summary>A theory that needs what <see cref="PeerFactAttribute"/> says.</summary>
[XunitTestCaseDiscoverer("AmqpToolkit.Testing." + nameof(PeerTheoryDiscoverer), "AmqpToolkit.Testing")]
[AttributeUsage(AttributeTargets.Method)]
public abstract class PeerTheoryAttribute : TheoryAttribute
{
    /// <inheritdoc cref="PeerFactAttribute(string)"/>
    protected PeerTheoryAttribute(string? missing)
    {
        Missing = missing;
        Skip = missing;
    }

    /// <summary>What is missing.</summary>
    public string? Missing { get; }
}
