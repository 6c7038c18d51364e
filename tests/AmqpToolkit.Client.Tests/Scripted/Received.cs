using System.Buffers.Binary;
using System.Text;

namespace AmqpToolkit.Client.Tests.Scripted;

/// <summary>A method that the client sent, with its content where it has one.</summary>
internal sealed record Received(ushort Channel, ushort ClassId, ushort MethodId, byte[] Arguments)
{
    private static readonly Dictionary<(ushort, ushort), string> Names = new()
    {
        [(10, 11)] = "connection.start-ok", [(10, 31)] = "connection.tune-ok", [(10, 40)] = "connection.open", [(10, 50)] = "connection.close",
        [(10, 51)] = "connection.close-ok", [(10, 70)] = "connection.update-secret", [(20, 10)] = "channel.open", [(20, 21)] = "channel.flow-ok",
        [(20, 40)] = "channel.close", [(20, 41)] = "channel.close-ok", [(40, 10)] = "exchange.declare", [(40, 20)] = "exchange.delete",
        [(40, 30)] = "exchange.bind", [(40, 40)] = "exchange.unbind", [(50, 10)] = "queue.declare", [(50, 20)] = "queue.bind", [(50, 30)] = "queue.purge",
        [(50, 40)] = "queue.delete", [(50, 50)] = "queue.unbind", [(60, 10)] = "basic.qos", [(60, 20)] = "basic.consume", [(60, 30)] = "basic.cancel",
        [(60, 31)] = "basic.cancel-ok", [(60, 40)] = "basic.publish", [(60, 70)] = "basic.get", [(60, 80)] = "basic.ack", [(60, 90)] = "basic.reject",
        [(60, 110)] = "basic.recover", [(60, 120)] = "basic.nack", [(85, 10)] = "confirm.select", [(90, 10)] = "tx.select", [(90, 20)] = "tx.commit",
        [(90, 30)] = "tx.rollback",
    };

    public string Name => Names.GetValueOrDefault((ClassId, MethodId), $"{ClassId}/{MethodId}");

    public bool HasContent => (ClassId, MethodId) == (60, 40);

    /// <summary>Flags and list of the content header.</summary>
    public byte[] Properties { get; set; } = [];

    public byte[] Body { get; set; } = [];

    public ulong BodyOctets { get; set; }

    public string Text => Encoding.UTF8.GetString(Body);

    public ushort Short(int at) => BinaryPrimitives.ReadUInt16BigEndian(Arguments.AsSpan(at));

    /// <summary>The tag of ack, nack and reject.</summary>
    public ulong Tag => BinaryPrimitives.ReadUInt64BigEndian(Arguments);

    /// <summary>The octet of bits behind the tag.</summary>
    public byte Bits => Arguments[8];

    public string ShortString(int at) => Encoding.UTF8.GetString(Arguments, at + 1, Arguments[at]);

    public override string ToString() => $"{Name} on {Channel} [{Convert.ToHexString(Arguments)}] {Text}";
}
