using System.Buffers.Binary;
using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Broker.Tests.Durability;

/// <summary>A client with one channel whose publishes are confirmed, and persistent unless they say otherwise. Bodies are text.</summary>
internal sealed class KeptClient : IDisposable
{
    private static readonly BasicProperties Persistent = new() { DeliveryMode = 2 };

    private readonly RawClient _client;
    private ulong _published;

    public KeptClient(KeptBroker broker, bool isConfirming = true, bool takesBlocked = false)
    {
        _client = RawClient.Open(broker.Broker, takesBlocked: takesBlocked);
        _client.OpenChannel(1);
        if (isConfirming)
        {
            _client.Send(1, new ConfirmSelect());
            _client.Expect(ConfirmSelectOkView.MethodKey);
        }
    }

    public RawClient Raw => _client;

    public void Declare(string queue, params (string Key, object Value)[] arguments)
    {
        var table = Table.Create(builder =>
        {
            foreach (var (key, value) in arguments)
            {
                _ = value is int number ? builder.Add(key, number) : builder.Add(key, (string)value);
            }
        });
        _client.Send(1, new QueueDeclare { Queue = queue, Durable = true, Arguments = table });
        _client.Expect(QueueDeclareOkView.MethodKey);
    }

    public void Bind(string queue, string exchange, string key = "")
    {
        _client.Send(1, new QueueBind { Queue = queue, Exchange = exchange, RoutingKey = key });
        _client.Expect(QueueBindOkView.MethodKey);
    }

    /// <summary>Publishes in one go, without waiting.</summary>
    public void Send(string exchange, string key, BasicProperties properties, params string[] bodies)
    {
        using var octets = new MemoryStream();
        byte[] header = new byte[properties.MaxOctets];
        header = header[..properties.Write(header)];
        foreach (string body in bodies)
        {
            byte[] content = Encoding.UTF8.GetBytes(body);
            byte[] frames = new byte[2048 + ContentWriter.CountOctets(header.Length, content.Length, _client.FrameMax)];
            int at = FrameWriter.WriteMethod(frames, 1, new BasicPublish { Exchange = exchange, RoutingKey = key });
            at += ContentWriter.Write(frames.AsSpan(at), 1, BasicProperties.ClassId, header, content, _client.FrameMax);
            octets.Write(frames, 0, at);
            _published++;
        }

        _client.Send(octets.ToArray());
    }

    /// <summary>Publishes persistent messages to a queue and waits for their confirms.</summary>
    public void Publish(string queue, params string[] bodies) => Publish("", queue, Persistent, bodies);

    public void Publish(string exchange, string key, BasicProperties properties, params string[] bodies)
    {
        Send(exchange, key, properties, bodies);
        WaitForConfirms();
    }

    /// <summary>Waits until everything published is confirmed.</summary>
    public void WaitForConfirms()
    {
        ulong confirmed = 0;
        while (confirmed < _published)
        {
            Assert.Equal(DecodeError.None, BasicAckView.TryParse(_client.Expect(BasicAckView.MethodKey), out var ack));
            confirmed = ack.DeliveryTag;
        }
    }

    /// <summary>Gets a message with its tag; null when there is none.</summary>
    public (string Body, bool IsRedelivered, ulong Tag)? Get(string queue, bool noAck = true)
    {
        _client.Send(1, new BasicGet { Queue = queue, NoAck = noAck });
        var (_, _, payload) = _client.ReadFrame();
        uint key = BinaryPrimitives.ReadUInt32BigEndian(payload);
        if (key == BasicGetEmptyView.MethodKey)
        {
            return null;
        }

        Assert.Equal(BasicGetOkView.MethodKey, key);
        Assert.Equal(DecodeError.None, BasicGetOkView.TryParse(payload.AsSpan(4), out var got));
        var (redelivered, tag) = (got.Redelivered, got.DeliveryTag);
        return (Encoding.UTF8.GetString(_client.ExpectContent()), redelivered, tag);
    }

    /// <summary>Takes everything out of a queue.</summary>
    public string[] Drain(string queue)
    {
        var bodies = new List<string>();
        while (Get(queue) is { } message)
        {
            bodies.Add(message.Body);
        }

        return [.. bodies];
    }

    public void Ack(ulong tag, bool multiple = false)
    {
        _client.Send(1, new BasicAck { DeliveryTag = tag, Multiple = multiple });
        Ping();
    }

    public void Reject(ulong tag, bool requeue)
    {
        _client.Send(1, new BasicReject { DeliveryTag = tag, Requeue = requeue });
        Ping();
    }

    /// <summary>Comes back when the broker has done what was sent before.</summary>
    public void Ping()
    {
        _client.Send(1, new BasicQos { PrefetchCount = 0 });
        _client.Expect(BasicQosOkView.MethodKey);
    }

    public void Dispose() => _client.Dispose();
}
