namespace AmqpToolkit.Broker.Channels;

/// <summary>What a message has beside a key, so that it takes another way than its neighbours or is changed on it.</summary>
[Flags]
internal enum MessageTraits : byte
{
    None = 0,

    /// <summary>It goes to more keys (headers CC, BCC).</summary>
    Copies = 1,

    /// <summary>Some of them nobody is to see (header BCC).</summary>
    BlindCopies = 2,

    /// <summary>Its answers are to come to the channel itself (direct reply-to).</summary>
    DirectReplyTo = 4,
}
