using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>A message that waits to be encoded. The body is the caller's until it is.</summary>
/// <param name="Method">Where it goes.</param>
/// <param name="Properties">Its properties.</param>
/// <param name="Body">Its body.</param>
/// <param name="Given">The body's owner, where the body was given away.</param>
internal readonly record struct QueuedPublish(BasicPublish Method, BasicProperties Properties, ReadOnlyMemory<byte> Body, GivenBody? Given);
