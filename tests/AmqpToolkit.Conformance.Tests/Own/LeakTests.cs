using AmqpToolkit.Conformance.Tests.Mistakes;
using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Own;

/// <summary>After every mistake and every way to leave, nothing of the client is left in the broker.</summary>
public sealed class LeakTests
{
    /// <summary>The arena counts the free slots that threads keep at hand as used; what these tests would leak is more.</summary>
    private const long AtHandOctets = 4 << 20;

    [OwnBrokerFact]
    public async Task Mistakes_AllOfThem_LeaveNoConnectionAndNoMessage()
    {
        await using var broker = await PrivateBroker.StartAsync();

        foreach (var mistake in MistakeTests.All.Where(one => one.Profiles.HasFlag(Profile.V4_2)))
        {
            using var scene = new Scene(broker.UnderTest, mistake.FrameMax, mistake.User);
            mistake.Commit(scene);
            if (mistake.Expected is not Answered)
            {
                scene.Peer.Receive();
            }
        }

        foreach (var mistake in HandshakeMistakes.All.Where(one => one.Profiles.HasFlag(Profile.V4_2)))
        {
            mistake.Commit(broker.UnderTest).Dispose();
        }

        broker.ExpectNobodyLeft();
        Assert.InRange(broker.Broker.Arena.InUseOctets, 0, AtHandOctets);
        Assert.Empty(broker.Defects);
    }

    [OwnBrokerFact]
    public async Task Clients_InGreatNumber_LeaveNoMessage()
    {
        await using var broker = await PrivateBroker.StartAsync();

        for (var i = 0; i < 200; i++)
        {
            using var peer = ScriptedPeer.OpenWithChannels(broker.UnderTest, 1, 2);
            var queue = peer.DeclareQueue(1);
            peer.Call(2, "tx.select");
            peer.InOneWrite(() =>
            {
                for (var message = 0; message < 20; message++)
                {
                    peer.Publish(1, "", queue, new byte[4000]); // ready, and some of them taken
                    peer.Publish(2, "", queue, new byte[4000]); // never committed
                }
            });
            Assert.NotNull(peer.Get(1, queue));
            Assert.NotNull(peer.Get(1, queue));
            peer.Consume(1, queue);
        }

        // 200 clients with 40 messages of 4,000 octets: 32 MB if they stayed.
        broker.ExpectNobodyLeft();
        Assert.InRange(broker.Broker.Arena.InUseOctets, 0, 2 * AtHandOctets);
        Assert.Empty(broker.Defects);
    }

    [OwnBrokerFact]
    public async Task Clients_ThatLeaveInTheMiddle_LeaveNoConnectionAndNoMessage()
    {
        await using var broker = await PrivateBroker.StartAsync();
        Action<ScriptedPeer, string>[] middles =
        [
            (peer, queue) => peer.Publish(1, "", queue, new byte[300000]),
            (peer, queue) => peer.Send(1, "basic.publish", 0, "", queue, false, false),
            (peer, queue) =>
            {
                peer.Send(1, "basic.publish", 0, "", queue, false, false);
                peer.SendHeader(1, 10 << 20);
                peer.SendBody(1, new byte[100000]);
            },
            (peer, queue) =>
            {
                peer.Deposit(queue, "a", "b", "c");
                peer.Consume(1, queue, "tag");
                peer.ExpectDelivery(1, "tag");
            },
            (peer, queue) =>
            {
                peer.Call(1, "tx.select");
                peer.Publish(1, "", queue, new byte[100000]);
            },
            (peer, queue) =>
            {
                peer.Deposit(queue, "a");
                peer.Call(1, "tx.select");
                peer.Ack(1, peer.Get(1, queue)!.DeliveryTag);
            },
            (peer, queue) =>
            {
                peer.Consume(1, queue, "tag");
                peer.Publish(1, "", queue, new byte[8 << 20]); // delivered to somebody who reads nothing
            },
            (peer, _) => peer.SendRaw([1, 0, 1, 0, 0, 0, 100, 0]),
        ];

        foreach (var middle in middles)
        {
            foreach (var shutdown in new[] { true, false })
            {
                using var peer = ScriptedPeer.OpenWithChannels(broker.UnderTest, 1);
                middle(peer, peer.DeclareQueue(1));
                if (shutdown)
                {
                    peer.Shutdown();
                    while (peer.Receive() is not SocketClosed)
                    {
                    }
                }
            }
        }

        broker.ExpectNobodyLeft();
        Assert.InRange(broker.Broker.Arena.InUseOctets, 0, AtHandOctets);
        Assert.Empty(broker.Defects);
    }
}
