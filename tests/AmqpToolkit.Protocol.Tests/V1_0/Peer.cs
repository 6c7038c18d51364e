using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Protocol.Tests.V1_0;

/// <summary>What a peer sends, as octets.</summary>
internal static class Peer
{
    public static byte[] Header { get; } = [.. "AMQP"u8, 0, 1, 0, 0];

    public static byte[] SaslHeader { get; } = [.. "AMQP"u8, 3, 1, 0, 0];

    public static byte[] Open(string container = "peer", ushort channel = 0) => Frame(new Open { ContainerId = container }, channel);

    public static byte[] Begin(ushort channel = 0, uint nextOutgoingId = 0, uint window = 100, uint handleMax = 100) =>
        Frame(new Begin { NextOutgoingId = nextOutgoingId, IncomingWindow = window, OutgoingWindow = 100, HandleMax = handleMax }, channel);

    /// <summary>The peer wants to send.</summary>
    public static byte[] AttachSender(string name = "in", uint handle = 0, Func<Attach, Attach>? with = null, ushort channel = 0)
    {
        var attach = new Attach { Name = name, Handle = handle, Role = Role.Sender, InitialDeliveryCount = 0, Target = new Target { Address = EncodedValue.String("q") } };
        return Frame(with is null ? attach : with(attach), channel);
    }

    /// <summary>The peer wants to receive.</summary>
    public static byte[] AttachReceiver(string name = "out", uint handle = 1, Func<Attach, Attach>? with = null, ushort channel = 0)
    {
        var attach = new Attach { Name = name, Handle = handle, Role = Role.Receiver, Source = new Source { Address = EncodedValue.String("q") } };
        return Frame(with is null ? attach : with(attach), channel);
    }

    public static byte[] Credit(uint credit, uint handle = 1, uint deliveryCount = 0, uint nextIncomingId = 0, uint window = 100, uint nextOutgoingId = 0, bool drain = false, bool echo = false) =>
        Frame(new Flow
        {
            NextIncomingId = nextIncomingId, IncomingWindow = window, NextOutgoingId = nextOutgoingId, OutgoingWindow = 100, Handle = handle, DeliveryCount = deliveryCount, LinkCredit = credit,
            Drain = drain, Echo = echo,
        });

    public static byte[] Transfer(uint deliveryId, byte[]? payload = null, uint handle = 0, bool settled = false, Func<Transfer, Transfer>? with = null)
    {
        var transfer = new Transfer { Handle = handle, DeliveryId = deliveryId, DeliveryTag = BitConverter.GetBytes(deliveryId), Settled = settled };
        return Frame(with is null ? transfer : with(transfer), 0, payload);
    }

    public static byte[] Frame<T>(T performative, ushort channel = 0, byte[]? payload = null)
        where T : struct, IDescribedType
    {
        byte[] octets = new byte[FrameReader.HeaderOctets + performative.MaxOctets + (payload?.Length ?? 0)];
        return octets[..FrameWriter.WritePerformative(octets, channel, in performative, payload)];
    }

    public static byte[] Sasl<T>(T performative)
        where T : struct, IDescribedType
    {
        byte[] octets = new byte[FrameReader.HeaderOctets + performative.MaxOctets];
        return octets[..FrameWriter.WriteSasl(octets, in performative)];
    }
}
