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
