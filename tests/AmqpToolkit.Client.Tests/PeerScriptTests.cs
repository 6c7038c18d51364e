using AmqpToolkit.Client.Tests.Scripted;
using AmqpToolkit.Client.V1_0;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.Tests.V1_0;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Client.Tests;

/// <summary>The client of 1.0 with a peer that says what no good one would, or leaves it out.</summary>
public sealed class PeerScriptTests
{
    private static readonly TimeSpan Patience = ScriptedPeer.Patience;
    private static readonly ReceiverOptions Durable = new() { IsDurable = true, Name = "sub" };

    private static byte[] Message { get; } = Encoded(AmqpMessage.Of("x"));

    [Fact]
    public async Task DurableReceiver_DisposedOf_IsDetached_AndOnlyCloseCloses()
    {
        await using var peer = new ScriptedPeer();
        var session = await peer.BeginAsync();
        foreach (bool isClosed in (bool[])[false, true])
        {
            var receiver = await peer.AttachReceiverAsync(session, Durable);
            var ending = isClosed ? receiver.CloseAsync() : receiver.DisposeAsync().AsTask();
            var detach = (await peer.ExpectAsync("detach")).Detach.ToOwned();
            Assert.Equal(isClosed, detach.Closed);
            await peer.SendAsync(Peer.Frame(new Detach { Handle = 0, Closed = isClosed }));
            await ending.WaitAsync(Patience);
        }
    }

    [Fact]
    public async Task DurableReceiver_OpenedAndGivenUp_IsDetached()
    {
        await using var peer = new ScriptedPeer();
        var session = await peer.BeginAsync();
        using var cancel = new CancellationTokenSource();
        var opening = session.OpenReceiverAsync("q", Durable, cancel.Token);
        await peer.ExpectAsync("attach");
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening.WaitAsync(Patience));
        Assert.False((await peer.ExpectAsync("detach")).Detach.Closed);
    }

    [Fact]
    public async Task DurableReceiver_OfATooLargeMessage_IsDetached()
    {
        await using var peer = new ScriptedPeer();
        var session = await peer.BeginAsync(ScriptedPeer.Options with { MaxMessageOctets = 100 });
        var receiver = await peer.AttachReceiverAsync(session, Durable);
        await peer.SendAsync(Peer.Transfer(0, new byte[200]));
        var detach = await peer.ExpectAsync("detach");
        Assert.Equal((false, LinkError.Texts.MessageSizeExceeded), (detach.Detach.Closed, detach.Condition));
        Assert.Equal(LinkError.Texts.MessageSizeExceeded, (await receiver.Closed.WaitAsync(Patience)).Condition);
    }

    [Fact]
    public async Task DurableReceiver_WithoutNames_IsRefused()
    {
        await using var peer = new ScriptedPeer();
        var session = await peer.BeginAsync(ScriptedPeer.Options with { ContainerId = null });
        await Assert.ThrowsAsync<ArgumentException>(() => session.OpenReceiverAsync("q", Durable));
        await Assert.ThrowsAsync<ArgumentException>(() => session.OpenReceiverAsync("q", Durable with { Name = null }));
    }

    [Fact]
    public async Task ReceiversThatEnd_LeaveNothingInTheSession()
    {
        await using var peer = new ScriptedPeer();
        var session = await peer.BeginAsync();
        for (uint round = 0; round < 20; round++)
        {
            var receiver = await peer.AttachReceiverAsync(session);
            await peer.SendAsync(Peer.Transfer(round * 3, Message), Peer.Transfer((round * 3) + 1, Message), Peer.Transfer((round * 3) + 2, Message));
            await receiver.ReceiveAsync().AsTask().WaitAsync(Patience);
            var closing = receiver.CloseAsync();
            await peer.ExpectAsync("detach");
            await peer.SendAsync(Peer.Frame(new Detach { Handle = 0, Closed = true }));
            await closing.WaitAsync(Patience);
        }

        lock (session.Connection.Gate)
        {
            Assert.Equal(0, session.Engine.IncomingUnsettledCount);
        }
    }

    [Fact]
    public async Task AbortedDelivery_GivesItsCreditBack()
    {
        await using var peer = new ScriptedPeer();
        var session = await peer.BeginAsync();
        var receiver = await peer.AttachReceiverAsync(session, new ReceiverOptions { Credit = 1 });
        for (uint round = 0; round < 3; round++)
        {
            await peer.SendAsync(
                Peer.Transfer(round, [1], with: transfer => transfer with { More = true }), Peer.Transfer(round, with: transfer => transfer with { Aborted = true }));
        }

        await peer.SendAsync(Peer.Transfer(3, Message));
        Assert.Equal("x", (await receiver.ReceiveAsync().AsTask().WaitAsync(Patience)).Message.Text);
    }

    [Fact]
    public async Task CreditThatThePeerGivesUp_IsGivenAgain()
    {
        await using var peer = new ScriptedPeer();
        var session = await peer.BeginAsync();
        var receiver = await peer.AttachReceiverAsync(session, new ReceiverOptions { Credit = 2 });
        await peer.SendAsync(Peer.Credit(0, handle: 0, deliveryCount: 2), Peer.Transfer(0, Message));
        Assert.Equal("x", (await receiver.ReceiveAsync().AsTask().WaitAsync(Patience)).Message.Text);
    }

    [Fact]
    public async Task Close_IsOverWhenTheStreamIs_ThoughThePeerKeepsItsEnd()
    {
        await using var peer = new ScriptedPeer();
        var connection = await peer.OpenAsync();
        var closing = connection.CloseAsync();
        await peer.ExpectAsync("close");
        await peer.SendAsync(Peer.Frame(default(Close)));
        await closing.WaitAsync(Patience);
        await Assert.ThrowsAsync<IOException>(async () => await peer.ClientEnd.WaitForDataAsync());
    }

    [Fact]
    public async Task Closed_TellsWhoEndedIt()
    {
        await using var closer = new ScriptedPeer();
        var connection = await closer.OpenAsync();
        await closer.SendAsync(Peer.Frame(default(Close)));
        var reason = await connection.Closed.WaitAsync(Patience);
        Assert.Equal((CloseInitiator.Peer, true), (reason.Initiator, reason.IsOrderly));

        var cutter = new ScriptedPeer();
        var session = await cutter.BeginAsync();
        var receiver = await cutter.AttachReceiverAsync(session);
        var receiving = receiver.ReceiveAsync().AsTask();
        await cutter.DisposeAsync();
        reason = (await Assert.ThrowsAsync<AmqpException>(() => receiving.WaitAsync(Patience))).Reason;
        Assert.Equal((CloseScope.Connection, CloseInitiator.Transport, false), (reason.Scope, reason.Initiator, reason.IsOrderly));
        Assert.Same(reason, await receiver.Closed.WaitAsync(Patience));
        Assert.Same(reason, await session.Closed.WaitAsync(Patience));
    }

    [Fact]
    public async Task MistakeOfAPeerThatThenSaysNothing_EndsInACut()
    {
        var time = new ManualTime();
        await using var peer = new ScriptedPeer();
        var connection = await peer.OpenAsync(ScriptedPeer.Options with { TimeProvider = time, CloseTimeout = TimeSpan.FromSeconds(5), IdleTimeout = TimeSpan.Zero });
        await peer.SendAsync(Peer.Transfer(0));
        Assert.Equal(AmqpError.Texts.NotAllowed, (await connection.Closed.WaitAsync(Patience)).Condition);
        await peer.ExpectAsync("close");
        var ending = peer.WaitForEndAsync();
        while (!ending.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(5));
            await Task.Yield();
        }

        await ending.WaitAsync(Patience);
        await connection.CloseAsync().WaitAsync(Patience);
    }

    [Fact]
    public async Task DeliveryThatThePeerHasSettled_IsAcceptedWithoutAWord_AndOnce()
    {
        await using var peer = new ScriptedPeer();
        var session = await peer.BeginAsync();
        var receiver = await peer.AttachReceiverAsync(session);
        await peer.SendAsync(Peer.Transfer(0, Message), Peer.Frame(new Disposition { Role = Role.Sender, First = 0, Settled = true }), Peer.Transfer(1, Message));
        var first = await receiver.ReceiveAsync().AsTask().WaitAsync(Patience);
        var second = await receiver.ReceiveAsync().AsTask().WaitAsync(Patience);
        first.Accept();
        second.Accept();
        Assert.Throws<InvalidOperationException>(first.Accept);
        Assert.Equal(1u, (await peer.ExpectAsync("disposition")).Disposition.First);
    }

    [Fact]
    public async Task Requester_OutlivesAnAnswerThatThePeerSettles_AndEndsWithItsLink()
    {
        await using var peer = new ScriptedPeer();
        var session = await peer.BeginAsync();
        var opening = session.OpenRequesterAsync("q");
        await peer.AnswerAttachAsync(attach => attach with { Source = new Source { Address = EncodedValue.String("answers"), Dynamic = true } });
        await peer.AnswerAttachAsync();
        var requester = await opening.WaitAsync(Patience);
        await peer.SendAsync(Peer.Credit(10, handle: 1));
        var asking = requester.RequestAsync(AmqpMessage.Of("?"));
        Assert.Equal(Codec.DecodeError.None, AmqpMessage.TryRead((await peer.ExpectAsync("transfer")).Payload, out var request));

        // Unasked for, settled at once, and before the request is accepted.
        byte[] answer = Encoded(AmqpMessage.Of("!") with { Properties = new Properties { CorrelationId = request!.Properties.MessageId } });
        await peer.SendAsync(Peer.Transfer(0, Message, settled: true), Peer.Transfer(1, answer, settled: true));
        Assert.Equal("!", (await asking.WaitAsync(Patience)).Text);

        var waiting = requester.RequestAsync(AmqpMessage.Of("?"));
        await peer.ExpectAsync("transfer");
        await peer.SendAsync(Peer.Frame(new Detach { Handle = 0, Closed = true, Error = new Error { Condition = "amqp:resource-deleted" } }));
        Assert.Equal("amqp:resource-deleted", (await Assert.ThrowsAsync<AmqpException>(() => waiting.WaitAsync(Patience))).Condition);
        Assert.Equal("amqp:resource-deleted", (await Assert.ThrowsAsync<AmqpException>(() => requester.RequestAsync(AmqpMessage.Of("?")).WaitAsync(Patience))).Condition);
    }

    [Fact]
    public async Task SendsThatWaitForCredit_HaveABound_AndLeaveNothingWhenGivenUp()
    {
        await using var peer = new ScriptedPeer();
        var session = await peer.BeginAsync();
        var opening = session.OpenSenderAsync("q", new SenderOptions { WaitingBoundOctets = 300 });
        await peer.AnswerAttachAsync();
        var sender = await opening.WaitAsync(Patience);
        using var cancel = new CancellationTokenSource();
        var first = sender.SendAsync(AmqpMessage.Of(new byte[200]), cancel.Token).AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(() => sender.SendAsync(AmqpMessage.Of(new byte[200])).AsTask().WaitAsync(Patience));
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WaitAsync(Patience));
        var second = sender.SendAsync(AmqpMessage.Of(new byte[200])).AsTask();
        await peer.SendAsync(Peer.Credit(1, handle: 0));
        Assert.Equal(0u, (await peer.ExpectAsync("transfer")).Transfer.DeliveryId);
        await peer.SendAsync(Peer.Frame(new Disposition { Role = Role.Receiver, First = 0, Settled = true, State = EncodedValue.Of(default(Accepted)) }));
        Assert.True((await second.WaitAsync(Patience)).IsAccepted);
    }

    [Fact]
    public async Task PeerThatAsksAndDoesNotRead_IsCut()
    {
        await using var peer = new ScriptedPeer();
        var session = await peer.BeginAsync(ScriptedPeer.Options with { OutputBoundOctets = 4096 });
        byte[] asked = [.. Peer.AttachSender(handle: 5), .. Peer.Frame(new Detach { Handle = 5, Closed = true })];
        byte[] many = [.. Enumerable.Repeat(asked, 500).SelectMany(some => some)];
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            // A mebibyte of answers, and what lies on the way.
            for (int round = 0; round < 2000; round++)
            {
                await peer.SendAsync(many);
            }
        });
        Assert.Equal(AmqpError.Texts.ResourceLimitExceeded, (await session.Connection.Closed.WaitAsync(Patience)).Condition);
    }

    [Fact]
    public async Task SessionThatThePeerBegins_IsEnded()
    {
        await using var peer = new ScriptedPeer();
        await peer.OpenAsync();
        await peer.SendAsync(Peer.Begin(channel: 3));
        await peer.ExpectAsync("begin");
        Assert.Equal(AmqpError.Texts.NotAllowed, (await peer.ExpectAsync("end")).Condition);
    }

    [Fact]
    public async Task OneStateForManyMessages_IsHeardByEach()
    {
        await using var peer = new ScriptedPeer();
        var session = await peer.BeginAsync();
        var opening = session.OpenSenderAsync("q");
        await peer.AnswerAttachAsync();
        var sender = await opening.WaitAsync(Patience);
        await peer.SendAsync(Peer.Credit(10, handle: 0));
        var sends = Enumerable.Range(0, 10).Select(_ => sender.SendAsync(AmqpMessage.Of("x")).AsTask()).ToArray();
        for (int number = 0; number < sends.Length; number++)
        {
            await peer.ExpectAsync("transfer");
        }

        var state = EncodedValue.Of(new Rejected { Error = new Error { Condition = "app:no", Description = "no" } });
        await peer.SendAsync(Peer.Frame(new Disposition { Role = Role.Receiver, First = 0, Last = 9, Settled = true, State = state }));
        var outcomes = await Task.WhenAll(sends).WaitAsync(Patience);
        Assert.All(outcomes, outcome => Assert.Equal((OutcomeKind.Rejected, "app:no", "no"), (outcome.Kind, outcome.Condition, outcome.Description)));
        Assert.All(outcomes, outcome => Assert.Same(outcomes[0].Description, outcome.Description));
    }

    [Fact]
    public async Task SessionThatWasGivenUp_IsEnded_AndItsChannelFreeAgain()
    {
        await using var peer = new ScriptedPeer();
        var connection = await peer.OpenAsync();
        for (int round = 0; round < 3; round++)
        {
            using var cancel = new CancellationTokenSource();
            var opening = connection.OpenSessionAsync(cancel.Token);
            Assert.Equal(0, (await peer.ExpectAsync("begin")).Channel);
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening.WaitAsync(Patience));
            await peer.ExpectAsync("end");
            await peer.SendAsync(ScriptedPeer.BeginOf(0), Peer.Frame(default(End)), Peer.Begin(channel: 9));

            // The client has taken both when it answers what comes behind them.
            await peer.ExpectAsync("begin");
            await peer.ExpectAsync("end");
            await peer.SendAsync(Peer.Frame(default(End), 9));
        }
    }

    [Fact]
    public async Task MessageThatCannotBeRead_IsRejected_AndTheLinkGoesOn()
    {
        await using var peer = new ScriptedPeer();
        var session = await peer.BeginAsync();
        var receiver = await peer.AttachReceiverAsync(session, new ReceiverOptions { Credit = 1 });
        var receiving = receiver.ReceiveAsync().AsTask();
        await peer.SendAsync(Peer.Transfer(0, [0xFF, 0xFF]));
        var disposition = (await peer.ExpectAsync("disposition")).Disposition;
        Assert.Equal((0u, true), (disposition.First, disposition.Settled));
        Assert.Equal(AnyDeliveryState.Member.Rejected, new AnyDeliveryState(disposition.State.Octets).Kind);

        // The credit was given again before that was said.
        await peer.SendAsync(Peer.Transfer(1, Message));
        Assert.Equal("x", (await receiving.WaitAsync(Patience)).Message.Text);
    }

    [Fact]
    public async Task Enumeration_SeesItsToken_WhileMessagesCome()
    {
        await using var peer = new ScriptedPeer();
        var session = await peer.BeginAsync();
        var receiver = await peer.AttachReceiverAsync(session);
        await peer.SendAsync(Peer.Transfer(0, Message), Peer.Transfer(1, Message));
        using var cancel = new CancellationTokenSource();
        int taken = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var delivery in receiver.ConfigureAwait(false).WithCancellation(cancel.Token))
            {
                taken++;
                await cancel.CancelAsync();
            }
        });
        Assert.Equal(1, taken);
        Assert.Equal("x", (await receiver.ReceiveAsync().AsTask().WaitAsync(Patience)).Message.Text);
    }

    [Theory]
    [InlineData("filter")]
    [InlineData("copy")]
    [InlineData("durable")]
    [InlineData("settled")]
    [InlineData("dynamic")]
    public async Task WhatThePeerDoesNotGrant_FailsTheAttempt(string what)
    {
        var options = what switch
        {
            "filter" => new ReceiverOptions { Selector = "a = 1" },
            "copy" => new ReceiverOptions { IsBrowsing = true },
            "durable" => Durable,
            "settled" => new ReceiverOptions { IsSettled = true },
            _ => new ReceiverOptions { IsDynamic = true },
        };
        await using var peer = new ScriptedPeer();
        var session = await peer.BeginAsync();
        var opening = session.OpenReceiverAsync(what == "dynamic" ? null : "q", options);
        await peer.AnswerAttachAsync(attach => attach with { Source = new Source { DistributionMode = "move" }, SndSettleMode = SenderSettleMode.Mixed });
        Assert.Equal(AmqpError.Texts.NotImplemented, (await Assert.ThrowsAsync<AmqpException>(() => opening.WaitAsync(Patience))).Condition);
        Assert.Equal(AmqpError.Texts.NotImplemented, (await peer.ExpectAsync("detach")).Condition);
    }

    [Fact]
    public void Message_HasABody_AndItsKindByWhatIsSet()
    {
        Assert.Equal(MessageBodyKind.Data, new AmqpMessage { Data = new byte[] { 1 } }.BodyKind);
        Assert.Equal(MessageBodyKind.Data, (AmqpMessage.Of("x") with { Data = new byte[] { 1 } }).BodyKind);
        Assert.Equal(MessageBodyKind.AmqpValue, (AmqpMessage.Of(new byte[] { 1 }) with { Value = EncodedValue.Int(1) }).BodyKind);
        Assert.Equal(Codec.DecodeError.None, AmqpMessage.TryRead(Encoded(new AmqpMessage()), out var empty));
        Assert.Equal((MessageBodyKind.AmqpValue, true), (empty!.BodyKind, empty.Value.IsNull));
        Assert.Equal(AmqpMessage.Of(new byte[] { 1, 2 }), AmqpMessage.Of(new byte[] { 1, 2 }));
        Assert.NotEqual(AmqpMessage.Of(new byte[] { 1, 2 }), AmqpMessage.Of(new byte[] { 1, 3 }));
        Assert.Throws<ArgumentException>(() => Encoded(AmqpMessage.Of("x") with { ApplicationProperties = EncodedValue.String("no map") }));
    }

    [Fact]
    public void SectionsOfABody_AreReadInARow()
    {
        byte[] data = [0, 0x53, 0x75, 0xA0, 1, 7, 0, 0x53, 0x75, 0xA0, 2, 8, 9];
        Assert.Equal(Codec.DecodeError.None, AmqpMessage.TryRead(data, out var message));
        Assert.Equal([7, 8, 9], message!.Data.ToArray());

        byte[] sequences = [0, 0x53, 0x76, 0xC0, 3, 1, 0x54, 1, 0, 0x53, 0x76, 0x45, 0, 0x53, 0x76, 0xC0, 4, 2, 0x41, 0x54, 2];
        Assert.Equal(Codec.DecodeError.None, AmqpMessage.TryRead(sequences, out message));
        Assert.Equal(MessageBodyKind.AmqpSequence, message!.BodyKind);
        Assert.Equal(new EncodedValueBuilder().BeginList().AddInt(1).AddBoolean(true).AddInt(2).End().ToValue(), message.Value);
    }

    [Fact]
    public async Task Options_ThatCannotBe_AreRefusedAtOnce()
    {
        await using var peer = new ScriptedPeer();
        await Assert.ThrowsAsync<ArgumentException>(() => AmqpConnection.ConnectAsync(peer.ClientEnd, ScriptedPeer.Options with { ContainerId = new string('x', 500) }));
        await Assert.ThrowsAsync<ArgumentException>(() => AmqpConnection.ConnectAsync(peer.ClientEnd, ScriptedPeer.Options with { Properties = EncodedValue.Int(1) }));
        Assert.Throws<ArgumentException>(() => AmqpConnectionOptions.Parse("amqp://localhost?heartbeat=5"));
        Assert.Equal("guest", AmqpConnectionOptions.Parse("amqp://localhost").UserName);
        Assert.Throws<ArgumentOutOfRangeException>(() => new AmqpConnectionOptions { IdleTimeout = TimeSpan.FromMilliseconds(1) });
    }

    private static byte[] Encoded(AmqpMessage message)
    {
        var builder = new EncodedValueBuilder();
        message.Write(builder);
        return builder.Span.ToArray();
    }
}
