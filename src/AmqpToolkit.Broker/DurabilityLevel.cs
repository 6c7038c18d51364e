namespace AmqpToolkit.Broker;

/// <summary>What it means that a message, or a durable queue, is kept. Whatever is told to a client of something durable is told when this is so.</summary>
public enum DurabilityLevel
{
    /// <summary>It is on the disk: it survives a power cut. Many confirms share one write.</summary>
    Fsync,

    /// <summary>The operating system has it: it survives the end of the process, however sudden, but not that of the machine. What RabbitMQ's classic queues do.</summary>
    Os,

    /// <summary>It is in memory alone: the messages are gone after a restart. The durable queue itself, empty, is not.</summary>
    Memory,
}
