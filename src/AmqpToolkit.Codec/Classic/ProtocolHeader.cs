namespace AmqpToolkit.Codec.Classic;

/// <summary>The eight octets that open a connection: <c>AMQP</c>, then four that name the edition (0-9-1 specification, 4.2.2; the other editions likewise).</summary>
public static class ProtocolHeader
{
    /// <summary>Length of every header.</summary>
    public const int Octets = 8;

    /// <summary>0-8: <c>AMQP 1 1 8 0</c>.</summary>
    public static ReadOnlySpan<byte> V0_8 => [(byte)'A', (byte)'M', (byte)'Q', (byte)'P', 1, 1, 8, 0];

    /// <summary>0-8 as its published text has it, which some clients send: <c>AMQP 1 1 9 1</c>.</summary>
    public static ReadOnlySpan<byte> V0_8Alternative => [(byte)'A', (byte)'M', (byte)'Q', (byte)'P', 1, 1, 9, 1];

    /// <summary>0-9: <c>AMQP 1 1 0 9</c>.</summary>
    public static ReadOnlySpan<byte> V0_9 => [(byte)'A', (byte)'M', (byte)'Q', (byte)'P', 1, 1, 0, 9];

    /// <summary>0-9-1: <c>AMQP 0 0 9 1</c>.</summary>
    public static ReadOnlySpan<byte> V0_9_1 => [(byte)'A', (byte)'M', (byte)'Q', (byte)'P', 0, 0, 9, 1];

    /// <summary>0-10: <c>AMQP 1 1 0 10</c>.</summary>
    public static ReadOnlySpan<byte> V0_10 => [(byte)'A', (byte)'M', (byte)'Q', (byte)'P', 1, 1, 0, 10];

    /// <summary>1.0, plain: <c>AMQP 0 1 0 0</c>.</summary>
    public static ReadOnlySpan<byte> V1_0 => [(byte)'A', (byte)'M', (byte)'Q', (byte)'P', 0, 1, 0, 0];

    /// <summary>1.0, SASL layer: <c>AMQP 3 1 0 0</c>.</summary>
    public static ReadOnlySpan<byte> V1_0_Sasl => [(byte)'A', (byte)'M', (byte)'Q', (byte)'P', 3, 1, 0, 0];
}
