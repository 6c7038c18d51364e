using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Tests.Queues;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Tests.Streams;

/// <summary>Streams towards 0-9-1 clients, of a broker in memory.</summary>
public sealed class StreamQueueTests
{
    [Theory]
    [InlineData("first", 0)]
    [InlineData("last", 9)]
    [InlineData("next", 10)]
    [InlineData(4, 4)]
    [InlineData(0, 0)]
    [InlineData(12, 12)]
    [InlineData(null, 10)]
    public async Task Consume_FromAnOffset_BeginsThere(object? offset, int expected)
    {
        await using var broker = await TestBroker.StartAsync();
        using var client = new StreamClient(broker);
        client.Declare("s");
        client.Publish("s", Numbers(0, 10));
        client.Consume("s", 100, "c", offset is null ? [] : [("x-stream-offset", offset)]);
        client.PassOverConfirms();
        client.Send("", "s", default, Numbers(10, 10));

        Assert.Equal(Enumerable.Range(expected, 20 - expected).Select(number => ((long)number, $"{number}")), client.Read(20 - expected));
    }

    [Fact]
    public async Task Consume_FromATimeOrSinceAnAge_BeginsThere()
    {
        var time = new ManualTimeProvider();
        time.Advance(TimeSpan.FromDays(20_000));
        await using var broker = await TestBroker.StartAsync(time);
        using var client = new StreamClient(broker);
        client.Declare("s");
        for (int number = 0; number < 10; number++)
        {
            time.Advance(TimeSpan.FromHours(1));
            client.Publish("s", $"{number}");
        }

        // The last came now; 6 came three hours before it.
        client.Consume("s", 100, "age", ("x-stream-offset", "3h"));
        Assert.Equal([(6, "6"), (7, "7"), (8, "8"), (9, "9")], client.Read(4));
        client.Cancel("age");
        var twoHoursAgo = new AmqpTimestamp((ulong)time.GetUtcNow().AddHours(-2).ToUnixTimeSeconds());
        client.Consume("s", 100, "time", ("x-stream-offset", twoHoursAgo));
        Assert.Equal([(7, "7"), (8, "8"), (9, "9")], client.Read(3));
        client.Cancel("time");
        client.Consume("s", 100, "long ago", ("x-stream-offset", "7D"));
        Assert.Equal((0, "0"), client.Read(10)[0]);
        client.Cancel("long ago");
        client.Consume("s", 100, "later", ("x-stream-offset", new AmqpTimestamp((ulong)time.GetUtcNow().AddHours(1).ToUnixTimeSeconds())));
        client.PassOverConfirms();
        client.Send("", "s", default, "10");
        Assert.Equal([(10, "10")], client.Read(1));
    }

    [Fact]
    public async Task Consume_Prefetch_IsAllThatComesUntilSettled()
    {
        await using var broker = await TestBroker.StartAsync();
        using var client = new StreamClient(broker);
        client.Declare("s");
        client.Publish("s", Numbers(0, 20));
        client.Consume("s", 3, "c", ("x-stream-offset", "first"));
        StreamDelivery[] first = [client.Next(), client.Next(), client.Next()];
        client.Ping();

        client.Ack(first[0].Tag);
        Assert.Equal(3, client.Next().Offset);
        client.Nack(first[1].Tag, requeue: true);
        Assert.Equal(4, client.Next().Offset);
        client.Nack(first[2].Tag, requeue: false);
        Assert.Equal(5, client.Next().Offset);
        client.Ping();
        client.Ack(0, multiple: true);
        Assert.Equal([6L, 7, 8], new[] { client.Next(), client.Next(), client.Next() }.Select(delivery => delivery.Offset));

        // Nothing was taken away.
        Assert.Equal(20u, client.Declare("s"));
    }

    [Fact]
    public async Task Consume_ManyReaders_EachGetsEverything()
    {
        await using var broker = await TestBroker.StartAsync();
        using var publisher = new StreamClient(broker);
        publisher.Declare("s", ("x-stream-max-segment-size-bytes", 20_000));
        string[] bodies = Numbers(0, 3000);
        publisher.Publish("s", bodies[..1000]);
        var readers = Enumerable.Range(0, 8).Select(number => Task.Factory.StartNew(
            () =>
            {
                using var reader = new StreamClient(broker);
                reader.Consume("s", (ushort)(5 + (number * 20)), "c", ("x-stream-offset", "first"));
                return reader.Read(3000);
            },
            TaskCreationOptions.LongRunning)).ToArray();
        foreach (string[] some in bodies[1000..].Chunk(50))
        {
            publisher.Publish("s", some);
        }

        foreach (var read in await Task.WhenAll(readers).WaitAsync(TimeSpan.FromSeconds(60)))
        {
            Assert.Equal(bodies.Select((body, offset) => ((long)offset, body)), read);
        }
    }

    [Fact]
    public async Task Consume_BodiesOfAllSizes_ComeAsTheyWere()
    {
        await using var broker = await TestBroker.StartAsync(outputBoundOctets: 64 * 1024);
        using var client = new StreamClient(broker);
        client.Declare("s");
        string[] bodies = [.. new[] { 0, 1, 1000, 60_000, 70_000, 200_000, 3_000_000, 5 }.Select(octets => new string('x', octets))];
        foreach (string body in bodies)
        {
            client.Publish("s", body);
        }

        client.Consume("s", 100, "c", ("x-stream-offset", "first"));
        Assert.Equal(bodies.Select((body, offset) => ((long)offset, body)), client.Read(bodies.Length));
    }

    [Fact]
    public async Task Cancel_ThenNothingFollows_AndAnotherBeginsAnew()
    {
        await using var broker = await TestBroker.StartAsync();
        using var client = new StreamClient(broker);
        client.Declare("s");
        client.Publish("s", Numbers(0, 500));
        client.Consume("s", 1000, "c", ("x-stream-offset", "first"));
        client.Next();
        client.Cancel("c");
        client.Publish("s", "more");
        client.Ping();
        client.Consume("s", 10, "c", ("x-stream-offset", "last"));

        Assert.Equal((500, "more"), client.Read(1)[0]);
    }

    [Fact]
    public async Task Publish_ToAStreamAndAQueue_BothHaveIt()
    {
        await using var broker = await TestBroker.StartAsync();
        using var client = new StreamClient(broker);
        client.Declare("s");
        client.Raw.DeclareQueue(1, "q");
        foreach (string queue in (string[])["s", "q"])
        {
            client.Raw.Send(1, new QueueBind { Queue = queue, Exchange = "amq.topic", RoutingKey = "a.#" });
            client.Raw.Expect(QueueBindOkView.MethodKey);
        }

        client.Send("amq.topic", "a.b", new BasicProperties { ContentType = "text/plain" }, "both");
        client.WaitForConfirms();
        client.Raw.Send(1, new BasicGet { Queue = "q", NoAck = true });
        client.Raw.Expect(BasicGetOkView.MethodKey);
        Assert.Equal("both"u8.ToArray(), client.Raw.ExpectContent());
        client.Consume("s", 10, "c", ("x-stream-offset", "first"));
        var delivery = client.Next();

        Assert.Equal(("amq.topic", "a.b", "both"), (delivery.Exchange, delivery.RoutingKey, delivery.Body));
    }

    [Fact]
    public async Task DeadLetters_MayGoToAStream()
    {
        await using var broker = await TestBroker.StartAsync();
        using var client = new StreamClient(broker);
        client.Declare("s");
        var arguments = Table.Create(table =>
        {
            table.Add("x-dead-letter-exchange", "");
            table.Add("x-dead-letter-routing-key", "s");
            table.Add("x-message-ttl", 0);
        });
        client.Raw.Send(1, new QueueDeclare { Queue = "q", Arguments = arguments });
        client.Raw.Expect(QueueDeclareOkView.MethodKey);
        client.Consume("s", 10, "c");
        client.PassOverConfirms();
        client.Send("", "q", default, "dead");

        Assert.Equal([(0, "dead")], client.Read(1));
    }

    [Fact]
    public async Task Transaction_PublishesToAStream_AtItsCommit()
    {
        await using var broker = await TestBroker.StartAsync();
        using var client = new StreamClient(broker);
        client.Declare("s");
        client.Raw.OpenChannel(3);
        client.Raw.Send(3, default(TxSelect));
        client.Raw.Expect(TxSelectOkView.MethodKey);
        client.Raw.Publish(3, "", "s", "one"u8.ToArray());
        client.Raw.Publish(3, "", "s", "two"u8.ToArray());
        Assert.Equal(0u, client.Declare("s"));
        client.Raw.Send(3, default(TxCommit));
        client.Raw.Expect(TxCommitOkView.MethodKey);

        Assert.Equal(2u, client.Declare("s"));
    }

    [Fact]
    public async Task Filter_PassesOverWhatIsNotWanted()
    {
        await using var broker = await TestBroker.StartAsync();
        using var client = new StreamClient(broker);
        client.Declare("s", ("x-stream-filter-size-bytes", 32));
        for (int number = 0; number < 30; number++)
        {
            string region = number % 3 == 0 ? "north" : "south";
            client.Send("", "s", number % 5 == 0 ? default : new BasicProperties { Headers = Table.Create(table => table.Add("x-stream-filter-value", region)) }, $"{number}");
        }

        client.WaitForConfirms();
        var all = Enumerable.Range(0, 30);
        client.Consume("s", 100, "filtered", ("x-stream-offset", "first"), ("x-stream-filter", "north"));
        Assert.Equal(all.Where(number => number % 3 == 0 && number % 5 != 0), client.Read(8).Select(one => (int)one.Offset));
        client.Cancel("filtered");
        client.Consume("s", 100, "both", ("x-stream-offset", "first"), ("x-stream-filter", "north"), ("x-stream-match-unfiltered", true));
        Assert.Equal(all.Where(number => number % 3 == 0 || number % 5 == 0), client.Read(14).Select(one => (int)one.Offset));
    }

    [Fact]
    public async Task Filter_ThatMatchesHardlyAnything_LetsOthersHaveTheirTurn()
    {
        await using var broker = await TestBroker.StartAsync();
        using var client = new StreamClient(broker);
        using var other = new StreamClient(broker);
        client.Declare("s");
        foreach (string[] some in Numbers(0, 3000).Chunk(100))
        {
            client.Publish("s", some.Select(one => one.PadRight(2000)));
        }

        client.Send("", "s", new BasicProperties { Headers = Table.Create(table => table.Add("x-stream-filter-value", "rare")) }, "found");
        client.WaitForConfirms();
        client.Consume("s", 10, "never", ("x-stream-offset", "first"), ("x-stream-filter", "never"));
        client.Consume("s", 10, "rare", ("x-stream-offset", "first"), ("x-stream-filter", "rare"));
        other.Consume("s", 10, "c", ("x-stream-offset", "last"));

        Assert.Equal([(3000, "found")], other.Read(1));
        Assert.Equal([(3000, "found")], client.Read(1));
        client.Cancel("never");
    }

    [Fact]
    public async Task Readers_ThatAreGone_AreCountedNoMore()
    {
        await using var broker = await TestBroker.StartAsync();
        using var client = new StreamClient(broker);
        client.Declare("s");
        client.Publish("s", Numbers(0, 20));
        client.Consume("s", 2, "stays", ("x-stream-offset", 15));
        client.Read(5);
        client.Consume("s", 2, "goes", ("x-stream-offset", "first"));
        StreamDelivery[] unsettled = [client.Next(), client.Next()];
        client.Cancel("goes");
        foreach (var delivery in unsettled)
        {
            client.Ack(delivery.Tag);
        }

        client.Ping();
        var log = ((StreamQueue)broker.FindVirtualHost("/")!.FindQueue("s"u8)!).Log;
        await Eventually.HoldsAsync(() => log.CursorCount == 1);
        client.Publish("t", "nowhere");
        client.PassOverConfirms();
        client.Send("", "s", default, "more");
        Assert.Equal([(20, "more")], client.Read(1));
        Assert.Equal(1, log.CursorCount);
    }

    [Fact]
    public async Task Consumer_ThatSettlesNothing_TakesAll()
    {
        await using var broker = await TestBroker.StartAsync();
        using var client = new StreamClient(broker);
        client.Declare("s");
        var queue = broker.FindVirtualHost("/")!.FindQueue("s"u8)!;
        var consumer = new ScriptedConsumer(queue, noAck: true);
        var turn = new Turn();
        Assert.True(queue.TryAddConsumer(consumer, turn, _ => { }));
        for (int number = 0; number < 100; number++)
        {
            client.Raw.Publish(1, "", "s", BitConverter.GetBytes(number));
        }

        await Eventually.HoldsAsync(() => consumer.Taken.Count == 100);
        Assert.False(queue.RemoveConsumer(consumer, turn));
        Assert.Equal(Enumerable.Range(0, 100), consumer.Taken);
    }

    [Fact]
    public async Task Retention_BySize_DropsTheOldest()
    {
        await using var broker = await TestBroker.StartAsync();
        using var client = new StreamClient(broker);
        (string, object)[] limits = [("x-max-length-bytes", 80_000), ("x-stream-max-segment-size-bytes", 20_000)];
        client.Declare("s", limits);
        for (int number = 0; number < 100; number++)
        {
            client.Publish("s", $"{number}".PadRight(4000));
        }

        await Eventually.HoldsAsync(() => client.Declare("s", limits) <= 20);
        client.Consume("s", 100, "c", ("x-stream-offset", "first"));

        Assert.InRange(client.Next().Offset, 80, 95);
    }

    [Fact]
    public async Task Retention_ByAgeOfAPolicy_DropsTheOldest()
    {
        var time = new ManualTimeProvider();
        time.Advance(TimeSpan.FromDays(20_000));
        await using var broker = await TestBroker.StartAsync(time);
        using var client = new StreamClient(broker);
        client.Declare("s", ("x-stream-max-segment-size-bytes", 20_000));
        for (int number = 0; number < 50; number++)
        {
            time.Advance(TimeSpan.FromHours(1));
            client.Publish("s", $"{number}".PadRight(6000));
        }

        broker.VirtualHosts.Find("/")!.Policies.Set(new Policy { Name = "short", Pattern = ".*", ApplyTo = PolicyTarget.Streams, Definition = new Dictionary<string, object?> { ["max-age"] = "10h" } });
        await Eventually.HoldsAsync(() => client.Declare("s", ("x-stream-max-segment-size-bytes", 20_000)) < 16);
        client.Consume("s", 100, "c", ("x-stream-offset", "first"));

        Assert.InRange(client.Next().Offset, 34, 39);
    }

    [Fact]
    public async Task Delete_TellsReaders_AndTheNextOfItsNameIsEmpty()
    {
        await using var broker = await TestBroker.StartAsync();
        using var client = new StreamClient(broker);
        using var other = new StreamClient(broker);
        client.Declare("s");
        client.Publish("s", Numbers(0, 10));
        client.Consume("s", 2, "c", ("x-stream-offset", "first"));
        client.Next();
        client.Next();
        other.Raw.Send(1, new QueueDelete { Queue = "s", IfEmpty = true, IfUnused = true });
        Assert.Equal(DecodeError.None, QueueDeleteOkView.TryParse(other.Raw.Expect(QueueDeleteOkView.MethodKey), out var deleted));

        Assert.Equal(0u, deleted.MessageCount);
        client.Raw.Expect(BasicCancelView.MethodKey);
        Assert.Equal(0u, client.Declare("s"));
        client.Publish("s", "new");
        client.Consume("s", 2, "d", ("x-stream-offset", "first"));
        Assert.Equal([(0, "new")], client.Read(1));
    }

    private static string[] Numbers(int start, int count) => [.. Enumerable.Range(start, count).Select(number => $"{number}")];
}
