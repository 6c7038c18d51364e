namespace AmqpToolkit.Decode.Output;

/// <summary>Where something stands.</summary>
/// <param name="Conversation">Number of the conversation, from 1.</param>
/// <param name="Direction">Which way it went.</param>
/// <param name="Nanoseconds">When it was whole, since 1970; negative when nobody knows.</param>
/// <param name="Offset">Octets of its stream before it.</param>
internal readonly record struct StreamPosition(int Conversation, Direction Direction, long Nanoseconds, long Offset);
