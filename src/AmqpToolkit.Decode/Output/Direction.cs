namespace AmqpToolkit.Decode.Output;

/// <summary>Which way octets went.</summary>
internal enum Direction : byte
{
    /// <summary>Nothing tells.</summary>
    Unknown,

    /// <summary>From the peer that opened the connection.</summary>
    FromClient,

    /// <summary>To it.</summary>
    FromServer,
}
