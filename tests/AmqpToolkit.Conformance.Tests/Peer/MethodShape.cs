namespace AmqpToolkit.Conformance.Tests.Peer;

/// <summary>Name, ids and field domains of one method.</summary>
internal sealed record MethodShape(string Name, ushort ClassId, ushort MethodId, string[] Domains);
