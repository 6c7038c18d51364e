using AmqpToolkit.Broker.Tests.Durability;
using AmqpToolkit.Broker.Tests.V1_0;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.Paging;

/// <summary>Receivers that pick messages, or browse, where the messages are on the disk alone.</summary>
public sealed class PagedWalkTests
{
    private const int Others = 9000;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task N16_Selector_FindsItsMessagesOnTheDisk_AndLeavesTheOthersThere(bool isPersistent)
    {
        await using var broker = await KeptBroker.StartAsync(pagingOctets: 1);
        using var client = new KeptClient(broker);
        client.Declare("q");
        for (int round = 0; round < 3; round++)
        {
            client.Publish("", "q", Coloured("red", isPersistent), [.. Enumerable.Range(0, Others / 3).Select(number => $"red {round} {number}")]);
            client.Publish("", "q", Coloured("blue", isPersistent), $"blue {round}");
        }

        var queue = broker.Broker.FindVirtualHost("/")!.FindQueue("q"u8)!;
        Assert.True(queue.PagedOutCount > Others / 2, "not on the disk");
        using var peer = PeerClient.Begin(broker.Broker);
        var filters = new EncodedValueBuilder().BeginMap().AddSymbol("selector").Add(new SelectorFilter { Value = "colour = 'blue'" }).End().ToValue();
        peer.AttachReceiver("q", with: attach => attach with { Source = new Source { Address = EncodedValue.String("q"), Filter = filters } });
        peer.Credit(10);
        for (int round = 0; round < 3; round++)
        {
            Assert.Equal(Message.Data(System.Text.Encoding.UTF8.GetBytes($"blue {round}")), BodyOf(peer.ExpectPast("transfer")));
        }

        peer.Credit(10, deliveryCount: 3, nextIncomingId: 3, drain: true);
        Assert.Equal(13u, peer.ReadDrained().DeliveryCount);
        Assert.Equal((uint)Others, queue.ReadyCount);
        Assert.True(queue.PagedOutCount > Others / 2, "the others were read into memory to stay");
    }

    [Fact]
    public async Task N10_Browser_SeesMessagesOnTheDisk_InOrder()
    {
        await using var broker = await KeptBroker.StartAsync(pagingOctets: 1);
        using var client = new KeptClient(broker);
        client.Declare("q");
        string[] bodies = [.. Enumerable.Range(0, Others).Select(number => $"{number}")];
        client.Publish("", "q", Coloured("red", isPersistent: true), bodies);
        using var peer = PeerClient.Begin(broker.Broker, window: 2 * Others);
        peer.AttachReceiver("q", with: attach => attach with { Source = new Source { Address = EncodedValue.String("q"), DistributionMode = StdDistMode.Texts.Copy } });
        peer.Credit(2 * Others, window: 2 * Others);
        foreach (string body in bodies)
        {
            Assert.Equal(Message.Data(System.Text.Encoding.UTF8.GetBytes(body)), BodyOf(peer.ExpectPast("transfer")));
        }

        Assert.Equal((uint)Others, broker.Broker.FindVirtualHost("/")!.FindQueue("q"u8)!.ReadyCount);
        Assert.Equal(bodies, client.Drain("q"));
    }

    private static BasicProperties Coloured(string colour, bool isPersistent) =>
        new() { DeliveryMode = isPersistent ? (byte)2 : (byte)1, Headers = Table.Create(table => table.Add("colour", colour)) };

    private static byte[] BodyOf(PeerFrame transfer)
    {
        Assert.Equal(DecodeError.None, MessageSections.TryParse(transfer.Payload, out var sections));
        return sections.Body.ToArray();
    }
}
