using System.Net;
using System.Net.Sockets;
using AmqpToolkit.Broker.Tests.Fuzz;
using AmqpToolkit.Codec.V1_0;
using Xunit.Abstractions;

namespace AmqpToolkit.Broker.Tests.V1_0;

/// <summary>Conversations with octets changed, left out and repeated: whatever comes, the broker has no defect, and lets go of all that the peer held.</summary>
public sealed class HostilePeerTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Conversation_WithOctetsThatAreNotMeant_HarmsNobody()
    {
        int inputs = Environment.GetEnvironmentVariable("AMQP_FUZZ_INPUTS") is { Length: > 0 } asked ? int.Parse(asked) : 300;
        int seed = Environment.GetEnvironmentVariable("AMQP_FUZZ_SEED") is { Length: > 0 } chosen ? int.Parse(chosen) : 20261122;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var log = new DefectLog();
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)], LoggerFactory = log });
        using var older = RawClient.Open(broker);
        older.OpenChannel(1);
        older.DeclareQueue(1, "q");
        for (int input = 0; input < inputs; input++)
        {
            byte[] octets = Mutate(random, [.. Conversation().SelectMany(frame => frame)]);
            try
            {
                Converse(broker, octets);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"seed {seed}, input {input}: {Convert.ToHexString(octets)}", exception);
            }

            Assert.True(log.Defects.IsEmpty, $"seed {seed}, input {input}: {string.Join("\n", log.Defects)}");
        }

        // Others live on, and what the peers had not settled is there again.
        using var peer = PeerClient.Begin(broker);
        peer.AttachSender("q");
        peer.Transfer(0, Message.Value("x"));
        Assert.Equal(AnyDeliveryState.Member.Accepted, peer.ExpectPast("disposition").Disposition.State.Kind);
        Assert.True(SpinWait.SpinUntil(() => broker.ConnectionCount == 2, Patience), "a connection is left");
        Assert.True(log.Defects.IsEmpty, $"seed {seed}: {string.Join("\n", log.Defects)}");
    }

    private static IEnumerable<byte[]> Conversation()
    {
        yield return PeerClient.Header;
        yield return PeerClient.Frame(new Open { ContainerId = "peer", MaxFrameSize = 600 });
        yield return PeerClient.Frame(new Begin { NextOutgoingId = 0, IncomingWindow = 3, OutgoingWindow = 100, HandleMax = 10 });
        yield return PeerClient.Frame(new Attach
        {
            Name = "in", Handle = 0, Role = Role.Sender, InitialDeliveryCount = 0, Source = new Source { Address = EncodedValue.String("x") }, Target = new Target { Address = EncodedValue.String("q") },
        });
        yield return PeerClient.Frame(new Attach { Name = "out", Handle = 1, Role = Role.Receiver, Source = new Source { Address = EncodedValue.String("/queues/q") }, RcvSettleMode = ReceiverSettleMode.Second });
        yield return PeerClient.Frame(new Attach { Name = "relay", Handle = 2, Role = Role.Sender, InitialDeliveryCount = 0, Target = default(Target) });
        yield return PeerClient.Frame(new Attach { Name = "temporary", Handle = 3, Role = Role.Receiver, Source = new Source { Dynamic = true } });
        byte[] message = [
            .. Message.Header(new Header { Durable = true, Priority = 1, Ttl = 60_000 }), .. Message.DeliveryAnnotations("x-a", "b"), .. Message.MessageAnnotations("x-cc", "c"),
            .. Message.Properties(new Properties { To = EncodedValue.String("q"), UserId = "guest"u8.ToArray() }), .. Message.ApplicationProperties("k", "v"), .. Message.Data(new byte[1000])];
        for (uint id = 0; id < 4; id++)
        {
            yield return PeerClient.Frame(new Transfer { Handle = id % 2 * 2, DeliveryId = id, DeliveryTag = BitConverter.GetBytes(id), More = id == 3 }, message);
        }

        yield return PeerClient.Frame(new Transfer { Handle = 2, Aborted = true });
        yield return PeerClient.Frame(new Flow { NextIncomingId = 0, IncomingWindow = 3, NextOutgoingId = 5, OutgoingWindow = 10, Handle = 1, DeliveryCount = 0, LinkCredit = 5, Drain = true });
        yield return PeerClient.Frame(new Disposition { Role = Role.Receiver, First = 0, Last = 1, State = new Modified { DeliveryFailed = true } });
        yield return PeerClient.Frame(new Flow { NextIncomingId = 3, IncomingWindow = 30, NextOutgoingId = 5, OutgoingWindow = 10, Handle = 1, DeliveryCount = 2, LinkCredit = 5, Echo = true });
        yield return PeerClient.Frame(new Disposition { Role = Role.Receiver, First = 0, Last = 10, Settled = true, State = default(Accepted) });
        yield return PeerClient.Frame(new Detach { Handle = 1 });
        yield return PeerClient.Frame(new Detach { Handle = 0, Closed = true });
        yield return PeerClient.Frame(default(End));
        yield return PeerClient.Frame(default(Close));
    }

    private static byte[] Mutate(Random random, byte[] octets)
    {
        var mutated = new List<byte>(octets);
        for (int count = random.Next(1, 4); count > 0; count--)
        {
            int at = random.Next(8, mutated.Count);
            switch (random.Next(4))
            {
                case 0:
                    mutated[at] = (byte)random.Next(256);
                    break;
                case 1:
                    mutated[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    mutated.RemoveRange(at, Math.Min(random.Next(1, 20), mutated.Count - at));
                    break;
                default:
                    mutated.InsertRange(at, mutated.GetRange(Math.Max(8, at - 20), Math.Min(20, at - 8)));
                    break;
            }
        }

        return [.. mutated];
    }

    /// <summary>Says it all, ends its side, and listens until the broker ends its own.</summary>
    private static void Converse(AmqpBroker broker, byte[] octets)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 60_000, SendTimeout = 60_000 };
        socket.Connect(broker.Endpoints[0]);
        byte[] heard = new byte[64 * 1024];
        try
        {
            socket.Send(octets);
            socket.Shutdown(SocketShutdown.Send);
            while (socket.Receive(heard) > 0)
            {
            }
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            // It had enough.
        }
    }
}
