using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.V1_0;

/// <summary>Links, credit, messages and outcomes over queues.</summary>
public sealed class LinkTests : PeerTests
{
    protected override void Prepare() => Older.DeclareQueue(1, "q");

    [Fact]
    public void M03_M08_M09_M15_M16_BareMessage_KeepsItsOctets()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        peer.AttachReceiver("q");
        byte[] header = Message.Header(new Header { Durable = true, Priority = 7, Ttl = 100_000, DeliveryCount = 2 });
        byte[] rest = [
            .. Message.MessageAnnotations("x-opt-a", "b"),
            .. Message.Properties(new Properties { MessageId = EncodedValue.Uuid(Guid.NewGuid()), Subject = "s", To = EncodedValue.String("elsewhere"), GroupSequence = 3 }),
            .. Message.ApplicationProperties("k", "v"), .. Message.Data([1, 2]), .. Message.Data([3]), .. Message.Footer("x-f", "g")];
        peer.Transfer(0, [.. header, .. Message.DeliveryAnnotations("x-hop", "1"), .. rest]);
        peer.ExpectPast("disposition");
        peer.Credit(1);
        var sent = peer.ExpectPast("transfer");
        Assert.Equal(rest, Message.WithoutHeader(sent.Payload));
        var found = Message.HeaderOf(sent.Payload);
        Assert.Equal((true, (byte)7, true, 2u), (found.Durable, found.Priority, found.FirstAcquirer, found.DeliveryCount));
        Assert.InRange(found.Ttl, 1u, 100_000u);
    }

    [Fact]
    public void D04_D05_SettledAndUnsettled_AreToldApart()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        peer.Transfer(0, Message.Value("a"), settled: true);
        peer.Transfer(1, Message.Value("b"));
        var disposition = peer.ExpectPast("disposition").Disposition;
        Assert.Equal((1u, AnyDeliveryState.Member.Accepted, true), (disposition.First, disposition.State.Kind, disposition.Settled));

        var attach = peer.AttachReceiver("q", with: attach => attach with { SndSettleMode = SenderSettleMode.Settled }).Attach;
        Assert.Equal(SenderSettleMode.Settled, attach.SndSettleMode);
        peer.Credit(2);
        Assert.True(peer.ExpectPast("transfer").Transfer.Settled);
        Assert.True(peer.ExpectPast("transfer").Transfer.Settled);
    }

    [Fact]
    public void D22_OutcomesInARow_AreOneFrame()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        var all = new List<byte>();
        for (uint id = 0; id < 50; id++)
        {
            all.AddRange(PeerClient.Frame(new Transfer { Handle = 0, DeliveryId = id, DeliveryTag = BitConverter.GetBytes(id) }, Message.Value("x")));
        }

        peer.Send([.. all]);
        uint told = 0;
        int frames = 0;
        while (told < 50)
        {
            var disposition = peer.ExpectPast("disposition").Disposition;
            Assert.Equal(told, disposition.First);
            told = (disposition.HasLast ? disposition.Last : disposition.First) + 1;
            frames++;
        }

        Assert.InRange(frames, 1, 25);
    }

    [Fact]
    public void L06_L09_K04_Receiver_GetsNothingWithoutCredit_AndAsManyAsItGrants()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        for (uint id = 0; id < 5; id++)
        {
            peer.Transfer(id, Message.Value($"{id}"), settled: true);
        }

        var attach = peer.AttachReceiver("/queues/q").Attach;
        Assert.True(attach.HasInitialDeliveryCount);
        Assert.Equal(Codec.DecodeError.None, attach.Source.ParseSource(out var source));
        Assert.True(source.Address.TryGetAddressString(out var address) && address.SequenceEqual("/queues/q"u8));
        Assert.True(source.Outcomes.ContainsSymbol("amqp:modified:list"u8));
        peer.Credit(2);
        Assert.Equal(0u, peer.ExpectPast("transfer").Transfer.DeliveryId);
        Assert.Equal(1u, peer.ExpectPast("transfer").Transfer.DeliveryId);
        peer.Credit(2, deliveryCount: 2, echo: true);
        peer.Expect("transfer");
        peer.Expect("transfer");
        Assert.Equal(0u, peer.Expect("flow").Flow.LinkCredit);
    }

    [Fact]
    public void K05_K10_Drain_EndsWithAFlowThatHasUsedTheCredit()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        peer.Transfer(0, Message.Value("x"), settled: true);
        peer.AttachReceiver("q");
        peer.Credit(10, drain: true);
        peer.Expect("transfer");
        var flow = peer.Expect("flow").Flow;
        Assert.Equal((10u, 0u, true), (flow.DeliveryCount, flow.LinkCredit, flow.Drain));

        peer.Credit(5, deliveryCount: 10, drain: true);
        Assert.Equal(15u, peer.Expect("flow").Flow.DeliveryCount);
    }

    [Fact]
    public void K05_Drain_ThatTheMessagesUseUp_IsAnsweredAsWell()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        peer.Transfer(0, Message.Value("x"), settled: true);
        peer.Transfer(1, Message.Value("y"), settled: true);
        peer.AttachReceiver("q");
        peer.Credit(1, drain: true);
        peer.Expect("transfer");
        var flow = peer.Expect("flow").Flow;
        Assert.Equal((1u, 0u), (flow.DeliveryCount, flow.LinkCredit));
    }

    [Fact]
    public void L02_LinkAttachedAgain_IsStolen()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachReceiver("q", handle: 1, name: "same");
        peer.Send(new Attach { Name = "same", Handle = 2, Role = Role.Receiver, Source = new Source { Address = EncodedValue.String("q") } });
        Assert.Equal(AnySource.Member.Source, peer.ExpectPast("attach").Attach.Source.Kind);
        Assert.Equal("amqp:link:stolen", peer.ExpectPast("detach").Condition);
    }

    /// <summary>The one that is there goes for one that comes, and not for one that is refused.</summary>
    [Fact]
    public void L02_LinkAttachedAgain_AndRefused_TakesNothing()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachReceiver("q", handle: 1, name: "same");
        peer.AttachReceiver("missing", handle: 2, name: "same");
        Assert.Equal("amqp:not-found", peer.ExpectPast("detach").Condition);
        peer.Credit(1);
        Older.Publish(1, "", "q", "x"u8.ToArray());
        Assert.Equal(0u, peer.ExpectPast("transfer").Transfer.Handle);
    }

    [Theory]
    [InlineData("missing", "amqp:not-found")]
    [InlineData("/queues/missing", "amqp:not-found")]
    [InlineData("/queues/", "amqp:invalid-field")]
    [InlineData("/queues/%zz", "amqp:invalid-field")]
    [InlineData("", "amqp:invalid-field")]
    public void L07_N19_Node_ThatIsNotThere_RefusesTheLink(string address, string condition)
    {
        using var peer = PeerClient.Begin(Broker);
        Assert.Equal(AnyTarget.Member.None, peer.AttachSender(address).Attach.Target.Kind);
        var detach = peer.Expect("detach");
        Assert.Equal((condition, true), (detach.Condition, detach.Detach.Closed));
        Assert.Equal(AnySource.Member.None, peer.AttachReceiver(address).Attach.Source.Kind);
        Assert.Equal(condition, peer.Expect("detach").Condition);

        // The session is as good as before.
        peer.Send(new Detach { Handle = 0, Closed = true });
        peer.Send(new Detach { Handle = 1, Closed = true });
        peer.AttachReceiver("q", handle: 3);
    }

    /// <summary>Who is refused in the end was no consumer: a queue that goes with its last one stays.</summary>
    [Fact]
    public void L07_AttachThatIsRefused_LeavesAQueueThatDeletesItself()
    {
        Older.Send(1, new QueueDeclare { Queue = "own", AutoDelete = true });
        Older.Expect(QueueDeclareOkView.MethodKey);
        Older.Publish(1, "", "own", "x"u8.ToArray());
        Assert.Equal(1u, CountMessages("own"));
        using var peer = PeerClient.Begin(Broker, maxFrameSize: 512);
        peer.AttachReceiver("own", with: attach => attach with { Target = new Target { Address = EncodedValue.String(new string('x', 600)) } });
        Assert.Equal("amqp:frame-size-too-small", peer.ExpectPast("detach").Condition);
        Assert.Equal(1u, CountMessages("own"));
    }

    [Fact]
    public void N19_QueueOfAnotherConnection_IsLocked()
    {
        Older.Send(1, new QueueDeclare { Queue = "mine", Exclusive = true });
        Older.Expect(QueueDeclareOkView.MethodKey);
        using var peer = PeerClient.Begin(Broker);
        peer.AttachReceiver("mine");
        Assert.Equal("amqp:resource-locked", peer.Expect("detach").Condition);

        // Whoever may publish may publish to it.
        Assert.Equal(AnyTarget.Member.Target, peer.AttachSender("mine").Attach.Target.Kind);
    }

    [Fact]
    public void L21_N18_DeletedQueue_DetachesItsReceivers()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachReceiver("q");
        Older.Send(1, new QueueDelete { Queue = "q" });
        Older.Expect(QueueDeleteOkView.MethodKey);
        Assert.Equal("amqp:resource-deleted", peer.Expect("detach").Condition);
        peer.Send(new Detach { Handle = 1, Closed = true });
        peer.AttachReceiver("missing", handle: 2);
        peer.Expect("detach");
    }

    [Fact]
    public void D21_MessageForNobody_IsReleased()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("/exchanges/amq.direct/nobody");
        peer.Transfer(0, Message.Value("x"));
        Assert.Equal(AnyDeliveryState.Member.Released, peer.ExpectPast("disposition").Disposition.State.Kind);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("0053750053750053")]
    [InlineData("00 53 75 A0 01 01 00 53 77 41")] // data, then a value
    [InlineData("00 53 77 41 00 53 77 41")] // two values
    [InlineData("00 53 74 C1 01 00 00 53 73 45")] // out of order
    [InlineData("00 53 79 41")] // no section
    [InlineData("00 53 72 C1 05 02 A3 01 61 41 00 53 77 41")] // a reserved annotation
    [InlineData("00 53 70 C0 03 01 A1 00 00 53 77 41")] // durable is text
    public void M01_M02_M09_MessageThatCannotBe_IsRejected(string hex)
    {
        byte[] message = Convert.FromHexString(hex.Replace(" ", string.Empty, StringComparison.Ordinal));
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        peer.Transfer(0, message);
        var disposition = peer.ExpectPast("disposition");
        if (message.Length == 0)
        {
            // No section at all is a message without a body, which is borne.
            Assert.Equal(AnyDeliveryState.Member.Accepted, disposition.Disposition.State.Kind);
            return;
        }

        Assert.Equal("amqp:decode-error", disposition.Condition);
        peer.Transfer(1, Message.Value("good"));
        Assert.Equal(AnyDeliveryState.Member.Accepted, peer.ExpectPast("disposition").Disposition.State.Kind);
    }

    [Fact]
    public void M17_MessageThatCannotBe_Settled_DetachesTheLink()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        peer.Transfer(0, [1, 2, 3], settled: true);
        Assert.Equal("amqp:decode-error", peer.ExpectPast("detach").Condition);
    }

    [Fact]
    public void M17_WhatFollowsAMessageThatEndsTheLink_IsNotTaken()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        byte[] octets = [.. Frame(0, Message.Value("before")), .. Frame(1, [1, 2, 3]), .. Frame(2, Message.Value("behind"))];
        peer.Send(octets);
        Assert.Equal("amqp:decode-error", peer.ExpectPast("detach").Condition);
        Assert.Equal(1u, CountMessages("q"));

        static byte[] Frame(uint id, byte[] message)
        {
            var transfer = new Transfer { Handle = 0, DeliveryId = id, DeliveryTag = BitConverter.GetBytes(id), Settled = true };
            byte[] frame = new byte[FrameReader.HeaderOctets + transfer.MaxOctets + message.Length];
            return frame[..FrameWriter.WritePerformative(frame, 0, in transfer, message)];
        }
    }

    [Fact]
    public void S03_WhatWasTransferredBeforeAnEnd_IsAnsweredBeforeIt_AndNothingBehindIt()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        byte[] octets = [.. Frame(0, Message.Value("good")), .. Frame(1, [1, 2, 3]), .. Frame(2, Message.Value("good, too")), .. End()];
        peer.Send(octets);
        List<(string, AnyDeliveryState.Member)> told = [];
        PeerFrame frame;
        while ((frame = peer.Read()).Name != "end")
        {
            if (frame.Name == "disposition")
            {
                told.Add((frame.Name, frame.Disposition.State.Kind));
            }
        }

        Assert.Equal([AnyDeliveryState.Member.Accepted, AnyDeliveryState.Member.Rejected, AnyDeliveryState.Member.Accepted], told.Select(one => one.Item2));
        peer.Send(default(Close));
        Assert.Equal("close", peer.Read().Name);
        Assert.Equal(2u, CountMessages());

        static byte[] Frame(uint id, byte[] message)
        {
            var transfer = new Transfer { Handle = 0, DeliveryId = id, DeliveryTag = BitConverter.GetBytes(id) };
            byte[] frame = new byte[FrameReader.HeaderOctets + transfer.MaxOctets + message.Length];
            return frame[..FrameWriter.WritePerformative(frame, 0, in transfer, message)];
        }

        static byte[] End()
        {
            byte[] frame = new byte[64];
            return frame[..FrameWriter.WritePerformative(frame, 0, default(End))];
        }
    }

    [Fact]
    public void X15_UnknownFormat_IsRejected_AndNotThoseBeforeIt()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        byte[] octets = [.. Frame(0, 0), .. Frame(1, 0x80013700)];
        peer.Send(octets);
        Assert.Equal(AnyDeliveryState.Member.Accepted, peer.ExpectPast("disposition").Disposition.State.Kind);
        Assert.Equal("amqp:not-implemented", peer.ExpectPast("disposition").Condition);

        static byte[] Frame(uint id, uint format)
        {
            var transfer = new Transfer { Handle = 0, DeliveryId = id, DeliveryTag = BitConverter.GetBytes(id), MessageFormat = format };
            byte[] frame = new byte[FrameReader.HeaderOctets + transfer.MaxOctets + 64];
            return frame[..FrameWriter.WritePerformative(frame, 0, in transfer, Message.Value("x"))];
        }
    }

    [Fact]
    public void X15_UnknownFormat_IsRejected()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        peer.Transfer(0, Message.Value("x"), with: transfer => transfer with { MessageFormat = 0x80013700 });
        Assert.Equal("amqp:not-implemented", peer.ExpectPast("disposition").Condition);
    }

    [Theory]
    [InlineData("guest", null)]
    [InlineData("somebody", "amqp:precondition-failed")]
    public void M11_UserId_MustBeOnesOwn(string user, string? condition)
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        peer.Transfer(0, [.. Message.Properties(new Properties { UserId = System.Text.Encoding.UTF8.GetBytes(user) }), .. Message.Value("x")]);
        Assert.Equal(condition ?? string.Empty, peer.ExpectPast("disposition").Condition);
    }

    [Fact]
    public void X13_ResumedDelivery_ThatNobodyKnows_IsNone()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        peer.Transfer(0, Message.Value("old"), with: transfer => transfer with { Resume = true });
        peer.Transfer(1, Message.Value("new"));
        Assert.Equal(1u, peer.ExpectPast("disposition").Disposition.First);
        Assert.Equal(1u, CountMessages());
    }

    [Fact]
    public void X04_X08_MessageInPieces_IsPutTogether_AndOneThatIsAborted_Forgotten()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        byte[] message = Message.Data(new byte[100_000]);
        peer.Transfer(0, message[..50_000], with: transfer => transfer with { More = true });
        peer.Send(new Transfer { Handle = 0, More = true }, message[50_000..50_001]);
        peer.Send(new Transfer { Handle = 0, Aborted = true });
        peer.Transfer(1, message[..50_000], with: transfer => transfer with { More = true });
        peer.Send(new Transfer { Handle = 0 }, message[50_000..]);
        Assert.Equal(1u, peer.ExpectPast("disposition").Disposition.First);
        Assert.Equal(1u, CountMessages());
        peer.AttachReceiver("q");
        peer.Credit(1);
        var payload = new List<byte>();
        PeerFrame frame;
        do
        {
            frame = peer.ExpectPast("transfer");
            payload.AddRange(frame.Payload);
        }
        while (frame.Transfer.More);
        Assert.Equal(message, Message.WithoutHeader([.. payload]));
    }

    [Fact]
    public void S11_X19_Window_CutsAMessage_WhichGoesOnWhenItOpens()
    {
        using var peer = PeerClient.Begin(Broker, maxFrameSize: 512, window: 3);
        peer.AttachSender("q");
        byte[] message = Message.Data(new byte[5000]);
        foreach (byte[] octets in new[] { message, Message.Value("next") })
        {
            uint id = octets == message ? 0u : 1;
            peer.Transfer(id, octets[..Math.Min(400, octets.Length)], with: transfer => transfer with { More = octets.Length > 400 });
            for (int at = 400; at < octets.Length; at += 400)
            {
                peer.Send(new Transfer { Handle = 0, More = at + 400 < octets.Length }, octets[at..Math.Min(octets.Length, at + 400)]);
            }

            peer.ExpectPast("disposition");
        }

        peer.AttachReceiver("q");
        peer.Credit(5, window: 3);
        var payload = new List<byte>();
        uint frames = 0;
        PeerFrame frame;
        do
        {
            frame = peer.ExpectPast("transfer");
            payload.AddRange(frame.Payload);
            if (++frames % 3 == 0)
            {
                peer.Credit(5, window: 3, nextIncomingId: frames);
            }
        }
        while (frame.Transfer.More);
        Assert.Equal(message, Message.WithoutHeader([.. payload]));
        Assert.InRange(frames, 10u, 20u);
        peer.Credit(5, window: 3, nextIncomingId: frames);
        Assert.Equal(1u, peer.ExpectPast("transfer").Transfer.DeliveryId);
    }

    [Fact]
    public void D13_D14_M07_D19_WhatComesBack_KeepsItsPlace_AndCountsWhatFailed()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        for (uint id = 0; id < 3; id++)
        {
            peer.Transfer(id, Message.Value($"{id}"), settled: true);
        }

        peer.AttachReceiver("q");
        peer.Credit(3);
        for (int count = 0; count < 3; count++)
        {
            peer.ExpectPast("transfer");
        }

        peer.Send([
            .. PeerClient.Frame(new Disposition { Role = Role.Receiver, First = 2, Settled = true, State = default(Released) }),
            .. PeerClient.Frame(new Disposition { Role = Role.Receiver, First = 0, Settled = true, State = default(Released) }),
            .. PeerClient.Frame(new Disposition { Role = Role.Receiver, First = 1, Settled = true, State = new Modified { DeliveryFailed = true } }),
            .. PeerClient.Frame(new Flow { NextIncomingId = 3, IncomingWindow = 2048, NextOutgoingId = 3, OutgoingWindow = 10, Handle = 1, DeliveryCount = 3, LinkCredit = 3 }),
        ]);
        byte[][] payloads = [.. Enumerable.Range(0, 3).Select(_ => peer.ExpectPast("transfer").Payload)];
        Assert.Equal([Message.Value("0"), Message.Value("1"), Message.Value("2")], payloads.Select(Message.WithoutHeader));
        Assert.All(payloads, payload => Assert.False(Message.HeaderOf(payload).FirstAcquirer));
        Assert.Equal([0u, 1u, 0u], payloads.Select(payload => Message.HeaderOf(payload).DeliveryCount));
    }

    [Fact]
    public void D12_D15_RejectedAndUndeliverable_GoToTheDeadLetterExchange()
    {
        Older.Send(1, new QueueDeclare { Queue = "dying", Arguments = Codec.Table.Create(table => { table.Add("x-dead-letter-exchange", ""); table.Add("x-dead-letter-routing-key", "q"); }) });
        Older.Expect(QueueDeclareOkView.MethodKey);
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("dying");
        peer.Transfer(0, Message.Value("0"), settled: true);
        peer.Transfer(1, Message.Value("1"), settled: true);
        peer.AttachReceiver("dying");
        peer.Credit(2);
        peer.ExpectPast("transfer");
        peer.ExpectPast("transfer");
        peer.Settle(0, EncodedValue.Of(default(Rejected)));
        peer.Settle(1, EncodedValue.Of(new Modified { UndeliverableHere = true }));
        peer.AttachReceiver("q", handle: 2);
        peer.Credit(2, handle: 2, nextIncomingId: 2);
        Assert.Equal(Message.Value("0"), BodyOf(peer.ExpectPast("transfer")));
        Assert.Equal(Message.Value("1"), BodyOf(peer.ExpectPast("transfer")));
    }

    [Fact]
    public void D16_ModifiedAnnotations_AreMerged()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        peer.Transfer(0, [.. Message.MessageAnnotations("x-a", "1"), .. Message.Value("x")], settled: true);
        peer.AttachReceiver("q");
        peer.Credit(2);
        peer.ExpectPast("transfer");
        peer.Settle(0, EncodedValue.Of(new Modified { MessageAnnotations = new EncodedValueBuilder().BeginMap().AddSymbol("x-a").AddString("2").AddSymbol("x-b").AddUInt(3).End().ToValue() }));
        var payload = Message.WithoutHeader(peer.ExpectPast("transfer").Payload);
        Assert.Equal(Codec.DecodeError.None, MessageSections.TryParse(payload, out var sections));
        Assert.Equal(Codec.DecodeError.None, MessageAnnotationsView.TryParse(sections.MessageAnnotations, out var annotations, out _));
        Assert.Equal(2, annotations.Value.Count);
        Assert.True(annotations.Value.TryGetValue("x-a"u8, out var value) && value.TryGetString(out var text) && text.SequenceEqual("2"u8));
        Assert.Equal(Message.Value("x"), sections.Body.ToArray());
    }

    [Fact]
    public void D08_L18_OutcomeWithoutSettlement_IsSettledByTheBroker()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        peer.Transfer(0, Message.Value("x"), settled: true);
        peer.AttachReceiver("q", with: attach => attach with { RcvSettleMode = ReceiverSettleMode.Second });
        peer.Credit(1);
        peer.ExpectPast("transfer");
        peer.Settle(0, EncodedValue.Of(default(Accepted)), settled: false);
        var disposition = peer.ExpectPast("disposition").Disposition;
        Assert.Equal((Role.Sender, 0u, true), (disposition.Role, disposition.First, disposition.Settled));
        Assert.Equal(0u, CountMessages());
    }

    [Theory]
    [InlineData(false, 0u)]
    [InlineData(true, 1u)]
    public void D09_D18_L14_N13_WhatIsLeftUnsettled_GetsTheDefaultOutcome(bool isFailure, uint deliveryCount)
    {
        using (var peer = PeerClient.Begin(Broker))
        {
            peer.AttachSender("q");
            peer.Transfer(0, Message.Value("0"), settled: true);
            peer.Transfer(1, Message.Value("1"), settled: true);
            peer.AttachReceiver("q", with: attach => !isFailure ? attach : attach with
            {
                Source = new Source { Address = EncodedValue.String("q"), DefaultOutcome = new Modified { DeliveryFailed = true } },
            });
            peer.Credit(2);
            peer.ExpectPast("transfer");
            peer.ExpectPast("transfer");
            peer.Settle(0, default);
            peer.Send(new Detach { Handle = 1, Closed = true });
            Assert.True(peer.ExpectPast("detach").Detach.Closed);
        }

        using var other = PeerClient.Begin(Broker);
        other.AttachReceiver("q");
        other.Credit(2);
        for (int count = 0; count < 2; count++)
        {
            byte[] payload = other.ExpectPast("transfer").Payload;
            Assert.Equal((deliveryCount, false), (Message.HeaderOf(payload).DeliveryCount, Message.HeaderOf(payload).FirstAcquirer));
        }
    }

    [Fact]
    public void D18_ConnectionThatIsCut_GivesBackWhatItHad()
    {
        using (var peer = PeerClient.Begin(Broker))
        {
            peer.AttachSender("q");
            peer.Transfer(0, Message.Value("x"), settled: true);
            peer.AttachReceiver("q");
            peer.Credit(1);
            peer.ExpectPast("transfer");
        }

        using var other = PeerClient.Begin(Broker);
        other.AttachReceiver("q");
        other.Credit(1);
        other.ExpectPast("transfer");
    }

    [Fact]
    public void D20_FullQueue_RejectsWhatItDoesNotTake()
    {
        Older.Send(1, new QueueDeclare { Queue = "small", Arguments = Codec.Table.Create(table => { table.Add("x-max-length", 1); table.Add("x-overflow", "reject-publish"); }) });
        Older.Expect(QueueDeclareOkView.MethodKey);
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("small");
        peer.Transfer(0, Message.Value("x"));
        Assert.Equal(AnyDeliveryState.Member.Accepted, peer.ExpectPast("disposition").Disposition.State.Kind);
        peer.Transfer(1, Message.Value("x"));
        Assert.Equal("amqp:resource-limit-exceeded", peer.ExpectPast("disposition").Condition);
    }

    [Fact]
    public void M05_Priority_OfTheHeader_Counts()
    {
        Older.Send(1, new QueueDeclare { Queue = "levels", Arguments = Codec.Table.Create(table => table.Add("x-max-priority", 10)) });
        Older.Expect(QueueDeclareOkView.MethodKey);
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("levels");
        peer.Transfer(0, Message.Value("usual"));
        peer.ExpectPast("disposition");
        peer.Transfer(1, [.. Message.Header(new Header { Priority = 9 }), .. Message.Value("urgent")]);
        peer.ExpectPast("disposition");
        peer.AttachReceiver("levels");
        peer.Credit(2);
        Assert.Equal(Message.Value("urgent"), BodyOf(peer.ExpectPast("transfer")));
        Assert.Equal(Message.Value("usual"), BodyOf(peer.ExpectPast("transfer")));
    }

    [Fact]
    public async Task M06_MessageWhoseTimeIsOver_IsNotDelivered()
    {
        var time = new ManualTimeProvider();
        await using var broker = await TestBroker.StartAsync(time);
        using var older = RawClient.Open(broker);
        older.OpenChannel(1);
        older.DeclareQueue(1, "q");
        using var peer = PeerClient.Begin(broker);
        peer.AttachSender("q");
        peer.Transfer(0, [.. Message.Header(new Header { Ttl = 1000 }), .. Message.Value("short")]);
        peer.Transfer(1, [.. Message.Header(new Header { Ttl = 5000 }), .. Message.Value("long")]);
        peer.ExpectDisposed(2);
        time.Advance(TimeSpan.FromSeconds(2));
        peer.AttachReceiver("q");
        peer.Credit(2);
        var payload = peer.ExpectPast("transfer").Payload;
        Assert.Equal(Message.Value("long"), Message.WithoutHeader(payload));
        Assert.Equal(3000u, Message.HeaderOf(payload).Ttl);
    }

    [Fact]
    public void L16_MessageThatTheReceiverCannotTake_DetachesTheLink()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("q");
        peer.Transfer(0, Message.Data(new byte[2000]), settled: true);
        peer.AttachReceiver("q", with: attach => attach with { MaxMessageSize = 1000 });
        peer.Credit(1);
        Assert.Equal("amqp:link:message-size-exceeded", peer.ExpectPast("detach").Condition);
        peer.Send(new Detach { Handle = 1, Closed = true });
        Assert.Equal(1u, CountMessages());
    }

    [Fact]
    public void S19_SessionThatEnds_DetachesItsLinks()
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachReceiver("q");
        peer.Send(default(End));
        peer.ExpectPast("end");
        Older.Send(1, new QueueDelete { Queue = "q", IfUnused = true });
        Older.Expect(QueueDeleteOkView.MethodKey);
    }

    private static byte[] BodyOf(PeerFrame transfer)
    {
        Assert.Equal(Codec.DecodeError.None, MessageSections.TryParse(transfer.Payload, out var sections));
        return sections.Body.ToArray();
    }
}
