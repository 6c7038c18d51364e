using System.Collections.Concurrent;
using AmqpToolkit.Broker.Tests.Queues;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.V1_0;

/// <summary>Exchanges as sources: a queue of the link's own, or one that outlives it.</summary>
public sealed class SubscriptionTests : IAsyncLifetime
{
    private AmqpBroker _broker = null!;

    private int QueueCount => _broker.FindVirtualHost("/")!.QueueCount;

    public async Task InitializeAsync() => _broker = await TestBroker.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Theory]
    [InlineData("/exchanges/amq.topic/one.*")]
    [InlineData("amq.topic/one.*")]
    [InlineData("amq.topic")]
    public void N10_Exchange_IsReadThroughAQueueOfTheLinksOwn(string address)
    {
        using var peer = PeerClient.Begin(_broker);
        var attach = peer.AttachReceiver(address);
        Assert.Equal(Codec.DecodeError.None, attach.Attach.Source.ParseSource(out var source));
        Assert.True(source.DistributionMode.SequenceEqual("copy"u8));
        Assert.Equal(TerminusDurability.None, source.Durable);
        peer.AttachReceiver(address, handle: 2);
        peer.AttachSender("amq.topic/one.two");
        peer.Transfer(0, Message.Value("x"));
        Assert.Equal(AnyDeliveryState.Member.Accepted, peer.ExpectPast("disposition").Disposition.State.Kind);
        peer.Credit(1);
        Assert.Equal(Message.Value("x"), Message.WithoutHeader(peer.ExpectPast("transfer").Payload));
        peer.Credit(1, handle: 2, nextIncomingId: 1);
        Assert.Equal(Message.Value("x"), Message.WithoutHeader(peer.ExpectPast("transfer").Payload));
        Assert.Equal(2, QueueCount);
        peer.Send(new Detach { Handle = 1 });
        peer.ExpectPast("detach");
        Assert.Equal(1, QueueCount);
        peer.Send(new Detach { Handle = 2, Closed = true });
        peer.ExpectPast("detach");
        Assert.Equal(0, QueueCount);
    }

    /// <summary>What a history shows to a subscription may displace messages: those are moved on when the lock of subscriptions was left.</summary>
    [Fact]
    public void Subscription_OfAHistory_MovesWhatItDisplaces_OutsideTheLockOfSubscriptions()
    {
        var host = _broker.FindVirtualHost("/")!;
        Assert.Null(host.DeclareExchange("history"u8, "x-recent-history"u8, passive: false, durable: false, autoDelete: false, isInternal: false, default));
        Assert.Null(host.DeclareQueue("dead"u8, false, false, false, false, default, this, out var dead));
        _broker.VirtualHosts.Find("/")!.Policies.Set(new Policy
        {
            Name = "short",
            Pattern = ".*",
            ApplyTo = PolicyTarget.Queues,
            Definition = new Dictionary<string, object?> { ["max-length"] = 1L, ["dead-letter-exchange"] = "", ["dead-letter-routing-key"] = "dead" },
        });
        var isHeld = new ConcurrentQueue<bool>();
        var consumer = new TextConsumer(dead!) { OnTake = () => isHeld.Enqueue(host.SubscriptionLock.IsHeldByCurrentThread) };
        Assert.True(dead!.TryAddConsumer(consumer, new Turn(), static _ => { }));
        using var peer = PeerClient.Begin(_broker);
        peer.AttachSender("history");
        for (int number = 0; number < 3; number++)
        {
            peer.Transfer((uint)number, Message.Value($"{number}"));
            peer.ExpectPast("disposition");
        }

        peer.AttachReceiver("history", name: "subscriber", handle: 2, with: attach => attach with
        {
            Source = new Source { Address = EncodedValue.String("history"), Durable = TerminusDurability.Configuration, ExpiryPolicy = TerminusExpiryPolicy.Texts.Never },
        });

        Assert.True(SpinWait.SpinUntil(() => isHeld.Count == 2, TimeSpan.FromSeconds(60)));
        Assert.Equal([false, false], isHeld);
    }

    /// <param name="sendsASource">Whether the library always sends a source, if need be with nothing in it.</param>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void N08_L10_Q01_DurableSubscription_OutlivesItsConnection_UntilItIsClosed(bool sendsASource)
    {
        using (var peer = PeerClient.Begin(_broker))
        {
            var attach = AttachDurable(peer);
            Assert.Equal(Codec.DecodeError.None, attach.Attach.Source.ParseSource(out var source));
            Assert.Equal(TerminusDurability.Configuration, source.Durable);
            peer.Send(new Detach { Handle = 1 });
            peer.ExpectPast("detach");
        }

        using var other = PeerClient.Begin(_broker);
        other.AttachSender("amq.topic/one.two");
        other.Transfer(0, Message.Value("while nobody was there"));
        Assert.Equal(AnyDeliveryState.Member.Accepted, other.ExpectPast("disposition").Disposition.State.Kind);
        AttachDurable(other);
        other.Credit(1);
        Assert.Equal(Message.Value("while nobody was there"), Message.WithoutHeader(other.ExpectPast("transfer").Payload));
        other.Settle(0, EncodedValue.Of(default(Accepted)));
        other.Send(new Detach { Handle = 1 });
        other.ExpectPast("detach");
        Assert.Equal(1, QueueCount);

        // A client that only wants to end it asks without a source.
        var found = other.AttachReceiver(string.Empty, handle: 2, name: "subscriber", with: attach => attach with { Source = sendsASource ? default(Source) : default(EncodedValue) });
        Assert.Equal(AnySource.Member.Source, found.Attach.Source.Kind);
        other.Send(new Detach { Handle = 2, Closed = true });
        other.ExpectPast("detach");
        Assert.Equal(0, QueueCount);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void L08_Receiver_WithoutASourceAndASubscription_IsRefused(bool sendsASource)
    {
        using var peer = PeerClient.Begin(_broker);
        peer.AttachReceiver(string.Empty, name: "nothing", with: attach => attach with { Source = sendsASource ? default(Source) : default(EncodedValue) });
        Assert.Equal("amqp:not-found", peer.Expect("detach").Condition);
    }

    private static PeerFrame AttachDurable(PeerClient peer) => peer.AttachReceiver(string.Empty, name: "subscriber", with: attach => attach with
    {
        Source = new Source { Address = EncodedValue.String("amq.topic/one.*"), Durable = TerminusDurability.UnsettledState, ExpiryPolicy = TerminusExpiryPolicy.Texts.Never },
    });
}
