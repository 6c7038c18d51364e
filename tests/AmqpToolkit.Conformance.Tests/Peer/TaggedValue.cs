namespace AmqpToolkit.Conformance.Tests.Peer;

/// <summary>A field value given by its tag and the octets after it, for what the plain writer does not say by itself.</summary>
internal sealed record TaggedValue(char Tag, byte[] Payload);
