using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.V1_0;

/// <summary>What a message of 1.0 tells of its deaths, in whichever version it came.</summary>
public sealed class DeathTests : PeerTests
{
    protected override void Prepare()
    {
        Older.DeclareQueue(1, "q");
        Declare("dying", table =>
        {
            table.Add("x-dead-letter-exchange", "");
            table.Add("x-dead-letter-routing-key", "q");
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Deaths_HaveOneShape(bool isNewer)
    {
        using var peer = PeerClient.Begin(Broker);
        peer.AttachSender("dying");
        if (isNewer)
        {
            peer.Transfer(0, Message.Value("x"));
            peer.ExpectDisposed(1);
        }
        else
        {
            Older.Publish(1, "", "dying", "x"u8.ToArray());
        }

        peer.AttachReceiver("dying");
        peer.Credit(1);
        peer.ExpectPast("transfer");
        peer.Settle(0, EncodedValue.Of(default(Rejected)));
        peer.AttachReceiver("q", handle: 2);
        peer.Credit(1, handle: 2, nextIncomingId: 1);
        var transfer = peer.ExpectPast("transfer");
        Assert.Equal(DecodeError.None, MessageSections.TryParse(transfer.Payload, out var sections));
        Assert.Equal(DecodeError.None, MessageAnnotationsView.TryParse(sections.MessageAnnotations, out var annotations, out _));
        Assert.True(annotations.Value.TryGetValue("x-opt-deaths"u8, out var value));
        Assert.True(value.TryGetArray(out var deaths));
        Assert.Equal(1, deaths.Count);
        foreach (var death in deaths)
        {
            Assert.True(death.TryGetMap(out var map));
            Assert.True(map.TryGetValue("queue"u8, out var queue) && queue.TryGetString(out var name) && name.SequenceEqual("dying"u8));
            Assert.True(map.TryGetValue("reason"u8, out var reason) && reason.TryGetSymbol(out var word) && word.SequenceEqual("rejected"u8));
            Assert.True(map.TryGetValue("count"u8, out var count) && count.TryGetUInt64(out ulong times) && times == 1);
            Assert.True(map.TryGetValue("first-time"u8, out var first) && first.TryGetTimestamp(out _));
            Assert.False(map.TryGetValue("time"u8, out _));
        }
    }
}
