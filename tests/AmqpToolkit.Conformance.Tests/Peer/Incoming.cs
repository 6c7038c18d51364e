namespace AmqpToolkit.Conformance.Tests.Peer;

/// <summary>What a broker sends or does: one frame, its protocol header, or the end of the socket.</summary>
internal abstract record Incoming(ushort Channel);

/// <summary>A method frame with its decoded fields.</summary>
internal sealed record IncomingMethod(ushort Channel, string Name, object?[] Fields) : Incoming(Channel)
{
    public T Field<T>(int index) => (T)Fields[index]!;

    public override string ToString() => $"{Name} on channel {Channel} ({string.Join(", ", Fields)})";
}

/// <summary>A content header frame; the properties are its flags and list as they came.</summary>
internal sealed record IncomingHeader(ushort Channel, ushort ClassId, ulong BodyOctets, byte[] Properties) : Incoming(Channel);

/// <summary>A content body frame.</summary>
internal sealed record IncomingBody(ushort Channel, byte[] Payload) : Incoming(Channel);

/// <summary>A heartbeat frame.</summary>
internal sealed record IncomingHeartbeat(ushort Channel, int Octets) : Incoming(Channel);

/// <summary>The eight octets with which a broker answers a header that it does not take.</summary>
internal sealed record IncomingProtocolHeader(byte[] Octets) : Incoming((ushort)0);

/// <summary>The socket ended, in order or by a reset.</summary>
internal sealed record SocketClosed() : Incoming((ushort)0);

/// <summary>A method with content: deliver, get-ok or return.</summary>
internal sealed record Content(IncomingMethod Method, byte[] Properties, byte[] Body, int BodyFrames)
{
    public string Text => System.Text.Encoding.UTF8.GetString(Body);

    /// <summary>The delivery tag of a basic.deliver (after the consumer tag) or a basic.get-ok.</summary>
    public ulong DeliveryTag => Method.Field<ulong>(Method.Name == "basic.deliver" ? 1 : 0);

    /// <summary>The redelivered bit behind the delivery tag.</summary>
    public bool Redelivered => Method.Field<bool>(Method.Name == "basic.deliver" ? 2 : 1);
}
