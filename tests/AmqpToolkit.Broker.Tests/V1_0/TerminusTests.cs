using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.V1_0;

/// <summary>Targets without an address, and nodes that are made for a link.</summary>
public sealed class TerminusTests : PeerTests
{
    protected override void Prepare()
    {
        Older.DeclareQueue(1, "q");
        Older.DeclareQueue(1, "r");
    }

    [Fact]
    public void E01_N01_AnonymousTerminus_SendsEachMessageWhereItSays()
    {
        using var peer = PeerClient.Begin(Broker);
        var attach = AttachAnonymous(peer);
        Assert.Equal(AnyTarget.Member.Target, attach.Attach.Target.Kind);
        peer.Transfer(0, To("q"));
        Assert.Equal(AnyDeliveryState.Member.Accepted, peer.ExpectPast("disposition").Disposition.State.Kind);
        peer.Transfer(1, To("/queues/r"));
        peer.ExpectPast("disposition");
        peer.Transfer(2, To("/exchanges/amq.direct/nobody"));
        Assert.Equal(AnyDeliveryState.Member.Released, peer.ExpectPast("disposition").Disposition.State.Kind);
        peer.Transfer(3, To("missing"));
        Assert.Equal("amqp:not-found", peer.ExpectPast("disposition").Condition);
        peer.Transfer(4, Message.Value("nowhere"));
        Assert.Equal("amqp:precondition-failed", peer.ExpectPast("disposition").Condition);
        peer.Transfer(5, To("q"));
        Assert.Equal(AnyDeliveryState.Member.Accepted, peer.ExpectPast("disposition").Disposition.State.Kind);
        Assert.Equal((2u, 1u), (CountMessages("q"), CountMessages("r")));
    }

    [Fact]
    public void E01_AnonymousTerminus_SettledMistake_DetachesTheLink()
    {
        using var peer = PeerClient.Begin(Broker);
        AttachAnonymous(peer);
        peer.Transfer(0, To("missing"), settled: true);
        Assert.Equal("amqp:not-found", peer.ExpectPast("detach").Condition);
    }

    [Fact]
    public void N02_N03_N17_DynamicSource_GetsANodeThatOthersCanSendTo()
    {
        using var peer = PeerClient.Begin(Broker);
        string address = AttachDynamic(peer, handle: 1);
        using var other = PeerClient.Begin(Broker);
        other.AttachSender(address);
        other.Transfer(0, Message.Value("reply"));
        Assert.Equal(AnyDeliveryState.Member.Accepted, other.ExpectPast("disposition").Disposition.State.Kind);
        other.AttachReceiver(address);
        Assert.Equal("amqp:resource-locked", other.Expect("detach").Condition);
        peer.Credit(1);
        Assert.Equal(Message.Value("reply"), Message.WithoutHeader(peer.ExpectPast("transfer").Payload));
    }

    [Fact]
    public void N04_DynamicNode_GoesWhenItsLinkIsClosed_AndNotWhenItIsDetached()
    {
        using var peer = PeerClient.Begin(Broker);
        string address = AttachDynamic(peer, handle: 1);
        peer.Send(new Detach { Handle = 1 });
        Assert.False(peer.Expect("detach").Detach.Closed);
        peer.AttachSender(address, handle: 0);

        string second = AttachDynamic(peer, handle: 2);
        peer.Send(new Detach { Handle = 2, Closed = true });
        Assert.True(peer.ExpectPast("detach").Detach.Closed);
        Assert.Equal(AnyTarget.Member.None, peer.AttachSender(second, handle: 3).Attach.Target.Kind);
        Assert.Equal("amqp:not-found", peer.Expect("detach").Condition);
    }

    [Fact]
    public void N06_DynamicNode_ThatGoesWithoutMessages_StaysWithSome()
    {
        using var peer = PeerClient.Begin(Broker);
        string address = AttachDynamic(peer, handle: 1, policy: builder => builder.Add(default(DeleteOnNoMessages)));
        peer.AttachSender(address, handle: 0);
        peer.Transfer(0, Message.Value("x"));
        peer.ExpectPast("disposition");
        peer.Send(new Detach { Handle = 1, Closed = true });
        peer.ExpectPast("detach");
        Assert.Equal(AnySource.Member.Source, peer.AttachReceiver(address, handle: 2).Attach.Source.Kind);
    }

    [Fact]
    public void N02_DynamicTarget_IsANodeOfTheConnection()
    {
        using (var peer = PeerClient.Begin(Broker))
        {
            var attach = peer.AttachSender(string.Empty, with: attach => attach with { Target = new Target { Dynamic = true } });
            Assert.Equal(Codec.DecodeError.None, attach.Attach.Target.ParseTarget(out var target));
            Assert.True(target.Dynamic);
            Assert.True(target.Address.TryGetAddressString(out var octets));
            string address = System.Text.Encoding.UTF8.GetString(octets);
            peer.Transfer(0, Message.Value("x"));
            peer.ExpectPast("disposition");
            peer.AttachReceiver(address);
            peer.Credit(1);
            peer.ExpectPast("transfer");
            peer.Send(default(Close));
            while (peer.Read().Name != "close")
            {
            }
        }

        Assert.True(SpinWait.SpinUntil(() => Broker.FindVirtualHost("/")!.QueueCount == 2, TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public void G01_Coordinator_IsRefused()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q", with: attach => attach with { Target = new Coordinator() });
        Assert.Equal("amqp:not-implemented", peer.Expect("detach").Condition);
    }

    private static byte[] To(string address) => [.. Message.Properties(new Properties { To = EncodedValue.String(address) }), .. Message.Value("x")];

    private static PeerFrame AttachAnonymous(PeerClient peer) => peer.AttachSender(string.Empty, with: attach => attach with { Target = default(Target) });

    private static string AttachDynamic(PeerClient peer, uint handle, Func<EncodedValueBuilder, EncodedValueBuilder>? policy = null)
    {
        var source = new Source { Dynamic = true };
        if (policy is not null)
        {
            source = source with { DynamicNodeProperties = policy(new EncodedValueBuilder().BeginMap().AddSymbol("lifetime-policy")).End().ToValue() };
        }

        var attach = peer.AttachReceiver(string.Empty, handle, with: attach => attach with { Source = source });
        Assert.Equal(Codec.DecodeError.None, attach.Attach.Source.ParseSource(out var granted));
        Assert.True(granted.Dynamic && granted.DynamicNodeProperties.TryGetValue("lifetime-policy"u8, out _));
        Assert.True(granted.Address.TryGetAddressString(out var address));
        return System.Text.Encoding.UTF8.GetString(address);
    }
}
