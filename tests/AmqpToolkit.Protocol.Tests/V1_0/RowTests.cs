using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Protocol.Tests.V1_0;

/// <summary>Messages that are read in a row: the same as one by one, and nothing else among them.</summary>
public sealed class RowTests
{
    private static readonly (string Name, byte[] Octets, EngineEventKind Ends)[] s_ends =
    [
        ("part", Peer.Transfer(2, [9], with: transfer => transfer with { More = true }), EngineEventKind.Transferred),
        ("aborted", Peer.Transfer(2, [9], with: transfer => transfer with { Aborted = true }), EngineEventKind.Transferred),
        ("resumed", Peer.Transfer(2, [9], with: transfer => transfer with { Resume = true }), EngineEventKind.Transferred),
        ("format", Peer.Transfer(2, [9], with: transfer => transfer with { MessageFormat = 7 }), EngineEventKind.Transferred),
        ("other link", Peer.Transfer(2, [9], handle: 5), EngineEventKind.Transferred),
        ("bad number", Peer.Transfer(7, [9]), EngineEventKind.SessionFailed),
        ("no handle", Peer.Transfer(2, [9], handle: 9), EngineEventKind.SessionFailed),
        ("flow", Peer.Frame(new Flow { NextIncomingId = 0, IncomingWindow = 1, NextOutgoingId = 2, OutgoingWindow = 1 }), EngineEventKind.None),
        ("end", Peer.Frame(default(End)), EngineEventKind.None),
        ("unreadable", [0, 0, 0, 12, 2, 0, 0, 0, 0, 0x53, 0x14, 0x99], EngineEventKind.ConnectionFailed),
        ("cut", Peer.Transfer(2, [9])[..^1], EngineEventKind.None),
    ];

    [Fact]
    public void Row_EndsBeforeWhatIsNoWholeMessageOfItsLink()
    {
        foreach (var (name, octets, ends) in s_ends)
        {
            var engine = SessionEngineTests.Begun();
            var link = engine.Feed(Peer.AttachSender("a", 0), Peer.AttachSender("b", 5))[0].Link;
            byte[] input = [.. Peer.Transfer(0, [1, 2]), .. Peer.Transfer(1, [3], settled: true), .. octets];

            var row = new ReceivedMessage[8];
            var found = engine.Engine.ReadRow(input, row, out int count, out var rowLink, out int consumed);

            Assert.True((2, ends) == (count, found.Kind), $"{name}: {count} messages, then {found.Kind}");
            Assert.Same(link, rowLink);
            Assert.Equal(ends == EngineEventKind.None ? input.Length - octets.Length : input.Length, consumed);
            Assert.Equal([1, 2], input.AsSpan(row[0].Start, row[0].Octets).ToArray());
            Assert.Equal([3], input.AsSpan(row[1].Start, row[1].Octets).ToArray());
            Assert.Equal([(1UL, false), (2UL, true)], row[..2].Select(message => (message.Sequence, message.IsSettled)));
            if (ends == EngineEventKind.Transferred)
            {
                Assert.True(found.Performative.IsEmpty && found.Fault is null && found.Sequence == 3, name);
            }
        }
    }

    [Fact]
    public void Row_ThatIsFull_LeavesTheRest()
    {
        var engine = SessionEngineTests.Begun();
        engine.Feed(Peer.AttachSender());
        byte[] input = [.. Enumerable.Range(0, 5).SelectMany(id => Peer.Transfer((uint)id, [(byte)id]))];
        var row = new ReceivedMessage[2];
        List<byte> read = [];
        for (int at = 0; at < input.Length;)
        {
            var found = engine.Engine.ReadRow(input.AsSpan(at), row, out int count, out _, out int consumed);
            Assert.Equal(EngineEventKind.None, found.Kind);
            for (int index = 0; index < count; index++)
            {
                read.Add(input[at + row[index].Start]);
            }

            at += consumed;
        }

        Assert.Equal([0, 1, 2, 3, 4], read);
    }

    [Theory]
    [InlineData(0u, 4)]
    [InlineData(200u, 4)]
    [InlineData(70_000u, 32)]
    [InlineData(3u, 0)]
    public void Sent_MessagesInARow_SayTheSameAsThoseThatAreCut(uint messagesBefore, int tagOctets)
    {
        var engine = SessionEngineTests.Begun();
        var link = engine.Feed(Peer.AttachReceiver())[^1].Link!;
        engine.Feed(Peer.Frame(new Flow { NextIncomingId = 0, IncomingWindow = 1_000_000, NextOutgoingId = 0, OutgoingWindow = 1, Handle = 1, DeliveryCount = 0, LinkCredit = 1_000_000 }));
        for (uint id = 0; id < messagesBefore; id++)
        {
            link.Send(default, settled: true, 0, 0, default, default, out _);
        }

        engine.TakeOctets();
        byte[] tag = [.. Enumerable.Range(1, tagOctets).Select(octet => (byte)octet)];
        link.Send(tag, settled: false, 0, 0, [1, 2], [3], out _);
        link.Send(tag, settled: true, 5, 0, default, [4], out _);
        Assert.Equal(2, link.Send(tag, settled: false, 0, 0, [5], [6], out _, more: true));
        link.Continue([7], default);
        var sent = engine.TakeSent();

        Assert.Equal(["transfer", "transfer", "transfer", "transfer"], sent.Select(one => one.Name));
        Assert.Equal([[1, 2, 3], [4], [5, 6], [7]], sent.Select(one => one.Payload));
        for (int index = 0; index < 3; index++)
        {
            var transfer = sent[index].Transfer;
            Assert.Equal((messagesBefore + (uint)index, index == 1, index == 2), (transfer.DeliveryId, transfer.Settled, transfer.More));
            Assert.Equal(tag, transfer.DeliveryTag.ToArray());
            Assert.Equal(index == 1 ? 5u : 0u, transfer.MessageFormat);
        }
    }
}
