using AmqpToolkit.Decode.Framing;

namespace AmqpToolkit.Decode;

/// <summary>What the command line says.</summary>
internal sealed record DecodeSettings
{
    /// <summary>AMQP's own port and that of AMQP over TLS: streams without a header are looked at there only.</summary>
    public const ushort DefaultPort = 5672;

    public const ushort DefaultTlsPort = 5671;

    /// <summary>Edition of streams that start without a header; unknown to guess.</summary>
    public Edition Edition { get; init; }

    /// <summary>Octets of a body that are shown.</summary>
    public int BodyOctets { get; init; } = 64;

    /// <summary>Passwords are shown.</summary>
    public bool ShowSecrets { get; init; }

    /// <summary>A longer frame is an error.</summary>
    public int MaxFrameOctets { get; init; } = 16 << 20;

    /// <summary>Octets that all streams together may keep until they make a frame.</summary>
    public long MaxKeptOctets { get; init; } = 256L << 20;

    /// <summary>More ports on which AMQP is expected.</summary>
    public IReadOnlyList<ushort> Ports { get; init; } = [];

    public bool IsAmqpPort(ushort port) => port is DefaultPort or DefaultTlsPort || Ports.Contains(port);
}
