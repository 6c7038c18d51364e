namespace AmqpToolkit.Protocol.V1_0;

/// <summary>Why something is ended, as 1.0 says it (section 2.8.14).</summary>
/// <param name="Condition">The symbol of the condition.</param>
/// <param name="Description">What happened, for people; 256 characters at most are sent.</param>
public sealed record AmqpFault(string Condition, string Description)
{
    /// <summary>Characters of a description that are sent: an error must fit into the smallest frame.</summary>
    public const int MaxDescriptionLength = 256;

    /// <summary>Both, for a log.</summary>
    public override string ToString() => $"{Condition}: {Description}";

    internal Codec.V1_0.Error ToError() => new()
    {
        Condition = Condition,
        Description = Description.Length <= MaxDescriptionLength ? Description : Description[..(char.IsHighSurrogate(Description[MaxDescriptionLength - 1]) ? MaxDescriptionLength - 1 : MaxDescriptionLength)],
    };
}
