namespace AmqpToolkit.Broker.Testing;

/// <summary>A message, or a word on messages, that goes between a client and the broker.</summary>
/// <param name="connection">Which connection, in the order in which they came, from 1.</param>
/// <param name="point">What it is.</param>
/// <param name="number">The how-manieth of its kind on that connection, from 1.</param>
/// <param name="channel">Its channel.</param>
/// <param name="fault">What goes wrong with it; null for nothing.</param>
public sealed class TrafficEventArgs(int connection, TrafficPoint point, int number, ushort channel, Fault? fault) : EventArgs
{
    /// <summary>Which connection, in the order in which they came, from 1.</summary>
    public int Connection => connection;

    /// <summary>What it is.</summary>
    public TrafficPoint Point => point;

    /// <summary>The how-manieth of its kind on that connection, from 1.</summary>
    public int Number => number;

    /// <summary>Its channel.</summary>
    public ushort Channel => channel;

    /// <summary>What goes wrong with it; null for nothing.</summary>
    public Fault? Fault => fault;
}
