using System.Text;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Client.V1_0;

/// <summary>The outcomes that a receiver says, as delivery-states (1.0 section 3.4).</summary>
internal static class OutcomeStates
{
    public static EncodedValue Accepted { get; } = EncodedValue.Of(default(Accepted));

    public static EncodedValue Released { get; } = EncodedValue.Of(default(Released));

    /// <exception cref="ArgumentException">The condition is no symbol, or missing.</exception>
    public static EncodedValue Rejected(string? condition, string? description)
    {
        if (condition is null ? description is not null : !Ascii.IsValid(condition))
        {
            throw new ArgumentException("A reason has a condition, a symbol of ASCII.", nameof(condition));
        }

        return EncodedValue.Of(condition is null ? default : new Rejected { Error = new Error { Condition = condition, Description = description ?? string.Empty } });
    }

    /// <exception cref="ArgumentException">The annotations are no map.</exception>
    public static EncodedValue Modified(bool deliveryFailed, bool undeliverableHere, EncodedValue messageAnnotations)
    {
        if (!messageAnnotations.IsNull && !messageAnnotations.View.TryGetMap(out _))
        {
            throw new ArgumentException("Annotations are a map.", nameof(messageAnnotations));
        }

        return EncodedValue.Of(new Modified { DeliveryFailed = deliveryFailed, UndeliverableHere = undeliverableHere, MessageAnnotations = messageAnnotations });
    }
}
