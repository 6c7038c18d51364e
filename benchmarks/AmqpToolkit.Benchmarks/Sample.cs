using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Benchmarks;

/// <summary>What the codec benchmarks encode and decode: a 16-octet message, as load tests send it.</summary>
internal static class Sample
{
    internal const ushort Channel = 1;
    internal const string Exchange = "amq.topic";
    internal const string RoutingKey = "a.b.c";
    internal const string ConsumerTag = "ctag-1";
    internal const int BufferOctets = 4096;
    internal const uint FrameMax = 131072;

    internal static readonly byte[] Body = new byte[16];
    internal static readonly byte[] NoProperties = [0, 0];

    /// <summary>Method, content header and body of a basic.publish.</summary>
    internal static byte[] PublishFrames() => Frames(new BasicPublish { Exchange = Exchange, RoutingKey = RoutingKey });

    /// <summary>Method, content header and body of a basic.deliver.</summary>
    internal static byte[] DeliverFrames() => Frames(new BasicDeliver
    {
        ConsumerTag = ConsumerTag,
        DeliveryTag = 1234567,
        Exchange = Exchange,
        RoutingKey = RoutingKey,
    });

    /// <summary>Class id, method id and arguments.</summary>
    internal static byte[] Payload<T>(T method)
        where T : struct, IMethod
    {
        byte[] buffer = new byte[method.MaxOctets];
        return buffer[..method.Write(buffer)];
    }

    private static byte[] Frames<T>(T method)
        where T : struct, IMethod
    {
        byte[] buffer = new byte[BufferOctets];
        int at = FrameWriter.WriteMethod(buffer, Channel, method);
        at += FrameWriter.WriteContentHeader(buffer.AsSpan(at), Channel, BasicPropertiesView.ClassId, (ulong)Body.Length, NoProperties);
        at += FrameWriter.WriteBody(buffer.AsSpan(at), Channel, Body);
        return buffer[..at];
    }
}
