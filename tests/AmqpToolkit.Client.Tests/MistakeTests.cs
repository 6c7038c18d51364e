using AmqpToolkit.Client.Tests.Scripted;
using AmqpToolkit.Client.V0_9_1;

namespace AmqpToolkit.Client.Tests;

/// <summary>What a bad server does, and the close that it gets for it.</summary>
public sealed class MistakeTests
{
    public static TheoryData<string, byte[], int> Mistakes => new()
    {
        { "wrong end octet", [1, 0, 1, 0, 0, 0, 4, 0, 60, 0, 11, 0xCD], 501 },
        { "unknown frame type", Wire.Frame(7, 1, [1, 2, 3]), 501 },
        { "frame over frame_max", [3, 0, 1, 0x7F, 0xFF, 0xFF, 0xFF], 501 },
        { "method frame of two octets", Wire.Frame(1, 1, [0, 60]), 501 },
        { "heartbeat on a channel", Wire.Frame(8, 1, []), 505 },
        { "content on channel 0", Wire.Header(0, 0), 505 },
        { "method on a channel that is not open", Wire.Method(9, 50, 11, "q", 0u, 0u), 504 },
        { "content header on a channel that is not open", Wire.Header(9, 0), 505 },
        { "channel method on channel 0", Wire.Method(0, 50, 11, "q", 0u, 0u), 504 },
        { "connection method on a channel", Wire.Method(1, 10, 51), 503 },
        { "second open-ok of the connection", Wire.Method(0, 10, 41, ""), 504 },
        { "second open-ok of the channel", Wire.Method(1, 20, 11, Array.Empty<byte>()), 503 },
        { "close-ok of a channel that is not closing", Wire.Method(1, 20, 41), 503 },
        { "close-ok of a connection that is not closing", Wire.Method(0, 10, 51), 503 },
        { "answer that nobody asked for", Wire.Method(1, 50, 21), 503 },
        { "unknown method", Wire.Method(1, 60, 199), 503 },
        { "unknown class", Wire.Method(1, 77, 10), 503 },
        { "method that only servers receive", Wire.Method(1, 50, 10, (ushort)0, "q", (byte)0, Array.Empty<byte>()), 503 },
        { "truncated method", Wire.Method(1, 60, 60, "c", 1UL), 501 },
        { "octets behind a method", Wire.Method(1, 60, 80, 1UL, (byte)0, (byte)0), 501 },
        { "header without a method", Wire.Header(1, 5), 505 },
        { "body without a method", Wire.Body(1, 1), 505 },
        { "method where a header is due", (byte[])[.. Deliver(1), .. Wire.Method(1, 60, 11)], 505 },
        { "body where a header is due", (byte[])[.. Deliver(1), .. Wire.Body(1, 1)], 505 },
        { "header of another class", (byte[])[.. Deliver(1), .. Wire.Frame(2, 1, [0, 50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])], 505 },
        { "header cut short", (byte[])[.. Deliver(1), .. Wire.Frame(2, 1, [0, 60, 0, 0])], 501 },
        { "method within a body", (byte[])[.. Deliver(1), .. Wire.Header(1, 5), .. Wire.Method(1, 60, 11)], 505 },
        { "body longer than announced", (byte[])[.. Deliver(1), .. Wire.Header(1, 2), .. Wire.Body(1, 1, 2, 3)], 501 },
        { "body of 2^63 octets", (byte[])[.. Deliver(1), .. Wire.Header(1, 1UL << 63)], 501 },
        { "delivery tag 0", Deliver(0), 503 },
        { "delivery tag twice", (byte[])[.. Wire.Deliver(1, "c", 1, ""), .. Wire.Deliver(1, "c", 1, "")], 503 },
        { "get-ok that nobody asked for", Wire.Method(1, 60, 71, 1UL, (byte)0, "", "q", 0u), 503 },
    };

    [Theory(Timeout = ScriptedServer.TestTimeout)]
    [MemberData(nameof(Mistakes))]
    public async Task Server_MakesAMistake_GetsConnectionCloseWithItsCode(string mistake, byte[] octets, int replyCode)
    {
        var (server, connection, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            await server.AnswerConsumeAsync(channel);
            await server.SendAsync(octets);
            var received = await server.ReceiveAsync();
            Assert.True(received is { Name: "connection.close" }, $"{mistake}: {received}");
            Assert.Equal(replyCode, received.Short(0));
            await server.ExpectEndAsync();
            server.EndStream();

            var reason = await connection.Closed.WaitAsync(ScriptedServer.Patience);
            Assert.Equal((replyCode, CloseInitiator.Local), (reason.ReplyCode, reason.Initiator));
            await channel.Closed.WaitAsync(ScriptedServer.Patience);
        }
    }

    [Theory(Timeout = ScriptedServer.TestTimeout)]
    [MemberData(nameof(Mistakes))]
    public async Task Server_MakesAMistakeOctetByOctet_GetsTheSame(string mistake, byte[] octets, int replyCode)
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            await server.AnswerConsumeAsync(channel);
            await server.SendOctetwiseAsync(octets);
            var received = await server.ReceiveAsync();
            Assert.True(received is { Name: "connection.close" }, $"{mistake}: {received}");
            Assert.Equal(replyCode, received.Short(0));
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Body_OverTheLimit_ClosesItsChannelWith311AndHoldsNothing()
    {
        var (server, connection, channel) = await ScriptedServer.OpenChannelAsync(ScriptedServer.Patient with { MaxBodyOctets = 1000 });
        using (server)
        {
            var other = await server.AnswerChannelOpenAsync(connection, 2);
            var consumer = await server.AnswerConsumeAsync(channel);
            await server.SendAsync(Deliver(1), Wire.Header(1, 1001), Wire.Body(1, new byte[1001]));
            Assert.Equal(311, (await server.ExpectAsync("channel.close", 1)).Short(0));
            await server.SendAsync(Wire.Method(1, 20, 41));

            var enumerator = consumer.GetAsyncEnumerator();
            var exception = await Assert.ThrowsAsync<ChannelClosedException>(() => enumerator.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience));
            Assert.Equal(311, exception.ReplyCode);
            Assert.Equal(ChannelState.Open, other.State);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Delivery_ForAnUnknownConsumer_GoesBackAndIsNotDroppedQuietly()
    {
        var (server, _, _) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            await server.SendAsync(Wire.Deliver(1, "nobody", 1, "m"));
            var nack = await server.ExpectAsync("basic.nack", 1);

            Assert.Equal((1UL, (byte)2), (nack.Tag, nack.Bits));
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task RoutingKey_NotInUtf8_IsDeliveredAllTheSame()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var consumer = await server.AnswerConsumeAsync(channel);
            byte[] deliver = Wire.Deliver(1, "c", 1, "m", routingKey: "kk");
            deliver.AsSpan().Replace((byte)'k', (byte)0xC3);
            await server.SendAsync(deliver);
            var enumerator = consumer.GetAsyncEnumerator();

            Assert.True(await enumerator.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience));
            Assert.Equal([0xC3, 0xC3], enumerator.Current.RoutingKeyUtf8.ToArray());
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Properties_Malformed_AreTheReadersProblemAndNotTheConnections()
    {
        var (server, _, channel) = await ScriptedServer.OpenChannelAsync();
        using (server)
        {
            var consumer = await server.AnswerConsumeAsync(channel);
            await server.SendAsync(Deliver(1), Wire.Header(1, 0, 0x80, 0x00, 9));
            var enumerator = consumer.GetAsyncEnumerator();

            Assert.True(await enumerator.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience));
            Assert.Throws<FormatException>(() => enumerator.Current.Properties.Flags);
            Assert.True(enumerator.Current.Reject(requeue: false));
            await server.ExpectAsync("basic.reject");
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Server_AnyOctets_EndWithADefinedReason()
    {
        const int Seed = 20261121;
        var random = new Random(Seed);
        for (int round = 0; round < 2000; round++)
        {
            var (server, connection, channel) = await ScriptedServer.OpenChannelAsync();
            using (server)
            {
                await server.AnswerConsumeAsync(channel, noAck: true);
                var pending = channel.QueueDeclareAsync("q").AsTask();
                byte[] good =
                [
                    .. Wire.Deliver(1, "c", 1, "message"), .. Wire.Method(1, 50, 11, "q", 1u, 1u), .. Wire.Deliver(1, "c", 2, ""), .. Wire.Ack(1, 1),
                    .. Wire.Method(1, 60, 30, "c", (byte)1), .. Wire.ChannelClose(1, 404, "NOT_FOUND"),
                ];
                for (int mutations = random.Next(1, 4); mutations > 0; mutations--)
                {
                    good[random.Next(good.Length)] = (byte)random.Next(256);
                }

                await server.SendAsync(good);
                server.EndStream();
                var reason = await connection.Closed.WaitAsync(ScriptedServer.Patience);
                Assert.True(reason.ReplyCode is 0 or (>= 200 and < 600) || reason.Initiator == CloseInitiator.Peer, $"seed {Seed}, round {round}: {reason}");
                Assert.True(reason.Exception is null or IOException, $"seed {Seed}, round {round}: {reason.Exception}");
                await Task.WhenAny(pending).WaitAsync(ScriptedServer.Patience);
            }
        }
    }

    /// <summary>basic.deliver without its content.</summary>
    private static byte[] Deliver(ulong tag) => Wire.Method(1, 60, 60, "c", tag, (byte)0, "", "q");
}
