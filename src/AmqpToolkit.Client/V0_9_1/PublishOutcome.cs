using System.Diagnostics.CodeAnalysis;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>How a confirmed publish ended, as a value: a broker's refusal is no exception.</summary>
public readonly struct PublishOutcome : IEquatable<PublishOutcome>
{
    private readonly object? _detail;

    private PublishOutcome(PublishStatus status, object? detail)
    {
        Status = status;
        _detail = detail;
    }

    /// <summary>What happened.</summary>
    public PublishStatus Status { get; }

    /// <summary>Whether the broker has taken the message.</summary>
    public bool IsConfirmed => Status == PublishStatus.Confirmed;

    /// <summary>Why the message came back; null unless it is <see cref="PublishStatus.Returned"/>.</summary>
    public ReturnReason? Return => _detail as ReturnReason;

    /// <summary>Why nothing was heard; null unless it is <see cref="PublishStatus.InDoubt"/>.</summary>
    public CloseReason? Cause => _detail as CloseReason;

    internal static PublishOutcome Confirmed => default;

    internal static PublishOutcome Nacked => new(PublishStatus.Nacked, null);

    /// <summary>Whether both say the same.</summary>
    public static bool operator ==(PublishOutcome left, PublishOutcome right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(PublishOutcome left, PublishOutcome right) => !left.Equals(right);

    /// <summary>For callers that want an exception instead of a value.</summary>
    /// <exception cref="PublishFailedException">The status is not <see cref="PublishStatus.Confirmed"/>.</exception>
    public void ThrowIfNotConfirmed()
    {
        if (!IsConfirmed)
        {
            throw new PublishFailedException(this);
        }
    }

    /// <inheritdoc/>
    public bool Equals(PublishOutcome other) => Status == other.Status && Equals(_detail, other._detail);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is PublishOutcome other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Status, _detail);

    /// <inheritdoc/>
    public override string ToString() => _detail is null ? $"{Status}" : $"{Status}: {_detail}";

    internal static PublishOutcome Returned(ReturnReason reason) => new(PublishStatus.Returned, reason);

    internal static PublishOutcome InDoubt(CloseReason cause) => new(PublishStatus.InDoubt, cause);
}
