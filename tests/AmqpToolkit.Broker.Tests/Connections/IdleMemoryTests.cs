using System.Net.Sockets;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using Xunit.Abstractions;

namespace AmqpToolkit.Broker.Tests.Connections;

/// <summary>What a client costs that is there and does nothing. Alone in its collection: it reads the whole process's heap.</summary>
[Collection(nameof(IdleMemoryTests))]
[CollectionDefinition(nameof(IdleMemoryTests), DisableParallelization = true)]
public sealed class IdleMemoryTests(ITestOutputHelper output)
{
    private const int Connections = 1000;
    private const int MostOctets = 20_000;

    /// <summary>What each client has done before it is idle.</summary>
    public enum Past
    {
        /// <summary>It opened a channel.</summary>
        Channel,

        /// <summary>It published on it.</summary>
        Publisher,

        /// <summary>It took deliveries on it and acknowledged them.</summary>
        Consumer,
    }

    [Theory]
    [InlineData(Past.Channel)]
    [InlineData(Past.Publisher)]
    [InlineData(Past.Consumer)]
    public async Task IdleConnection_WithOneChannel_TakesLittleOfTheHeap(Past past)
    {
        await using var broker = await TestBroker.StartAsync();
        byte[] buffer = new byte[64 * 1024];
        var clients = new List<Socket>();

        // What others have left on the heap may go, and pools may grow, while this looks: what a connection takes shows in every round.
        long each = 0;
        for (int round = 0; round < 5 && (each is < 1000 or > MostOctets); round++)
        {
            OpenClients(50);
            long before = Heap();
            OpenClients(Connections);

            // The client's own socket is on the same heap, and counts as well.
            each = (Heap() - before) / Connections;
            output.WriteLine($"{past}: {each} octets a connection");
            Assert.Equal(Connections + 50, broker.ConnectionCount);
            clients.ForEach(client => client.Dispose());
            clients.Clear();
            Assert.True(SpinWait.SpinUntil(() => broker.ConnectionCount == 0, TimeSpan.FromSeconds(60)));
        }

        Assert.InRange(each, 1000, MostOctets);

        void OpenClients(int count)
        {
            for (int number = 0; number < count; number++)
            {
                var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 60_000 };
                clients.Add(client);
                client.Connect(broker.Endpoints[0]);
                client.Send(ProtocolHeader.V0_9_1);
                Await(client, ConnectionStartView.MethodKey);
                Send(client, 0, new ConnectionStartOk { Mechanism = "PLAIN", Response = "\0guest\0guest", Locale = "en_US" });
                Await(client, ConnectionTuneView.MethodKey);
                Send(client, 0, new ConnectionTuneOk { ChannelMax = 2047, FrameMax = 131072, Heartbeat = 600 });
                Send(client, 0, new ConnectionOpen { VirtualHost = "/" });
                Await(client, ConnectionOpenOkView.MethodKey);
                Send(client, 1, default(ChannelOpen));
                Await(client, ChannelOpenOkView.MethodKey);
                if (past == Past.Publisher)
                {
                    client.Send(RawClient.RenderPublish(1, "amq.direct", "nowhere", new byte[100]));
                    client.Send(RawClient.RenderPublish(1, "amq.direct", "nowhere", new byte[100]));
                    Send(client, 1, default(ConfirmSelect));
                    Await(client, ConfirmSelectOkView.MethodKey);
                }
                else if (past == Past.Consumer)
                {
                    Send(client, 1, new QueueDeclare { Exclusive = true });
                    Await(client, QueueDeclareOkView.MethodKey);
                    Send(client, 1, new BasicConsume { ConsumerTag = "c" });
                    Await(client, BasicConsumeOkView.MethodKey);
                    Send(client, 1, new QueueBind { Exchange = "amq.fanout" });
                    Await(client, QueueBindOkView.MethodKey);
                    if (number == count - 1)
                    {
                        PublishToAll(client);
                    }
                }
            }
        }

        void PublishToAll(Socket publisher)
        {
            publisher.Send(RawClient.RenderPublish(1, "amq.fanout", "", new byte[100]));
            foreach (var client in clients)
            {
                Await(client, BasicDeliverView.MethodKey);
                Send(client, 1, new BasicAck { DeliveryTag = 0, Multiple = true });
                Send(client, 1, new BasicQos { PrefetchCount = 1 });
                Await(client, BasicQosOkView.MethodKey);
            }
        }

        // Frames come one at a time, since each is waited for: a receive holds the one that is awaited.
        void Await(Socket client, uint methodKey)
        {
            for (int end = 0; buffer.AsSpan(0, end).IndexOf(Key(methodKey)) < 0;)
            {
                int received = client.Receive(buffer.AsSpan(end));
                Assert.True(received > 0, "The broker ended the stream.");
                end += received;
            }
        }

        static byte[] Key(uint methodKey) => [(byte)(methodKey >> 24), (byte)(methodKey >> 16), (byte)(methodKey >> 8), (byte)methodKey];

        void Send<TMethod>(Socket client, ushort channel, in TMethod method)
            where TMethod : struct, IMethod => client.Send(buffer.AsSpan(0, FrameWriter.WriteMethod(buffer, channel, in method)));
    }

    private static long Heap()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
