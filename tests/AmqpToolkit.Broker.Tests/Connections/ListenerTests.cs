using System.Net;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Connections;

/// <summary>Listeners of one broker that show themselves as different releases.</summary>
public sealed class ListenerTests
{
    [Fact]
    public async Task Listeners_OfDifferentProfiles_TellTheirVersionsAndKeepTheirLimits()
    {
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions
        {
            Endpoints = [new(IPAddress.Loopback, 0)],
            Listeners =
            [
                new AmqpListener { Endpoint = new(IPAddress.Loopback, 0), Profile = BrokerProfile.V3_13 },
                new AmqpListener { Endpoint = new(IPAddress.Loopback, 0), Profile = BrokerProfile.V4_3, Product = "Other", Version = "9.9" },
            ],
        });

        Assert.Equal(("RabbitMQ", "4.2.0"), Introduce(broker.Endpoints[0]));
        Assert.Equal(("RabbitMQ", "3.13.7"), Introduce(broker.Endpoints[1]));
        Assert.Equal(("Other", "9.9"), Introduce(broker.Endpoints[2]));
        using var old = RawClient.Open(broker, frameMax: 4096, endpoint: broker.Endpoints[1]);
        old.OpenChannel(1);
        old.DeclareQueue(1, "transient");
    }

    [Fact]
    public async Task Listener_OfAnotherProfile_DecidesForItsConnections()
    {
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions
        {
            Endpoints = [new(IPAddress.Loopback, 0)],
            Listeners =
            [
                new AmqpListener { Endpoint = new(IPAddress.Loopback, 0), Profile = BrokerProfile.V3_13 },
                new AmqpListener { Endpoint = new(IPAddress.Loopback, 0), Profile = BrokerProfile.V4_3 },
            ],
        });

        // 3.13: a single active consumer's queue may be asked.
        using var old = RawClient.Open(broker, endpoint: broker.Endpoints[1]);
        old.OpenChannel(1);
        old.Send(1, new QueueDeclare { Queue = "single", Arguments = Codec.Table.Create(table => table.Add("x-single-active-consumer", true)) });
        old.Expect(QueueDeclareOkView.MethodKey);
        old.Send(1, new BasicGet { Queue = "single", NoAck = true });
        old.Expect(BasicGetEmptyView.MethodKey);

        // 4.2, the broker's own: it may not.
        using var usual = RawClient.Open(broker);
        usual.OpenChannel(1);
        usual.Send(1, new BasicGet { Queue = "single", NoAck = true });
        Assert.Equal(405, CloseCode(usual));

        // 4.3: prefixes are taken, and reply queues are not bound.
        using var newest = RawClient.Open(broker, endpoint: broker.Endpoints[2]);
        newest.OpenChannel(1);
        newest.Send(1, new QueueDeclare { Exclusive = true, Arguments = Codec.Table.Create(table => table.Add("x-name-prefix", "mine")) });
        Assert.Equal(Codec.DecodeError.None, QueueDeclareOkView.TryParse(newest.Expect(QueueDeclareOkView.MethodKey), out var declared));
        Assert.StartsWith("mine-", System.Text.Encoding.UTF8.GetString(declared.Queue), StringComparison.Ordinal);
        newest.Send(1, new QueueBind { Queue = "amq.rabbitmq.reply-to.any", Exchange = "amq.direct", RoutingKey = "k" });
        Assert.Equal(403, CloseCode(newest));

        static int CloseCode(RawClient client)
        {
            Assert.Equal(Codec.DecodeError.None, ChannelCloseView.TryParse(client.Expect(ChannelCloseView.MethodKey), out var close));
            return close.ReplyCode;
        }
    }

    [Fact]
    public void Endpoints_UnlessSaid_AreTheLoopbackAddressesThatThereAre()
    {
        var endpoints = new AmqpBrokerOptions().Endpoints;

        Assert.Contains(new IPEndPoint(IPAddress.Loopback, 5672), endpoints);
        Assert.Equal(AmqpBrokerOptions.LoopbackAddresses.Count, endpoints.Count);
    }

    private static (string Product, string Version) Introduce(IPEndPoint endpoint)
    {
        using var client = new RawClient(endpoint);
        client.Send(ProtocolHeader.V0_9_1);
        Assert.Equal(Codec.DecodeError.None, ConnectionStartView.TryParse(client.Expect(ConnectionStartView.MethodKey), out var start));
        var properties = start.ServerProperties.ToDictionary();
        return ((string)properties["product"]!, (string)properties["version"]!);
    }
}
