using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.V1_0;

/// <summary>The outcomes of 1.0 (section 3.4) and what they are to a queue.</summary>
internal static class Outcomes
{
    /// <summary>accepted.</summary>
    public static EncodedValue Accepted { get; } = EncodedValue.Of(default(Accepted));

    /// <summary>released.</summary>
    public static EncodedValue Released { get; } = EncodedValue.Of(default(Released));

    /// <summary>All that a receiver may use.</summary>
    public static EncodedValue Symbols { get; } =
        EncodedValue.Symbols("amqp:accepted:list", "amqp:rejected:list", "amqp:released:list", "amqp:modified:list");

    /// <summary>rejected, with the reason.</summary>
    public static EncodedValue Rejected(string condition, string description) =>
        EncodedValue.Of(new Rejected { Error = new Error { Condition = condition, Description = Cut(description) } });

    /// <summary>As much of a description as the smallest frame has room for.</summary>
    private static string Cut(string description)
    {
        const int MostLength = 100;
        return description.Length <= MostLength ? description : description[..(char.IsHighSurrogate(description[MostLength - 1]) ? MostLength - 1 : MostLength)];
    }

    /// <summary>What an outcome means to a queue.</summary>
    /// <param name="state">A delivery-state.</param>
    /// <param name="outcome">The outcome.</param>
    /// <param name="annotations">What modified adds to the message's annotations; null for nothing.</param>
    /// <returns>False when the state is no outcome, or none that is known here.</returns>
    public static bool TryRead(ReadOnlySpan<byte> state, out Outcome outcome, out EncodedMapView annotations)
    {
        annotations = default;
        var any = new AnyDeliveryState(state);
        switch (any.Kind)
        {
            case AnyDeliveryState.Member.Accepted:
                outcome = Outcome.Accept;
                return true;

            case AnyDeliveryState.Member.Rejected:
                outcome = Outcome.Reject;
                return true;

            case AnyDeliveryState.Member.Released:
                outcome = Outcome.Release;
                return true;

            case AnyDeliveryState.Member.Modified when any.ParseModified(out var modified) == DecodeError.None:
                outcome = modified.UndeliverableHere ? Outcome.UndeliverableHere : modified.DeliveryFailed ? Outcome.Fail : Outcome.Release;
                annotations = modified.MessageAnnotations;
                return true;

            default:
                outcome = default;
                return false;
        }
    }
}
