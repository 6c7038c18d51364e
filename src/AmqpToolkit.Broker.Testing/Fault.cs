using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Testing;

/// <summary>Something that goes wrong between a client and its broker. Immutable.</summary>
public sealed class Fault
{
    private Fault(FaultKind kind, TimeSpan time = default, ushort code = 0, string text = "")
    {
        Kind = kind;
        Time = time;
        Code = code;
        Text = text;
    }

    /// <summary>The stream breaks: neither end hears another word.</summary>
    public static Fault Cut { get; } = new(FaultKind.Cut);

    /// <summary>It is lost on its way, and nobody is told; the stream goes on. A publish that is lost is never confirmed.</summary>
    public static Fault Drop { get; } = new(FaultKind.Drop);

    /// <summary>
    /// The broker refuses it. A publish never comes to the broker, and is answered with basic.nack where the channel confirms; a client's acknowledgement, and a broker's confirm, become basic.nack (the client's with requeue).
    /// With 1.0 a publish and a broker's confirm are rejected, and a client's word releases.
    /// </summary>
    public static Fault Nack { get; } = new(FaultKind.Nack);

    /// <summary>
    /// It changes places with the next of its kind on its channel; what goes to the client is lost when there is no next. Delivery tags rise all the same. With 1.0 its session
    /// counts, not its channel, and a flow or detach in between leaves it in its place.
    /// </summary>
    public static Fault Reorder { get; } = new(FaultKind.Reorder);

    internal FaultKind Kind { get; }

    internal TimeSpan Time { get; }

    internal ushort Code { get; }

    internal string Text { get; }

    /// <summary>The broker closes the connection (connection.close; with 1.0 a close with amqp:connection:forced and the text); to the broker it looks as if the client had gone.</summary>
    /// <param name="code">The reply code.</param>
    /// <param name="text">The reply text.</param>
    public static Fault Close(ushort code = Constants.ConnectionForced, string text = "CONNECTION_FORCED - by a rule of the test") => new(FaultKind.Close, code: code, text: text);

    /// <summary>It is late, and with it everything behind it on the connection in this direction.</summary>
    /// <param name="time">How long it is held, by the clock of the <see cref="ConnectionTap"/>.</param>
    public static Fault Delay(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        return new Fault(FaultKind.Delay, time);
    }

    /// <summary>A publish never comes to the broker, and returns to its publisher (basic.return), followed by its confirm where the channel confirms. With 1.0 it is released.</summary>
    /// <param name="code">The reply code.</param>
    /// <param name="text">The reply text.</param>
    public static Fault Return(ushort code = Constants.NoRoute, string text = "NO_ROUTE") => new(FaultKind.Return, code: code, text: text);

    /// <summary>The client hears that the broker takes no publishes (connection.blocked), if it wants to hear of that, and later that it does again. What it publishes all the same is taken. 1.0 has no word for it, and nothing happens there.</summary>
    /// <param name="time">How long, by the clock of the <see cref="ConnectionTap"/>.</param>
    /// <param name="reason">What it is told.</param>
    public static Fault Block(TimeSpan time, string reason = "by a rule of the test")
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        return new Fault(FaultKind.Block, time, text: reason);
    }

    /// <summary>Its name, and what there is to say of it.</summary>
    public override string ToString() => Kind switch
    {
        FaultKind.Delay or FaultKind.Block => $"{Kind} {Time}",
        FaultKind.Close or FaultKind.Return => $"{Kind} {Code} {Text}",
        _ => Kind.ToString(),
    };

    /// <summary>Refuses what means nothing where it is to stand.</summary>
    internal void CheckAt(TrafficPoint point)
    {
        bool means = Kind switch
        {
            FaultKind.Return => point == TrafficPoint.Publish,
            FaultKind.Nack => point != TrafficPoint.Delivery,
            _ => true,
        };
        if (!means)
        {
            throw new ArgumentException($"{Kind} means nothing at {point}.", nameof(point));
        }
    }
}
