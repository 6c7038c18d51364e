using System.Net;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.V1_0;

/// <summary>Addresses that mean something by a setting alone: nodes that are made when they are named, RabbitMQ's older paths.</summary>
public sealed class AddressTests
{
    [Fact]
    public async Task AutoCreate_MakesAQueue_ForWhoeverNamesItFirst()
    {
        await using var broker = await StartAsync(creates: true);
        using var peer = PeerClient.Begin(broker);
        peer.AttachReceiver("new");
        Assert.True(broker.FindVirtualHost("/")!.FindQueue("new"u8)!.Definition.Durable);
        peer.AttachSender("new");
        peer.Transfer(0, Message.Value("x"));
        peer.ExpectDisposed(1);
        peer.Credit(1);
        Assert.Equal("x", PeerTests.TextOf(peer.ExpectPast("transfer")));
        Assert.Equal(AnyTarget.Member.None, peer.AttachSender("/queues/other", handle: 3).Attach.Target.Kind);
        Assert.Equal("amqp:not-found", peer.Expect("detach").Condition);
        peer.AttachSender("amq.reserved", handle: 4);
        Assert.Equal("amqp:unauthorized-access", peer.Expect("detach").Condition);
        peer.AttachSender("/no/path", handle: 5);
        Assert.Equal("amqp:not-found", peer.Expect("detach").Condition);
    }

    [Fact]
    public async Task AutoCreate_MakesATopic_WhereOneIsAskedFor()
    {
        await using var broker = await StartAsync(creates: true);
        using var peer = PeerClient.Begin(broker);
        peer.AttachReceiver("news", with: attach => attach with { Source = new Source { Address = EncodedValue.String("news"), Capabilities = EncodedValue.Symbols("topic") } });
        peer.AttachSender("news");
        peer.Transfer(0, Message.Value("x"), settled: true);
        peer.Credit(1);
        Assert.Equal("x", PeerTests.TextOf(peer.ExpectPast("transfer")));
        Assert.NotNull(broker.FindVirtualHost("/")!.FindExchange("news"u8));
    }

    [Fact]
    public async Task AutoCreate_IsNotForMessages_NorForWhoMayNot()
    {
        await using var broker = await StartAsync(creates: true);
        broker.Users.SetPermission("guest", new UserPermission("/", "^mine", ".*", ".*"));
        using var peer = PeerClient.Begin(broker);
        peer.AttachSender("other");
        Assert.Equal("amqp:unauthorized-access", peer.Expect("detach").Condition);
        peer.Send(new Attach { Name = "relay", Handle = 2, Role = Role.Sender, InitialDeliveryCount = 0, Target = default(Target) });
        peer.ExpectPast("attach");
        peer.Transfer(0, [.. Message.Properties(new Properties { To = EncodedValue.String("mine") }), .. Message.Value("x")], handle: 2);
        Assert.Equal("amqp:not-found", peer.ExpectPast("disposition").Condition);
        peer.AttachSender("mine", handle: 3);
        Assert.NotNull(broker.FindVirtualHost("/")!.FindQueue("mine"u8));
    }

    [Theory]
    [InlineData("amqps://localhost:5671/queues/a%20b", "a b")]
    [InlineData("amqp://guest@somewhere/a%20b", "a b")]
    [InlineData("amqps://localhost/x/y", "amqps://localhost/x/y")]
    public async Task Uri_MeansWhatItsPathMeans_UnlessAQueueIsCalledSo(string address, string queue)
    {
        await using var broker = await StartAsync();
        using (var older = RawClient.Open(broker))
        {
            older.OpenChannel(1);
            older.DeclareQueue(1, queue);
        }

        using var peer = PeerClient.Begin(broker);
        peer.AttachSender(address);
        peer.Transfer(0, Message.Value("x"));
        peer.ExpectDisposed(1);
        Assert.Equal(1u, broker.FindVirtualHost("/")!.FindQueue(System.Text.Encoding.UTF8.GetBytes(queue))!.ReadyCount);
    }

    [Theory]
    [InlineData("amqps://localhost", "amqp:invalid-field")]
    [InlineData("amqp://localhost/", "amqp:invalid-field")]
    [InlineData("amqp://localhost/%zz", "amqp:invalid-field")]
    [InlineData("amqp://localhost/queues/a/b", "amqp:invalid-field")]
    [InlineData("amqp://localhost/nothing", "amqp:not-found")]
    public async Task Uri_OfNothing_IsRefused(string address, string condition)
    {
        await using var broker = await StartAsync();
        using var peer = PeerClient.Begin(broker);
        Assert.Equal(AnyTarget.Member.None, peer.AttachSender(address).Attach.Target.Kind);
        Assert.Equal(condition, peer.Expect("detach").Condition);
    }

    [Fact]
    public async Task AutoCreate_MakesNothing_ForALinkThatIsRefused()
    {
        await using var broker = await StartAsync(creates: true);
        broker.Users.SetPermission("guest", new UserPermission("/", ".*", "^$", "^$"));
        using var peer = PeerClient.Begin(broker);
        peer.AttachSender("one");
        Assert.Equal("amqp:unauthorized-access", peer.Expect("detach").Condition);
        peer.AttachSender("topic", handle: 2, with: attach => attach with { Target = new Target { Address = EncodedValue.String("topic"), Capabilities = EncodedValue.Symbols("topic") } });
        Assert.Equal("amqp:unauthorized-access", peer.Expect("detach").Condition);
        peer.AttachReceiver("two", handle: 3);
        Assert.Equal("amqp:unauthorized-access", peer.Expect("detach").Condition);
        peer.AttachReceiver("topic", handle: 4, with: attach => attach with { Source = new Source { Address = EncodedValue.String("topic"), Capabilities = EncodedValue.Symbols("topic") } });
        Assert.Equal("amqp:unauthorized-access", peer.Expect("detach").Condition);
        broker.Users.SetPermission("guest", new UserPermission("/", ".*", ".*", ".*"));
        var filter = new EncodedValueBuilder().BeginMap().AddSymbol("selector").Add(new SelectorFilter { Value = "colour = = 'red'" }).End().ToValue();
        peer.AttachReceiver("three", handle: 5, with: attach => attach with { Source = new Source { Address = EncodedValue.String("three"), Filter = filter } });
        Assert.Equal("amqp:invalid-field", peer.Expect("detach").Condition);
        Assert.Equal(0, broker.FindVirtualHost("/")!.QueueCount);
        Assert.Null(broker.FindVirtualHost("/")!.FindExchange("topic"u8));
    }

    /// <summary>What is found only at the end: the answer is longer than the peer's frames, or the user may not have the queue that its subscription needs.</summary>
    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task AutoCreate_LeavesNothing_OfALinkThatIsRefusedAtTheEnd(bool isSender, bool isTopic)
    {
        await using var broker = await StartAsync(creates: true);
        using var peer = PeerClient.Begin(broker, maxFrameSize: 512);
        var capabilities = isTopic ? EncodedValue.Symbols("topic") : default;
        if (isSender)
        {
            var source = new Source { Address = EncodedValue.String(new string('x', 600)) };
            peer.AttachSender("new", with: attach => attach with { Source = source, Target = new Target { Address = EncodedValue.String("new"), Capabilities = capabilities } });
        }
        else
        {
            var filter = new EncodedValueBuilder().BeginMap().AddSymbol("selector").Add(new SelectorFilter { Value = $"colour = '{new string('x', 450)}'" }).End().ToValue();
            peer.AttachReceiver("new", with: attach => attach with { Source = new Source { Address = EncodedValue.String("new"), Filter = filter, Capabilities = capabilities } });
        }

        Assert.Equal("amqp:frame-size-too-small", peer.ExpectPast("detach").Condition);
        Assert.Equal(0, broker.FindVirtualHost("/")!.QueueCount);
        Assert.Null(broker.FindVirtualHost("/")!.FindExchange("new"u8));

        // What was made for a link that is there stays when another of the connection is refused.
        peer.AttachSender("kept", handle: 5);
        peer.AttachSender("kept", handle: 6, with: attach => attach with { Source = new Source { Address = EncodedValue.String(new string('x', 600)) } });
        Assert.Equal("amqp:frame-size-too-small", peer.ExpectPast("detach").Condition);
        Assert.NotNull(broker.FindVirtualHost("/")!.FindQueue("kept"u8));
    }

    [Fact]
    public async Task AutoCreate_LeavesNoExchange_ToWhoMayNotSubscribe()
    {
        await using var broker = await StartAsync(creates: true);
        broker.Users.SetPermission("guest", new UserPermission("/", "^topic$", ".*", ".*"));
        using var peer = PeerClient.Begin(broker);
        peer.AttachReceiver("topic", with: attach => attach with { Source = new Source { Address = EncodedValue.String("topic"), Capabilities = EncodedValue.Symbols("topic") } });
        Assert.Equal("amqp:unauthorized-access", peer.ExpectPast("detach").Condition);
        Assert.Null(broker.FindVirtualHost("/")!.FindExchange("topic"u8));
        peer.AttachSender("topic", handle: 2, with: attach => attach with { Target = new Target { Address = EncodedValue.String("topic"), Capabilities = EncodedValue.Symbols("topic") } });
        Assert.NotNull(broker.FindVirtualHost("/")!.FindExchange("topic"u8));
    }

    /// <summary>Whoever came to a node between its making and its end has it.</summary>
    [Theory]
    [InlineData("declares")]
    [InlineData("asks")]
    [InlineData("publishes")]
    [InlineData("gets")]
    [InlineData("binds")]
    [InlineData("attaches")]
    [InlineData("publishes", "stream")]
    [InlineData(null, "stream")]
    [InlineData(null)]
    public async Task NodeThatIsNotNeededAfterAll_StaysForWhoCameToIt(string? does, string type = "classic")
    {
        await using var broker = await StartAsync(creates: true);
        var host = broker.FindVirtualHost("/")!;
        broker.VirtualHosts.Find("/")!.DefaultQueueType = type;
        Assert.Null(host.DeclareQueue("q"u8, passive: false, durable: true, exclusive: false, autoDelete: false, default, this, out var queue));
        Assert.Null(host.DeclareExchange("e"u8, "fanout"u8, passive: false, durable: true, autoDelete: false, isInternal: false, default));
        var exchange = host.FindExchange("e"u8)!;
        using var older = RawClient.Open(broker);
        older.OpenChannel(1);
        switch (does)
        {
            case "declares":
                older.Send(1, new QueueDeclare { Queue = "q", Durable = true });
                older.Expect(QueueDeclareOkView.MethodKey);
                older.Send(1, new ExchangeDeclare { Exchange = "e", Type = "fanout", Durable = true });
                older.Expect(ExchangeDeclareOkView.MethodKey);
                break;
            case "asks":
                older.Send(1, new QueueDeclare { Queue = "q", Passive = true });
                older.Expect(QueueDeclareOkView.MethodKey);
                older.Send(1, new ExchangeDeclare { Exchange = "e", Type = "fanout", Passive = true });
                older.Expect(ExchangeDeclareOkView.MethodKey);
                break;
            case "publishes" or "gets":
                older.Publish(1, "", "q", "x"u8.ToArray());
                older.Send(1, new ConfirmSelect());
                older.Expect(ConfirmSelectOkView.MethodKey);
                if (does == "gets")
                {
                    older.Send(1, new BasicGet { Queue = "q" });
                    older.Expect(BasicGetOkView.MethodKey);
                }

                break;
            case "attaches":
                using (var peer = PeerClient.Begin(broker))
                {
                    peer.AttachSender("q");
                    peer.AttachSender("e", handle: 2);
                }

                break;
            case "binds":
                older.Send(1, new QueueBind { Queue = "q", Exchange = "e" });
                older.Expect(QueueBindOkView.MethodKey);
                break;
        }

        Assert.Equal(does is null, host.DeleteQueueIfUntouched(queue!));
        host.DeleteExchangeIfUntouched(exchange);
        Assert.Equal(does is null, host.FindQueue("q"u8) is null);
        Assert.Equal(does is null or "publishes" or "gets", host.FindExchange("e"u8) is null);
    }

    [Fact]
    public async Task LegacyAddresses_GoWhereRabbitHadThem()
    {
        await using var broker = await StartAsync(older: true);
        using var peer = PeerClient.Begin(broker);
        peer.AttachSender("/queue/a%20b");
        Assert.NotNull(broker.FindVirtualHost("/")!.FindQueue("a b"u8));
        peer.Transfer(0, Message.Value("by queue"), settled: true);
        peer.AttachSender("/amq/queue/a%20b", handle: 2);
        peer.Transfer(1, Message.Value("by amq"), handle: 2, settled: true);
        peer.AttachSender("/queue", handle: 3);
        peer.Transfer(2, [.. Message.Properties(new Properties { Subject = "a b" }), .. Message.Value("by subject")], handle: 3, settled: true);
        peer.AttachSender("/exchange/amq.direct", handle: 4);
        peer.AttachReceiver("/exchange/amq.direct/key", handle: 5);
        peer.Transfer(3, [.. Message.Properties(new Properties { Subject = "key" }), .. Message.Value("by exchange")], handle: 4, settled: true);
        peer.AttachReceiver("/topic/x.*", handle: 6);
        peer.AttachSender("/topic/x.y", handle: 7);
        peer.Transfer(4, Message.Value("by topic"), handle: 7, settled: true);
        peer.AttachReceiver("/queue/a%20b", handle: 1);
        peer.Credit(3, handle: 1);
        Expect(peer, "by queue", "by amq", "by subject");
        peer.Credit(1, handle: 5, nextIncomingId: 3);
        Expect(peer, "by exchange");
        peer.Credit(1, handle: 6, nextIncomingId: 4);
        Expect(peer, "by topic");
        peer.AttachSender("/amq/queue/missing", handle: 8);
        Assert.Equal("amqp:not-found", peer.Expect("detach").Condition);
        peer.AttachSender("/queue/", handle: 9);
        Assert.Equal("amqp:invalid-field", peer.Expect("detach").Condition);
    }

    [Theory]
    [InlineData("/queue/q")]
    [InlineData("/topic/k")]
    [InlineData("q")]
    public async Task WithoutASetting_NeitherIsUnderstood(string address)
    {
        await using var broker = await StartAsync();
        using var peer = PeerClient.Begin(broker);
        peer.AttachSender(address);
        Assert.Equal("amqp:not-found", peer.Expect("detach").Condition);
        Assert.Equal(0, broker.FindVirtualHost("/")!.QueueCount);
    }

    /// <summary>A request of one version is answered in the other, by the address that its reply-to has there.</summary>
    [Fact]
    public async Task ReplyTo_LeadsBack_FromOneVersionToTheOther()
    {
        await using var broker = await StartAsync();
        using var older = RawClient.Open(broker);
        older.OpenChannel(1);
        older.DeclareQueue(1, "requests");
        older.DeclareQueue(1, "re plies");
        using var peer = PeerClient.Begin(broker);
        var attach = peer.AttachReceiver(string.Empty, with: attach => attach with { Source = new Source { Dynamic = true } });
        Assert.Equal(DecodeError.None, attach.Attach.Source.ParseSource(out var source));
        Assert.True(source.Address.TryGetAddressString(out var address));
        peer.AttachSender("requests");
        peer.Transfer(0, [.. Message.Properties(new Properties { ReplyTo = EncodedValue.String(System.Text.Encoding.UTF8.GetString(address)) }), .. Message.Value("?")]);
        peer.ExpectDisposed(1);
        older.Send(1, new BasicGet { Queue = "requests", NoAck = true });
        older.Expect(BasicGetOkView.MethodKey);
        Assert.Equal(DecodeError.None, Codec.Classic.ContentHeaderView.TryParse(older.ReadFrame().Payload, out var header));
        Assert.Equal(DecodeError.None, BasicPropertiesView.TryParse(header.Properties, out var properties));
        string replyTo = System.Text.Encoding.UTF8.GetString(properties.ReplyTo);
        older.ReadFrame();
        older.Publish(1, "", replyTo, "!"u8.ToArray());
        peer.Credit(1);
        Assert.EndsWith(Convert.ToHexString(Message.Data("!"u8.ToArray())), Convert.ToHexString(peer.ExpectPast("transfer").Payload), StringComparison.Ordinal);

        // The other way round.
        older.Send(Publish("requests", new BasicProperties { ReplyTo = "re plies" }));
        peer.AttachReceiver("requests", handle: 2);
        peer.Credit(1, handle: 2, nextIncomingId: 1);
        Assert.Equal(DecodeError.None, MessageSections.TryParse(peer.ExpectPast("transfer").Payload, out var sections));
        Assert.Equal(DecodeError.None, PropertiesView.TryParse(sections.Properties, out var asked, out _));
        Assert.True(asked.ReplyTo.TryGetAddressString(out var back));
        peer.AttachSender(System.Text.Encoding.UTF8.GetString(back), handle: 3);
        peer.Transfer(1, Message.Value("!"), handle: 3);
        Assert.Equal(AnyDeliveryState.Member.Accepted, peer.ExpectPast("disposition").Disposition.State.Kind);
        Assert.Equal(1u, broker.FindVirtualHost("/")!.FindQueue("re plies"u8)!.ReadyCount);
    }

    private static byte[] Publish(string key, BasicProperties properties)
    {
        byte[] header = new byte[properties.MaxOctets];
        header = header[..properties.Write(header)];
        byte[] octets = new byte[4096];
        int at = Codec.Classic.FrameWriter.WriteMethod(octets, 1, new BasicPublish { RoutingKey = key });
        return octets[..(at + Protocol.Classic.ContentWriter.Write(octets.AsSpan(at), 1, BasicProperties.ClassId, header, "?"u8, 4096))];
    }

    private static void Expect(PeerClient peer, params string[] texts)
    {
        foreach (string text in texts)
        {
            Assert.Equal(text, PeerTests.TextOf(peer.ExpectPast("transfer")));
        }
    }

    private static Task<AmqpBroker> StartAsync(bool creates = false, bool older = false) => AmqpBroker.StartAsync(new AmqpBrokerOptions
    {
        Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)], AutoCreateNodes = creates, LegacyAddresses = older,
    });
}
