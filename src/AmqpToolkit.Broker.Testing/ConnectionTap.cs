using AmqpToolkit.Broker.Testing.Strict;
using AmqpToolkit.Broker.Testing.Traffic;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Broker.Testing;

/// <summary>
/// Sits between a broker and all of its connections: shows what is said, in words, tells where a client departs from the specification, and has things go wrong by rule. It is made before the broker
/// (<see cref="AmqpBrokerOptions.WrapTransport"/>), and one broker has it. Any thread.
/// </summary>
/// <remarks>
/// Faults act on 0-9-1 and 1.0 (but for <see cref="Fault.Block"/>, for which 1.0 has no word). A delivery of 1.0 that is lost comes as one that its sender has given up (1.0 section 2.7.5, aborted): sessions and links count
/// what goes over them. Departures are those of clients of 0-9-1.
/// <code>
///   client --- recorder --- faults --- broker
///               strict
/// </code>
/// </remarks>
public sealed class ConnectionTap
{
    private int _connectionCount;

    /// <summary>A tap.</summary>
    /// <param name="timeProvider">The clock of delays, and of the times in the conversation; null for the system's.</param>
    /// <param name="seed">What chance begins with.</param>
    public ConnectionTap(TimeProvider? timeProvider = null, int seed = 1)
    {
        Time = timeProvider ?? TimeProvider.System;
        Faults = new FaultRules(seed);
        Conversation = new ConversationRecorder(Time);
    }

    /// <summary>A message, or a word on messages, goes by: before it is forwarded, on the thread that brings it. What a handler throws breaks the connection.</summary>
    public event EventHandler<TrafficEventArgs>? Passing;

    /// <summary>What is to go wrong.</summary>
    public FaultRules Faults { get; }

    /// <summary>What was said, in words.</summary>
    public ConversationRecorder Conversation { get; }

    /// <summary>Where clients of 0-9-1 departed from the specification so far, and were served all the same.</summary>
    public IReadOnlyList<Departure> Departures => Report.Departures;

    internal TimeProvider Time { get; }

    internal DepartureReport Report { get; } = new();

    /// <summary>Sits down at a connection: for <see cref="AmqpBrokerOptions.WrapTransport"/>.</summary>
    public TransportConnection Wrap(TransportConnection transport)
    {
        ArgumentNullException.ThrowIfNull(transport);
        return new TappedConnection(transport, this, Interlocked.Increment(ref _connectionCount));
    }

    internal Fault? Pass(int connection, TrafficPoint point, int number, ushort channel, bool isClassic)
    {
        var fault = Faults.Find(connection, point, number, isClassic);
        try
        {
            Passing?.Invoke(this, new TrafficEventArgs(connection, point, number, channel, fault));
        }
        catch (Exception exception)
        {
            // Both ends know what to do about a stream that breaks.
            throw new IOException($"A handler of {nameof(Passing)} has failed: {exception.Message}", exception);
        }

        return fault;
    }
}
