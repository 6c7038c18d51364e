namespace AmqpToolkit.Interop.Tests;

/// <summary>A theory that needs the libraries of the conversion matrix.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class MatrixTheoryAttribute()
    : PeerTheoryAttribute(Peers.WhyNoPythonModule("pika") ?? Peers.WhyNoPythonModule("amqp") ?? Peers.WhyNoPythonModule("proton") ?? Peers.WhyNoNodeModule("rhea"));
