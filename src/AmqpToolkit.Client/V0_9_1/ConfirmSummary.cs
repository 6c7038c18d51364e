namespace AmqpToolkit.Client.V0_9_1;

/// <summary>How the publishes of <see cref="AmqpChannel.PostAsync(AmqpToolkit.Codec.ShortString, AmqpToolkit.Codec.ShortString, ReadOnlyMemory{byte}, CancellationToken)"/> ended, counted since the last summary.</summary>
/// <param name="Confirmed">Taken by the broker.</param>
/// <param name="Nacked">Refused by the broker.</param>
/// <param name="Returned">Mandatory, and taken by no queue.</param>
/// <param name="InDoubt">Unanswered when the channel ended.</param>
public readonly record struct ConfirmSummary(long Confirmed, long Nacked, long Returned, long InDoubt)
{
    /// <summary>Whether every one was taken.</summary>
    public bool IsConfirmed => Nacked == 0 && Returned == 0 && InDoubt == 0;
}
