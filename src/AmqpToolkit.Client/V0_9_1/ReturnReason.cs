namespace AmqpToolkit.Client.V0_9_1;

/// <summary>What a basic.return said.</summary>
/// <param name="ReplyCode">312 for no route, 313 for no consumers.</param>
/// <param name="ReplyText">The broker's words.</param>
public sealed record ReturnReason(ushort ReplyCode, string ReplyText)
{
    /// <inheritdoc/>
    public override string ToString() => $"{ReplyCode} {ReplyText}";
}
