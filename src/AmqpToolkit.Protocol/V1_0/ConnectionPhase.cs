namespace AmqpToolkit.Protocol.V1_0;

/// <summary>Where a connection stands, from the side of this peer (1.0 sections 2.2, 2.4.6 and 5.3.2).</summary>
public enum ConnectionPhase : byte
{
    /// <summary>The peer's protocol header is awaited.</summary>
    Header,

    /// <summary>The SASL exchange goes on.</summary>
    Sasl,

    /// <summary>Authenticated: the header of AMQP itself is awaited.</summary>
    HeaderAfterSasl,

    /// <summary>The peer's open is awaited.</summary>
    Open,

    /// <summary>Both have opened, or the peer has, and this peer is about to.</summary>
    Running,

    /// <summary>This peer has closed, and passes over everything up to the peer's close.</summary>
    Discarding,

    /// <summary>Nothing more is sent or taken.</summary>
    Closed,
}
