using System.Net;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Connections;

/// <summary>A message that takes its time to arrive goes where it belongs when it is whole, whatever was true when it began.</summary>
public sealed class ChunkedPublishTests : IAsyncLifetime, IDisposable
{
    private const ushort Publishing = 1;
    private const ushort Changing = 2;

    private AmqpBroker _broker = null!;
    private RawClient _client = null!;

    public async Task InitializeAsync()
    {
        _broker = await TestBroker.StartAsync();
        _client = RawClient.Open(_broker);
        _client.OpenChannel(Publishing);
        _client.OpenChannel(Changing);
        _client.Send(Changing, new ExchangeDeclare { Exchange = "f", Type = "fanout" });
        _client.Expect(ExchangeDeclareOkView.MethodKey);
        _client.DeclareQueue(Changing, "q");
    }

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    public void Dispose() => _client.Dispose();

    [Fact]
    public void Message_WhoseExchangeComesToLookAtHeaders_IsRoutedByItsHeaders()
    {
        _client.Send(Changing, new QueueBind
        {
            Queue = "q", Exchange = "amq.headers", Arguments = Table.Create(table => table.Add("colour", "red")),
        });
        _client.Expect(QueueBindOkView.MethodKey);
        Begin();

        _client.Send(Changing, new ExchangeBind { Destination = "amq.headers", Source = "f" });
        _client.Expect(ExchangeBindOkView.MethodKey);
        SendBody();

        Assert.Equal(1u, CountMessages());
    }

    [Fact]
    public void Message_WhoseQueueIsBoundMeanwhile_IsRoutedToIt()
    {
        Begin();

        _client.Send(Changing, new QueueBind { Queue = "q", Exchange = "f" });
        _client.Expect(QueueBindOkView.MethodKey);
        SendBody();

        Assert.Equal(1u, CountMessages());
    }

    [Fact]
    public void Message_WhoseExchangeIsDeletedMeanwhile_IsRefused()
    {
        Begin();

        _client.Send(Changing, new ExchangeDelete { Exchange = "f" });
        _client.Expect(ExchangeDeleteOkView.MethodKey);
        SendBody();

        Assert.Equal(DecodeError.None, ChannelCloseView.TryParse(_client.Expect(ChannelCloseView.MethodKey), out var close));
        Assert.Equal(404, close.ReplyCode);
    }

    /// <summary>Sends a message but its last body frame, and waits until the broker has taken that.</summary>
    private void Begin()
    {
        byte[] properties = new byte[256];
        int propertyOctets = new BasicProperties { Headers = Table.Create(table => table.Add("colour", "red")) }.Write(properties);
        byte[] frame = new byte[1024];
        _client.Send(Publishing, new BasicPublish { Exchange = "f", RoutingKey = "k" });
        _client.Send(frame.AsSpan(0, FrameWriter.WriteContentHeader(frame, Publishing, BasicProperties.ClassId, 8, properties.AsSpan(0, propertyOctets))));
        _client.Send(frame.AsSpan(0, FrameWriter.WriteBody(frame, Publishing, new byte[4])));
        Assert.Equal(0u, CountMessages());
    }

    private void SendBody()
    {
        byte[] frame = new byte[64];
        _client.Send(frame.AsSpan(0, FrameWriter.WriteBody(frame, Publishing, new byte[4])));
    }

    private uint CountMessages()
    {
        _client.Send(Changing, new QueueDeclare { Queue = "q", Passive = true });
        Assert.Equal(DecodeError.None, QueueDeclareOkView.TryParse(_client.Expect(QueueDeclareOkView.MethodKey), out var answer));
        return answer.MessageCount;
    }
}
