using AmqpToolkit.Broker.Tests.Queues;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Fuzz;

/// <summary>What holds when those are gone who were up to no good.</summary>
internal static class FuzzAftermath
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>What is exclusive is gone by itself; what is not is removed, so that the batches do not add up.</summary>
    public static void ClearTopology(VirtualHost host, string where)
    {
        var turn = new Turn();
        foreach (var queue in host.Queues.ToArray())
        {
            Assert.False(queue.Definition.Exclusive, $"{where}: exclusive queue '{queue.NameText}' is left");
            Assert.Equal(0u, queue.ConsumerCount);
            Assert.Null(host.DeleteQueue(queue.Name, ifUnused: false, ifEmpty: false, new object(), out _, out var deleted));
            deleted!.FinishClose(turn);
        }

        foreach (var exchange in host.Exchanges.ToArray())
        {
            if (exchange.Name.Length > 0 && !exchange.NameText.StartsWith("amq.", StringComparison.Ordinal))
            {
                host.DeleteExchange(exchange.Name, ifUnused: false);
            }
        }

        Assert.Equal(0, host.QueueCount);
    }

    public static void ExpectService(AmqpBroker broker)
    {
        using var client = RawClient.Open(broker);
        client.OpenChannel(1);
        client.Send(1, new QueueDeclare { Queue = "q", Durable = true });
        client.Expect(QueueDeclareOkView.MethodKey);
        client.Publish(1, "", "q", [1, 2, 3]);
        client.Send(1, new BasicConsume { Queue = "q", ConsumerTag = "c" });
        client.Expect(BasicConsumeOkView.MethodKey);
        client.Expect(BasicDeliverView.MethodKey);
        Assert.Equal([1, 2, 3], client.ExpectContent());
        client.Send(1, new BasicAck { DeliveryTag = 1 });
        client.Send(1, new BasicCancel { ConsumerTag = "c" });
        client.Expect(BasicCancelOkView.MethodKey);
        client.Send(1, new QueueDelete { Queue = "q" });
        client.Expect(QueueDeleteOkView.MethodKey);
        client.Send(0, default(ConnectionClose));
        client.Expect(ConnectionCloseOkView.MethodKey);
    }

    public static void ExpectNoMemory(AmqpBroker broker, string where)
    {
        bool isEmpty = SpinWait.SpinUntil(
            () =>
            {
                // Slots of threads that have ended come back by their finalizers.
                ForgetFreeSlotsOfAllThreads();
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return broker.Arena.InUseOctets == 0;
            },
            Patience);
        Assert.True(isEmpty, $"{where}: {broker.Arena.InUseOctets} octets of messages are left");
    }

    /// <summary>Threads of the pool keep free slots at hand, which count as used: each is met once, and gives them back.</summary>
    private static void ForgetFreeSlotsOfAllThreads()
    {
        NumberPublisher.ForgetFreeSlots();
        int threads = ThreadPool.ThreadCount;
        ThreadPool.GetMinThreads(out int workers, out int ports);
        ThreadPool.SetMinThreads(Math.Max(workers, threads + 1), ports);
        int met = 0;
        using var all = new CountdownEvent(threads);
        for (int thread = 0; thread < threads; thread++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                _ =>
                {
                    NumberPublisher.ForgetFreeSlots();
                    Interlocked.Increment(ref met);
                    all.Signal();

                    // Holds the thread, so that each item gets one of its own.
                    SpinWait.SpinUntil(() => Volatile.Read(ref met) >= threads, TimeSpan.FromSeconds(5));
                },
                null);
        }

        all.Wait(Patience);
    }

    public static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), out int value) ? value : otherwise;
}
