using Xunit.Abstractions;
using Xunit.Sdk;

namespace AmqpToolkit.Testing;

/// <summary>Makes a failing test of a <see cref="PeerFactAttribute"/> that would be skipped where peers are required.</summary>
public sealed class PeerFactDiscoverer(IMessageSink diagnosticMessageSink) : FactDiscoverer(diagnosticMessageSink)
{
    /// <inheritdoc/>
    public override IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute) =>
        Peers.FailureOf(DiagnosticMessageSink, discoveryOptions, testMethod, factAttribute) is { } failure
            ? [failure]
            : base.Discover(discoveryOptions, testMethod, factAttribute);
}
