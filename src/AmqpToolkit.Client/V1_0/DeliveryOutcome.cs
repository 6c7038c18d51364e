using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Client.V1_0;

/// <summary>What became of a message that was sent (1.0 section 3.4).</summary>
/// <param name="Kind">The outcome.</param>
/// <param name="Condition">Why it was rejected, a symbol; null without a reason.</param>
/// <param name="Description">The same, for people.</param>
public readonly record struct DeliveryOutcome(OutcomeKind Kind, string? Condition = null, string? Description = null)
{
    /// <summary>Whether the receiver has it.</summary>
    public bool IsAccepted => Kind == OutcomeKind.Accepted;

    internal static DeliveryOutcome Read(ReadOnlySpan<byte> state)
    {
        var any = new AnyDeliveryState(state);
        switch (any.Kind)
        {
            case AnyDeliveryState.Member.Accepted:
                return new DeliveryOutcome(OutcomeKind.Accepted);

            case AnyDeliveryState.Member.Released:
                return new DeliveryOutcome(OutcomeKind.Released);

            case AnyDeliveryState.Member.Modified:
                return new DeliveryOutcome(OutcomeKind.Modified);

            case AnyDeliveryState.Member.Rejected when any.ParseRejected(out var rejected) == DecodeError.None && rejected.HasError:
                return new DeliveryOutcome(OutcomeKind.Rejected, Encoding.ASCII.GetString(rejected.Error.Condition), Encoding.UTF8.GetString(rejected.Error.Description));

            case AnyDeliveryState.Member.Rejected:
                return new DeliveryOutcome(OutcomeKind.Rejected);

            default:
                return default;
        }
    }
}
