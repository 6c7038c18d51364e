using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.V1_0;

/// <summary>How long subscriptions last without a link: until the link is detached, the session or the connection ends, or for ever, and for a time after that.</summary>
public sealed class ExpiryTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _time = new();
    private AmqpBroker _broker = null!;

    private int QueueCount => _broker.FindVirtualHost("/")!.QueueCount;

    public async Task InitializeAsync() => _broker = await TestBroker.StartAsync(_time);

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Fact]
    public async Task N09_Q11_SessionEnd_KeepsItUntilThen()
    {
        using var peer = PeerClient.Begin(_broker);
        var attach = Attach(peer, TerminusExpiryPolicy.Texts.SessionEnd);
        Assert.Equal(DecodeError.None, attach.Attach.Source.ParseSource(out var source));
        Assert.True(source.ExpiryPolicy.SequenceEqual("session-end"u8));
        Detach(peer);
        peer.AttachSender("amq.fanout");
        peer.Transfer(0, Message.Value("while it was detached"));
        peer.ExpectDisposed(1);
        Attach(peer, TerminusExpiryPolicy.Texts.SessionEnd);
        peer.Credit(1);
        Assert.Equal("while it was detached", PeerTests.TextOf(peer.ExpectPast("transfer")));
        Detach(peer);
        Assert.Equal(1, QueueCount);
        peer.Send(default(End));
        peer.ExpectPast("end");
        await Eventually.HoldsAsync(() => QueueCount == 0);
    }

    [Fact]
    public async Task Q11_ConnectionClose_KeepsItUntilThen()
    {
        using var peer = PeerClient.Begin(_broker);
        Attach(peer, TerminusExpiryPolicy.Texts.ConnectionClose);
        Detach(peer);
        peer.Send(default(End));
        peer.ExpectPast("end");
        peer.Send(new Begin { NextOutgoingId = 0, IncomingWindow = 100, OutgoingWindow = 100, HandleMax = 100 });
        peer.ExpectPast("begin");
        Attach(peer, TerminusExpiryPolicy.Texts.ConnectionClose);
        Assert.Equal(1, QueueCount);
        Detach(peer);
        peer.Send(default(Close));
        peer.ExpectPast("close");
        await Eventually.HoldsAsync(() => QueueCount == 0);
    }

    [Fact]
    public void Q11_Never_KeepsItUntilItIsClosed()
    {
        using (var first = PeerClient.Begin(_broker))
        {
            Attach(first, TerminusExpiryPolicy.Texts.Never);
            Detach(first);
        }

        using var peer = PeerClient.Begin(_broker);
        Attach(peer, TerminusExpiryPolicy.Texts.Never);
        Assert.Equal(1, QueueCount);
        peer.Send(new Detach { Handle = 1, Closed = true });
        peer.ExpectPast("detach");
        Assert.Equal(0, QueueCount);
    }

    [Fact]
    public async Task Q11_Q12_LinkDetach_WithATime_BeginsItThen_AndAttachingEndsIt()
    {
        using var peer = PeerClient.Begin(_broker);
        var attach = Attach(peer, TerminusExpiryPolicy.Texts.LinkDetach, seconds: 10);
        Assert.Equal(DecodeError.None, attach.Attach.Source.ParseSource(out var source));
        Assert.Equal(10u, source.Timeout);
        Advance(12);
        Detach(peer);
        Advance(8);
        Attach(peer, TerminusExpiryPolicy.Texts.LinkDetach, seconds: 10);
        Advance(8);
        Detach(peer);
        Advance(8);
        Assert.Equal(1, QueueCount);
        Advance(3);
        await Eventually.HoldsAsync(() => QueueCount == 0);
    }

    /// <summary>What others send over another connection, which knows the way since before, goes nowhere once the time is over.</summary>
    [Fact]
    public async Task Q11_Q12_DurableSubscription_WithATime_GetsNothingOnceThatIsOver()
    {
        using var peer = PeerClient.Begin(_broker);
        using var other = PeerClient.Begin(_broker);
        other.AttachSender("amq.fanout");
        AttachDurable(peer, seconds: 2);
        Detach(peer);
        other.Transfer(0, Message.Value("in time"));
        Assert.Equal(AnyDeliveryState.Member.Accepted, other.ExpectPast("disposition").Disposition.State.Kind);
        Advance(1);
        other.Transfer(1, Message.Value("in time"));
        Assert.Equal(AnyDeliveryState.Member.Accepted, other.ExpectPast("disposition").Disposition.State.Kind);
        Advance(2);
        await Eventually.HoldsAsync(() => QueueCount == 0);
        other.Transfer(2, Message.Value("too late"));
        Assert.Equal(AnyDeliveryState.Member.Released, other.ExpectPast("disposition").Disposition.State.Kind);
    }

    [Fact]
    public async Task Q11_Q12_SessionEnd_WithATime_BeginsItWhenTheSessionEnds()
    {
        using var peer = PeerClient.Begin(_broker);
        Attach(peer, TerminusExpiryPolicy.Texts.SessionEnd, seconds: 10);
        Detach(peer);
        Advance(20);
        Assert.Equal(1, QueueCount);
        peer.Send(default(End));
        peer.ExpectPast("end");
        Assert.Equal(1, QueueCount);

        // The time may begin a moment after the peer has heard.
        for (int round = 0; QueueCount > 0 && round < 60; round++)
        {
            Advance(1);
            await Task.Yield();
        }

        await Eventually.HoldsAsync(() => QueueCount == 0);
    }

    [Fact]
    public async Task Q12_SubscriptionThatIsThere_KeepsItsTime_AndTheAnswerSaysSo()
    {
        using var peer = PeerClient.Begin(_broker);
        Attach(peer, TerminusExpiryPolicy.Texts.LinkDetach, seconds: 10);
        Detach(peer);
        ExpectGranted(Attach(peer, TerminusExpiryPolicy.Texts.Never), TerminusExpiryPolicy.Texts.LinkDetach, 10);
        Detach(peer);
        Advance(12);
        await Eventually.HoldsAsync(() => QueueCount == 0);

        Attach(peer, TerminusExpiryPolicy.Texts.Never);
        Detach(peer);
        ExpectGranted(Attach(peer, TerminusExpiryPolicy.Texts.LinkDetach, seconds: 10), TerminusExpiryPolicy.Texts.Never, 0);
        Detach(peer);
        Advance(12);
        Assert.Equal(1, QueueCount);
    }

    [Fact]
    public void Q11_Unsaid_OrUnknown_IsTheLinks()
    {
        using var peer = PeerClient.Begin(_broker);
        Attach(peer, null);
        Detach(peer);
        Assert.Equal(0, QueueCount);
        Attach(peer, "LINK_DETACH");
        Detach(peer);
        Assert.Equal(0, QueueCount);
    }

    private static PeerFrame Attach(PeerClient peer, string? policy, uint seconds = 0) => peer.AttachReceiver(string.Empty, name: "subscriber", with: attach => attach with
    {
        Source = policy is null
            ? new Source { Address = EncodedValue.String("amq.fanout") }
            : new Source { Address = EncodedValue.String("amq.fanout"), ExpiryPolicy = policy, Timeout = seconds },
    });

    private static void AttachDurable(PeerClient peer, uint seconds) => peer.AttachReceiver(string.Empty, name: "subscriber", with: attach => attach with
    {
        Source = new Source
        {
            Address = EncodedValue.String("amq.fanout"), Durable = TerminusDurability.UnsettledState, ExpiryPolicy = TerminusExpiryPolicy.Texts.LinkDetach, Timeout = seconds,
        },
    });

    private static void ExpectGranted(PeerFrame attach, string policy, uint seconds)
    {
        Assert.Equal(DecodeError.None, attach.Attach.Source.ParseSource(out var source));
        Assert.Equal((policy, seconds), (System.Text.Encoding.ASCII.GetString(source.ExpiryPolicy), source.Timeout));
    }

    private static void Detach(PeerClient peer)
    {
        peer.Send(new Detach { Handle = 1 });
        peer.ExpectPast("detach");
    }

    private void Advance(int seconds) => _time.Advance(TimeSpan.FromSeconds(seconds));
}
