using System.Diagnostics.CodeAnalysis;
using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Client.V1_0;

/// <summary>What became of a message that was sent, as a value (1.0 section 3.4): a receiver's refusal is no exception.</summary>
public readonly struct DeliveryOutcome : IEquatable<DeliveryOutcome>
{
    private readonly object? _detail;

    private DeliveryOutcome(OutcomeKind kind, object? detail = null)
    {
        Kind = kind;
        _detail = detail;
    }

    /// <summary>The outcome.</summary>
    public OutcomeKind Kind { get; }

    /// <summary>Whether the receiver has it.</summary>
    public bool IsAccepted => Kind == OutcomeKind.Accepted;

    /// <summary>Why it was rejected, a symbol; null without a reason.</summary>
    public string? Condition => (_detail as Refusal)?.Condition;

    /// <summary>The same, for people.</summary>
    public string? Description => (_detail as Refusal)?.Description;

    /// <summary>Of a modified one: whether the attempt counts (1.0 section 3.4.5).</summary>
    public bool DeliveryFailed => _detail is Change { DeliveryFailed: true };

    /// <summary>Of a modified one: whether it is not to be sent to that receiver again.</summary>
    public bool UndeliverableHere => _detail is Change { UndeliverableHere: true };

    /// <summary>Of a modified one: what is to be merged into its annotations, null or a map.</summary>
    public EncodedValue MessageAnnotations => (_detail as Change)?.MessageAnnotations ?? default;

    /// <summary>Why nothing was heard; null unless it is <see cref="OutcomeKind.InDoubt"/>.</summary>
    public CloseReason? Cause => _detail as CloseReason;

    internal static DeliveryOutcome Sent => new(OutcomeKind.Sent);

    /// <summary>Whether both say the same.</summary>
    public static bool operator ==(DeliveryOutcome left, DeliveryOutcome right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(DeliveryOutcome left, DeliveryOutcome right) => !left.Equals(right);

    /// <summary>For callers that want an exception instead of a value.</summary>
    /// <exception cref="SendFailedException">It is not <see cref="OutcomeKind.Accepted"/>.</exception>
    public void ThrowIfNotAccepted()
    {
        if (!IsAccepted)
        {
            throw new SendFailedException(this);
        }
    }

    /// <inheritdoc/>
    public bool Equals(DeliveryOutcome other) => Kind == other.Kind && Equals(_detail, other._detail);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is DeliveryOutcome other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, _detail);

    /// <inheritdoc/>
    public override string ToString() => _detail switch
    {
        Refusal refusal => $"{Kind}: {refusal.Condition} {refusal.Description}",
        CloseReason cause => $"{Kind}: {cause}",
        _ => $"{Kind}",
    };

    internal static DeliveryOutcome InDoubt(CloseReason cause) => new(OutcomeKind.InDoubt, cause);

    internal static DeliveryOutcome Read(ReadOnlySpan<byte> state)
    {
        var any = new AnyDeliveryState(state);
        switch (any.Kind)
        {
            case AnyDeliveryState.Member.Accepted:
                return new DeliveryOutcome(OutcomeKind.Accepted);

            case AnyDeliveryState.Member.Released:
                return new DeliveryOutcome(OutcomeKind.Released);

            case AnyDeliveryState.Member.Modified when any.ParseModified(out var modified) == DecodeError.None && (modified.DeliveryFailed || modified.UndeliverableHere || modified.HasMessageAnnotations):
                return new DeliveryOutcome(OutcomeKind.Modified, new Change(modified.DeliveryFailed, modified.UndeliverableHere, modified.ToOwned().MessageAnnotations));

            case AnyDeliveryState.Member.Modified:
                return new DeliveryOutcome(OutcomeKind.Modified);

            case AnyDeliveryState.Member.Rejected when any.ParseRejected(out var rejected) == DecodeError.None && rejected.HasError:
                return new DeliveryOutcome(OutcomeKind.Rejected, new Refusal(Encoding.ASCII.GetString(rejected.Error.Condition), Encoding.UTF8.GetString(rejected.Error.Description)));

            case AnyDeliveryState.Member.Rejected:
                return new DeliveryOutcome(OutcomeKind.Rejected);

            default:
                return default;
        }
    }

    private sealed record Refusal(string Condition, string Description);

    private sealed record Change(bool DeliveryFailed, bool UndeliverableHere, EncodedValue MessageAnnotations);
}
