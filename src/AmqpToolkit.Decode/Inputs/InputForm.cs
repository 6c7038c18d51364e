namespace AmqpToolkit.Decode.Inputs;

/// <summary>How input is written.</summary>
internal enum InputForm : byte
{
    /// <summary>Its first octets tell.</summary>
    Auto,

    /// <summary>Hexadecimal digits as text.</summary>
    Hex,

    /// <summary>The octets of one direction of a TCP stream.</summary>
    Raw,

    /// <summary>A capture in the format pcap or pcapng.</summary>
    Capture,
}
