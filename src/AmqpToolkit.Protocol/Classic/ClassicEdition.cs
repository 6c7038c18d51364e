namespace AmqpToolkit.Protocol.Classic;

/// <summary>The editions that share frames, classes and methods; a protocol header names one.</summary>
public enum ClassicEdition : byte
{
    /// <summary>0-9-1, as RabbitMQ extends it.</summary>
    V0_9_1,

    /// <summary>0-9: everything of 0-9-1, since clients that send its header mean the union of the two, and what 0-9 has besides.</summary>
    V0_9,

    /// <summary>0-8, in connection.start 8-0.</summary>
    V0_8,
}
