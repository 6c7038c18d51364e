using AmqpToolkit.Client.Tests.Scripted;
using AmqpToolkit.Client.V1_0;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.Tests.V1_0;

namespace AmqpToolkit.Client.Tests;

/// <summary>What becomes of messages of 1.0 that are sent, and who hears it.</summary>
public sealed class PeerSendTests
{
    private static readonly TimeSpan Patience = ScriptedPeer.Patience;

    [Fact]
    public async Task LinkThatEnds_LeavesInDoubtWhatWasBegun_AndTheRestUnsent()
    {
        await using var peer = new ScriptedPeer();
        var sender = await peer.AttachSenderAsync(await peer.BeginAsync(), credit: 2);
        await ScriptedPeer.UntilCreditAsync(sender, 2);
        var begun = sender.SendAsync(AmqpMessage.Of("0")).AsTask();
        var heard = sender.SendAsync(AmqpMessage.Of("1")).AsTask();
        var unsent = sender.SendAsync(AmqpMessage.Of("2")).AsTask();
        await peer.ExpectAsync("transfer");
        await peer.ExpectAsync("transfer");
        var info = new EncodedValueBuilder().BeginMap().AddSymbol("address").AddString("elsewhere").End().ToValue();
        await peer.SendAsync(
            Disposition(1, EncodedValue.Of(default(Accepted))),
            Peer.Frame(new Detach { Handle = 0, Closed = true, Error = new Error { Condition = LinkError.Texts.Redirect, Description = "go", Info = info } }));
        Assert.True((await heard.WaitAsync(Patience)).IsAccepted);
        var outcome = await begun.WaitAsync(Patience);
        Assert.Equal((OutcomeKind.InDoubt, LinkError.Texts.Redirect, "go", info), (outcome.Kind, outcome.Cause!.Condition, outcome.Cause.Description, outcome.Cause.Info));
        Assert.Throws<SendFailedException>(outcome.ThrowIfNotAccepted);
        var failure = await Assert.ThrowsAsync<AmqpException>(() => unsent.WaitAsync(Patience));
        Assert.Equal((LinkError.Texts.Redirect, CloseScope.Link, CloseInitiator.Peer, false), (failure.Condition, failure.Reason.Scope, failure.Reason.Initiator, failure.Reason.IsOrderly));
        Assert.Contains("not sent", failure.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<AmqpException>(() => sender.SendAsync(AmqpMessage.Of("3")).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task Modified_SaysWhatIsToChange()
    {
        await using var peer = new ScriptedPeer();
        var sender = await peer.AttachSenderAsync(await peer.BeginAsync(), credit: 1);
        var sending = sender.SendAsync(AmqpMessage.Of("x")).AsTask();
        await peer.ExpectAsync("transfer");
        var annotations = new EncodedValueBuilder().BeginMap().AddSymbol("x-opt-note").AddString("n").End().ToValue();
        await peer.SendAsync(Disposition(0, EncodedValue.Of(new Modified { DeliveryFailed = true, UndeliverableHere = true, MessageAnnotations = annotations })));
        var outcome = await sending.WaitAsync(Patience);
        Assert.Equal((OutcomeKind.Modified, true, true, annotations), (outcome.Kind, outcome.DeliveryFailed, outcome.UndeliverableHere, outcome.MessageAnnotations));
    }

    [Fact]
    public async Task OutcomeOfAMessageThatIsNotWritten_IsHeardOnceItIs()
    {
        await using var peer = new ScriptedPeer();
        var session = await peer.BeginAsync(window: 1);
        var sender = await peer.AttachSenderAsync(session, credit: 10, window: 1);
        var large = sender.SendAsync(AmqpMessage.Of(new byte[700_000])).AsTask();
        var next = sender.SendAsync(AmqpMessage.Of("next")).AsTask();
        var first = (await peer.ExpectAsync("transfer")).Transfer.ToOwned();
        Assert.True(first.More);
        await peer.SendAsync(Disposition(0, EncodedValue.Of(default(Rejected))));
        var transfer = first;
        for (uint count = 1; transfer.More; count++)
        {
            Assert.False(large.IsCompleted);
            await peer.SendAsync(Peer.Credit(10, handle: 0, nextIncomingId: count, window: 1));
            transfer = (await peer.ExpectAsync("transfer")).Transfer.ToOwned();
        }

        Assert.Equal(OutcomeKind.Rejected, (await large.WaitAsync(Patience)).Kind);
        await peer.SendAsync(Peer.Credit(10, handle: 0, nextIncomingId: 100, window: 10));
        Assert.Equal(1u, (await peer.ExpectAsync("transfer")).Transfer.DeliveryId);
        await peer.SendAsync(Disposition(1, EncodedValue.Of(default(Accepted))));
        Assert.True((await next.WaitAsync(Patience)).IsAccepted);
    }

    [Fact]
    public async Task LargeMessage_IsWrittenAsThePeerReads()
    {
        const int Bound = 4096;
        const int Most = Bound + (2 * 256 * 1024);
        await using var peer = new ScriptedPeer();
        var session = await peer.BeginAsync(ScriptedPeer.Options with { OutputBoundOctets = Bound }, window: 100_000);
        var sender = await peer.AttachSenderAsync(session, credit: 10, window: 100_000);
        var pump = session.Connection.Pump;
        byte[] body = new byte[20_000_000];
        new Random(5).NextBytes(body);
        var message = AmqpMessage.Of(body);
        var large = sender.SendAsync(message).AsTask();
        var next = sender.SendAsync(AmqpMessage.Of("next")).AsTask();
        var came = new List<byte>();
        Transfer transfer;
        do
        {
            Assert.InRange(pump.PendingOctets, 0, Most);
            var sent = await peer.ExpectAsync("transfer");
            transfer = sent.Transfer.ToOwned();
            came.AddRange(sent.Payload);
        }
        while (transfer.More);

        Assert.Equal(Codec.DecodeError.None, AmqpMessage.TryRead(came.ToArray(), out var read));
        Assert.True(body.AsSpan().SequenceEqual(read!.Data.Span));
        Assert.Equal(1u, (await peer.ExpectAsync("transfer")).Transfer.DeliveryId);
        await peer.SendAsync(Disposition(0, EncodedValue.Of(default(Accepted))), Disposition(1, EncodedValue.Of(default(Accepted))));
        Assert.True((await large.WaitAsync(Patience)).IsAccepted && (await next.WaitAsync(Patience)).IsAccepted);
    }

    [Fact]
    public async Task CancelledSend_OfWhatWasBegun_LeavesTheLinkWhole()
    {
        await using var peer = new ScriptedPeer();
        var session = await peer.BeginAsync();
        var sender = await peer.AttachSenderAsync(session, credit: 1);
        await ScriptedPeer.UntilCreditAsync(sender, 1);
        for (uint round = 0; round < 5; round++)
        {
            using var cancel = new CancellationTokenSource();
            var begun = sender.SendAsync(AmqpMessage.Of("begun"), cancel.Token).AsTask();
            var waiting = sender.SendAsync(AmqpMessage.Of("waiting"), cancel.Token).AsTask();
            await peer.ExpectAsync("transfer");
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => begun.WaitAsync(Patience));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Patience));
            var other = sender.SendAsync(AmqpMessage.Of("other")).AsTask();
            uint id = round * 2;
            await peer.SendAsync(Disposition(id, EncodedValue.Of(default(Accepted))), Peer.Credit(1, handle: 0, deliveryCount: id + 1));
            Assert.Equal(id + 1, (await peer.ExpectAsync("transfer")).Transfer.DeliveryId);
            await peer.SendAsync(Disposition(id + 1, EncodedValue.Of(default(Accepted))), Peer.Credit(1, handle: 0, deliveryCount: id + 2));
            Assert.True((await other.WaitAsync(Patience)).IsAccepted);
            await ScriptedPeer.UntilCreditAsync(sender, 1);
        }
    }

    [Fact]
    public async Task WaitForOutcomes_CompletesBehindTheLast()
    {
        await using var peer = new ScriptedPeer();
        var sender = await peer.AttachSenderAsync(await peer.BeginAsync(), credit: 1);
        await sender.WaitForOutcomesAsync().WaitAsync(Patience);
        await ScriptedPeer.UntilCreditAsync(sender, 1);
        var first = sender.SendAsync(AmqpMessage.Of("0")).AsTask();
        var second = sender.SendAsync(AmqpMessage.Of("1")).AsTask();
        var waiting = sender.WaitForOutcomesAsync();
        await peer.ExpectAsync("transfer");
        await peer.SendAsync(Disposition(0, EncodedValue.Of(default(Accepted))), Peer.Credit(1, handle: 0, deliveryCount: 1));
        await peer.ExpectAsync("transfer");
        await first.WaitAsync(Patience);
        Assert.False(waiting.IsCompleted);
        await peer.SendAsync(Disposition(1, EncodedValue.Of(default(Accepted))));
        await waiting.WaitAsync(Patience);
        Assert.True((await second.WaitAsync(Patience)).IsAccepted);

        await peer.SendAsync(Peer.Credit(1, handle: 0, deliveryCount: 2));
        var last = sender.SendAsync(AmqpMessage.Of("2")).AsTask();
        waiting = sender.WaitForOutcomesAsync();
        await peer.ExpectAsync("transfer");
        await peer.SendAsync(Peer.Frame(new Detach { Handle = 0, Closed = true }));
        await waiting.WaitAsync(Patience);
        Assert.Equal(OutcomeKind.InDoubt, (await last.WaitAsync(Patience)).Kind);
    }

    [Fact]
    public async Task WaitForOutcomes_IsOver_ThoughOthersSend()
    {
        await using var peer = new ScriptedPeer();
        var sender = await peer.AttachSenderAsync(await peer.BeginAsync(), credit: 2);
        await ScriptedPeer.UntilCreditAsync(sender, 2);
        using var cancel = new CancellationTokenSource();
        var abandoned = sender.SendAsync(AmqpMessage.Of("never settled"), cancel.Token).AsTask();
        var first = sender.SendAsync(AmqpMessage.Of("0")).AsTask();
        var waiting = sender.WaitForOutcomesAsync();
        var later = sender.SendAsync(AmqpMessage.Of("1")).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned.WaitAsync(Patience));
        await peer.SendAsync(Disposition(1, EncodedValue.Of(default(Accepted))));
        await waiting.WaitAsync(Patience);
        Assert.True((await first.WaitAsync(Patience)).IsAccepted);
        Assert.False(later.IsCompleted);
        await peer.SendAsync(Peer.Frame(new Detach { Handle = 0, Closed = true }));
        await Assert.ThrowsAsync<AmqpException>(() => later.WaitAsync(Patience));
        await sender.WaitForOutcomesAsync().WaitAsync(Patience);
    }

    [Fact]
    public async Task SmallMessagesThatWait_CountByWhatTheyTake_AndLeaveRoom()
    {
        await using var peer = new ScriptedPeer();
        var sender = await peer.AttachSenderAsync(await peer.BeginAsync(), new SenderOptions { WaitingBoundOctets = 10_000 });
        var sends = new List<Task<DeliveryOutcome>>();
        while (sends.Count < 1000 && (sends.Count == 0 || !sends[^1].IsFaulted))
        {
            sends.Add(sender.SendEncodedAsync([]).AsTask());
        }

        Assert.InRange(sends.Count, 10, 40);
        await Assert.ThrowsAsync<InvalidOperationException>(() => sends[^1].WaitAsync(Patience));
        var room = sender.WaitForRoomAsync();
        Assert.False(room.IsCompleted);
        await peer.SendAsync(Peer.Credit(1000, handle: 0));
        await room.WaitAsync(Patience);
        await sender.WaitForRoomAsync().WaitAsync(Patience);
    }

    [Fact]
    public async Task SendEncoded_SendsTheOctetsAsTheyAre()
    {
        await using var peer = new ScriptedPeer();
        var sender = await peer.AttachSenderAsync(await peer.BeginAsync(), new SenderOptions { IsSettled = true }, credit: 2);
        byte[] octets = [0, 0x53, 0x75, 0xA0, 1, 7, 0, 0x53, 0x75, 0xB0, 0, 0, 0, 1, 8];
        Assert.Equal(OutcomeKind.Sent, (await sender.SendEncodedAsync(octets).AsTask().WaitAsync(Patience)).Kind);
        Assert.Equal(octets, (await peer.ExpectAsync("transfer")).Payload);
        Assert.Equal(OutcomeKind.Sent, (await sender.SendEncodedAsync(octets, 0x80013700).AsTask().WaitAsync(Patience)).Kind);
        Assert.Equal(0x80013700, (await peer.ExpectAsync("transfer")).Transfer.MessageFormat);
    }

    [Fact]
    public async Task Drain_IsAnsweredOnce()
    {
        await using var peer = new ScriptedPeer();
        var session = await peer.BeginAsync();
        var sender = await peer.AttachSenderAsync(session);
        await peer.SendAsync(Peer.Credit(5, handle: 0, drain: true));
        var answer = await peer.ReadFrameAsync();
        Assert.Equal(("flow", 5u, 0u, true), (answer.Name, answer.Flow.DeliveryCount, answer.Flow.LinkCredit, answer.Flow.Drain));

        // Flows of the session are room for every link; none of them is an answer to this one's.
        await peer.SendAsync(Session(), Session(), Session(echo: true));
        answer = await peer.ReadFrameAsync();
        Assert.Equal(("flow", false), (answer.Name, answer.Flow.HasHandle));
        await peer.SendAsync(Peer.Credit(5, handle: 0, deliveryCount: 5, drain: true));
        answer = await peer.ReadFrameAsync();
        Assert.Equal((10u, 0u), (answer.Flow.DeliveryCount, answer.Flow.LinkCredit));
        Assert.Equal(0, sender.Credit);

        static byte[] Session(bool echo = false) => Peer.Frame(new Flow { NextIncomingId = 0, IncomingWindow = 100, NextOutgoingId = 0, OutgoingWindow = 100, Echo = echo });
    }

    private static byte[] Disposition(uint id, EncodedValue state) => Peer.Frame(new Disposition { Role = Role.Receiver, First = id, Settled = true, State = state });
}
