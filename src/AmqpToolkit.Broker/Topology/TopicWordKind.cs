namespace AmqpToolkit.Broker.Topology;

/// <summary>What a word of a binding's key stands for in a topic exchange.</summary>
internal enum TopicWordKind : byte
{
    /// <summary>Itself.</summary>
    Word,

    /// <summary>"*": one word.</summary>
    Star,

    /// <summary>"#": any number of words, none included.</summary>
    Hash,
}
