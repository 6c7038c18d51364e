using Xunit.Abstractions;
using Xunit.Sdk;

namespace AmqpToolkit.Testing;

/// <summary>Makes a failing test of a <see cref="PeerTheoryAttribute"/> that would be skipped where peers are required.</summary>
public sealed class PeerTheoryDiscoverer(IMessageSink diagnosticMessageSink) : TheoryDiscoverer(diagnosticMessageSink)
{
    /// <inheritdoc/>
    public override IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo theoryAttribute) =>
        Peers.FailureOf(DiagnosticMessageSink, discoveryOptions, testMethod, theoryAttribute) is { } failure
            ? [failure]
            : base.Discover(discoveryOptions, testMethod, theoryAttribute);
}
