using System.Buffers.Binary;
using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Broker.Tests.Streams;

/// <summary>A client of streams: one channel that publishes with confirms, and one that reads. Bodies are text.</summary>
internal sealed class StreamClient : IDisposable
{
    private const ushort Publishing = 1;
    private const ushort Reading = 2;

    private ulong _published;
    private bool _passesConfirms;

    public StreamClient(AmqpBroker broker)
    {
        Raw = RawClient.Open(broker);
        Raw.OpenChannel(Publishing);
        Raw.Send(Publishing, default(ConfirmSelect));
        Raw.Expect(ConfirmSelectOkView.MethodKey);
        Raw.OpenChannel(Reading);
    }

    public RawClient Raw { get; }

    /// <summary>Declares a stream.</summary>
    /// <returns>How many messages it has.</returns>
    public uint Declare(string name, params (string Key, object Value)[] arguments)
    {
        var table = Table.Create(builder => AddTo(builder, [("x-queue-type", "stream"), .. arguments]));
        Raw.Send(Publishing, new QueueDeclare { Queue = name, Durable = true, Arguments = table });
        Assert.Equal(DecodeError.None, QueueDeclareOkView.TryParse(Raw.Expect(QueueDeclareOkView.MethodKey), out var ok));
        Assert.Equal(0u, ok.ConsumerCount);
        return ok.MessageCount;
    }

    /// <summary>Publishes in one go, without waiting.</summary>
    public void Send(string exchange, string key, BasicProperties properties, params IEnumerable<string> bodies)
    {
        using var octets = new MemoryStream();
        byte[] header = new byte[properties.MaxOctets];
        header = header[..properties.Write(header)];
        foreach (string body in bodies)
        {
            byte[] content = Encoding.UTF8.GetBytes(body);
            byte[] frames = new byte[2048 + ContentWriter.CountOctets(header.Length, content.Length, Raw.FrameMax)];
            int at = FrameWriter.WriteMethod(frames, Publishing, new BasicPublish { Exchange = exchange, RoutingKey = key });
            at += ContentWriter.Write(frames.AsSpan(at), Publishing, BasicProperties.ClassId, header, content, Raw.FrameMax);
            octets.Write(frames, 0, at);
            _published++;
        }

        Raw.Send(octets.ToArray());
    }

    /// <summary>Publishes transient messages and waits for their confirms; a stream keeps them all the same.</summary>
    public void Publish(string stream, params IEnumerable<string> bodies)
    {
        Send("", stream, default, bodies);
        WaitForConfirms();
    }

    public void WaitForConfirms()
    {
        for (ulong confirmed = 0; confirmed < _published;)
        {
            Assert.Equal(DecodeError.None, BasicAckView.TryParse(Raw.Expect(BasicAckView.MethodKey), out var ack));
            confirmed = ack.DeliveryTag;
        }
    }

    /// <summary>Begins to read.</summary>
    public void Consume(string stream, ushort prefetch, string tag, params (string Key, object Value)[] arguments)
    {
        Raw.Send(Reading, new BasicQos { PrefetchCount = prefetch });
        Raw.Expect(BasicQosOkView.MethodKey);
        Raw.Send(Reading, new BasicConsume { Queue = stream, ConsumerTag = tag, Arguments = Table.Create(builder => AddTo(builder, arguments)) });
        Raw.Expect(BasicConsumeOkView.MethodKey);
    }

    /// <summary>The next delivery.</summary>
    public StreamDelivery Next()
    {
        Assert.Equal(DecodeError.None, BasicDeliverView.TryParse(ExpectDeliver(), out var deliver));
        var (consumer, tag, redelivered, exchange, key) = (
            Encoding.UTF8.GetString(deliver.ConsumerTag), deliver.DeliveryTag, deliver.Redelivered,
            Encoding.UTF8.GetString(deliver.Exchange), Encoding.UTF8.GetString(deliver.RoutingKey));
        Assert.False(redelivered);
        var (_, _, header) = Raw.ReadFrame();
        Assert.Equal(DecodeError.None, ContentHeaderView.TryParse(header, out var content));
        Assert.Equal(DecodeError.None, BasicPropertiesView.TryParse(content.Properties, out var properties));
        Assert.True(properties.Headers.TryGetValue("x-stream-offset"u8, out var value));
        Assert.Equal(FieldType.Int64, value.Type);
        Assert.True(value.TryGetInt64(out long offset));
        byte[] body = new byte[content.BodyOctets];
        for (int at = 0; at < body.Length;)
        {
            var (_, _, part) = Raw.ReadFrame();
            part.CopyTo(body, at);
            at += part.Length;
        }

        return new StreamDelivery(consumer, tag, offset, exchange, key, Encoding.UTF8.GetString(body));
    }

    /// <summary>Confirms may stand between deliveries from now on.</summary>
    public void PassOverConfirms() => _passesConfirms = true;

    /// <summary>Reads so many messages, and acknowledges each at once.</summary>
    public List<(long Offset, string Body)> Read(int count)
    {
        var read = new List<(long Offset, string Body)>();
        while (read.Count < count)
        {
            var delivery = Next();
            read.Add((delivery.Offset, delivery.Body));
            Ack(delivery.Tag);
        }

        return read;
    }

    public void Ack(ulong tag, bool multiple = false) => Raw.Send(Reading, new BasicAck { DeliveryTag = tag, Multiple = multiple });

    public void Nack(ulong tag, bool requeue) => Raw.Send(Reading, new BasicNack { DeliveryTag = tag, Requeue = requeue });

    /// <summary>Ends a reader; its last deliveries are passed over.</summary>
    public void Cancel(string tag)
    {
        Raw.Send(Reading, new BasicCancel { ConsumerTag = tag });
        while (true)
        {
            var (type, _, payload) = Raw.ReadFrame();
            if (type == (byte)Constants.FrameMethod && BinaryPrimitives.ReadUInt32BigEndian(payload) == BasicCancelOkView.MethodKey)
            {
                return;
            }
        }
    }

    /// <summary>Comes back when the broker has done what was sent before; nothing else may have come.</summary>
    public void Ping()
    {
        Raw.Send(Reading, new BasicQos { PrefetchCount = 10 });
        Raw.Expect(BasicQosOkView.MethodKey);
    }

    public void Dispose() => Raw.Dispose();

    private byte[] ExpectDeliver()
    {
        while (_passesConfirms)
        {
            var (_, _, payload) = Raw.ReadFrame();
            if (BinaryPrimitives.ReadUInt32BigEndian(payload) != BasicAckView.MethodKey)
            {
                Assert.Equal(BasicDeliverView.MethodKey, BinaryPrimitives.ReadUInt32BigEndian(payload));
                return payload[4..];
            }
        }

        return Raw.Expect(BasicDeliverView.MethodKey);
    }

    private static void AddTo(TableBuilder builder, (string Key, object Value)[] arguments)
    {
        foreach (var (key, value) in arguments)
        {
            _ = value switch
            {
                int number => builder.Add(key, number),
                long number => builder.Add(key, number),
                bool bit => builder.Add(key, bit),
                AmqpTimestamp time => builder.Add(key, time),
                _ => builder.Add(key, (string)value),
            };
        }
    }
}
