namespace AmqpToolkit.Broker.Topology;

/// <summary>The values of x-queue-type; as flags, the types that know an argument.</summary>
[Flags]
internal enum QueueTypes : byte
{
    Classic = 1,
    Quorum = 2,
    Stream = 4,
}
