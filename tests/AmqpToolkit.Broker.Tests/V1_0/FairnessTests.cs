using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.V1_0;

/// <summary>What one link does to others: of a session, of other connections.</summary>
public sealed class FairnessTests : PeerTests
{
    protected override void Prepare()
    {
        Older.DeclareQueue(1, "q");
        Older.DeclareQueue(1, "r");
    }

    [Fact]
    public void LinksThatShareAWindow_EachGetTheirTurn()
    {
        using var peer = PeerClient.Begin(Broker, window: 0);
        peer.AttachSender("q", handle: 5);
        peer.AttachSender("r", handle: 6);
        for (uint id = 0; id < 40; id++)
        {
            peer.Transfer(id, Message.Value(id % 2 == 0 ? "q" : "r"), handle: 5 + (id % 2), settled: true);
        }

        peer.AttachReceiver("q", handle: 1);
        peer.AttachReceiver("r", handle: 2);
        peer.Credit(100, handle: 1, window: 0);
        peer.Credit(100, handle: 2, window: 0);
        var turns = new List<uint>();
        for (uint at = 0; at < 8; at += 2)
        {
            // A window for two: one link could use it up each time.
            peer.Send(new Flow { NextIncomingId = at, IncomingWindow = 2, NextOutgoingId = 40, OutgoingWindow = 2048 });
            turns.Add(peer.ExpectPast("transfer").Transfer.Handle);
            turns.Add(peer.ExpectPast("transfer").Transfer.Handle);
        }

        Assert.Equal([4, 4], turns.GroupBy(handle => handle).Select(group => group.Count()));
    }

    [Fact]
    public void L02_DurableSubscription_AttachedElsewhere_IsStolen()
    {
        using var first = PeerClient.Begin(Broker);
        first.AttachReceiver("amq.fanout", name: "sub", with: Durable);
        using var second = PeerClient.Begin(Broker);
        second.AttachReceiver("amq.fanout", name: "sub", with: Durable);
        Assert.Equal("amqp:link:stolen", first.ExpectPast("detach").Condition);
        second.Credit(10);
        second.AttachSender("amq.fanout");
        second.Transfer(0, Message.Value("x"), settled: true);
        Assert.Equal("x", TextOf(second.ExpectPast("transfer")));

        // The first is gone without a word, and never answers: what it had is the third's, in its place.
        second.Transfer(1, Message.Value("y"), settled: true);
        Assert.Equal("y", TextOf(second.ExpectPast("transfer")));
        using var third = PeerClient.Begin(Broker);
        third.AttachReceiver("amq.fanout", name: "sub", with: Durable);
        third.Credit(10);
        Assert.Equal("x", TextOf(third.ExpectPast("transfer")));
        Assert.Equal("y", TextOf(third.ExpectPast("transfer")));
    }

    [Fact]
    public void L02_LinksOfOneName_OnTwoConnections_LeaveEachOtherAlone()
    {
        using var first = PeerClient.Begin(Broker);
        first.AttachReceiver("q", name: "same");
        using var second = PeerClient.Begin(Broker);
        second.AttachReceiver("r", name: "same");
        first.AttachSender("q");
        first.Credit(1);
        first.Transfer(0, Message.Value("x"), settled: true);
        Assert.Equal("x", TextOf(first.ExpectPast("transfer")));
    }

    [Fact]
    public void E10_Capabilities_AreThoseThatAreThere()
    {
        using var peer = PeerClient.Begin(Broker);
        var attach = peer.AttachReceiver("q", with: attach => attach with
        {
            Source = new Source { Address = EncodedValue.String("q"), Capabilities = EncodedValue.Symbols("queue", "global", "shared") },
        });
        Assert.Equal(Codec.DecodeError.None, attach.Attach.Source.ParseSource(out var source));
        Assert.Equal(1, source.Capabilities.Count);
        Assert.True(source.Capabilities.ContainsSymbol("queue"u8));
    }

    [Fact]
    public void SectionsThatAreTooLong_AreRejected()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        byte[] message = [.. Message.ApplicationProperties("k", new string('x', 200_000)), .. Message.Value("x")];
        int half = message.Length / 2;
        int third = half / 2;
        peer.Send(new Transfer { Handle = 0, DeliveryId = 0, DeliveryTag = new byte[] { 1 }, More = true }, message[..third]);
        peer.Send(new Transfer { Handle = 0, More = true }, message[third..half]);
        peer.Send(new Transfer { Handle = 0, More = true }, message[half..(half + third)]);
        peer.Send(new Transfer { Handle = 0 }, message[(half + third)..]);
        Assert.Equal("amqp:link:message-size-exceeded", peer.ExpectPast("disposition").Condition);
        peer.Transfer(1, Message.Value("y"));
        Assert.Equal(AnyDeliveryState.Member.Accepted, peer.ExpectPast("disposition").Disposition.State.Kind);
    }

    private static Attach Durable(Attach attach) => attach with
    {
        Source = new Source { Address = EncodedValue.String("amq.fanout"), Durable = TerminusDurability.Configuration, ExpiryPolicy = TerminusExpiryPolicy.Texts.Never },
    };
}
