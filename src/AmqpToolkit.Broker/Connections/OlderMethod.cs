namespace AmqpToolkit.Broker.Connections;

/// <summary>What a method of an edition before 0-9-1 is to a connection, which speaks 0-9-1.</summary>
internal enum OlderMethod : byte
{
    /// <summary>The same octets mean the same in 0-9-1.</summary>
    Same,

    /// <summary>0-9-1 says it in other octets.</summary>
    Translated,

    /// <summary>0-9-1 has no such thing.</summary>
    Own,

    /// <summary>The edition has no such method, whatever 0-9-1 has.</summary>
    Unknown,
}
