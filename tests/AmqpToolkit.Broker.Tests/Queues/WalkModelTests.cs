using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Selectors;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Queues;

/// <summary>Random operations on queues whose consumers pick messages, browse, or do neither: nothing is lost, given to whom it is not for, or kept from whom it is for.</summary>
public sealed class WalkModelTests
{
    private const int Operations = 300;
    private static readonly string[] Colours = ["red", "green", "blue"];

    private static readonly (string Key, object? Value)[][] Settings =
        [[], [("x-max-priority", 3)], [("x-queue-type", "quorum")], [("x-max-length-bytes", 1_000_000)], [("x-message-ttl", 1_000_000)], [("x-overflow", "reject-publish"), ("x-max-length", 1_000_000)]];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void RandomOperations_LoseNothing_AndKeepNothingBack(int seed)
    {
        var random = new Random(seed);
        using var host = new ExtendedQueue();
        var settings = Settings[seed % Settings.Length];
        var queue = host.Declare("q", settings);

        // With few steps in one go walks are behind most of the time; with some more each has a share of them.
        queue.StepsInOneGo = (seed / Settings.Length % 4) switch { 0 => 100, 1 => 2500, _ => queue.StepsInOneGo };
        var waiting = new SortedDictionary<int, Message>();
        var holders = new List<Holder>();

        // Numbers of messages that somebody had: who browses may have passed their places meanwhile.
        var taken = new HashSet<int>();
        int next = 0;

        // Whether there were operations since it was noted what consumers have got.
        bool isMixed = false;
        for (int step = 0; step < Operations; step++)
        {
            switch (random.Next(12))
            {
                case < 4:
                    string colour = Colours[random.Next(Colours.Length)];
                    byte priority = (byte)random.Next(4);
                    string[] bodies = [.. Enumerable.Range(next, random.Next(1, 5)).Select(number => $"{number}")];
                    foreach (string body in bodies)
                    {
                        waiting.Add(next++, new Message(colour, settings is [("x-max-priority", _)] ? priority : (byte)0));
                    }

                    host.Publish(queue, new BasicProperties { Priority = priority, Headers = Table.Create(table => table.Add("colour", colour)) }, bodies);
                    break;

                case 4 when holders.Count < 6:
                    var added = Holder.Create(queue, random);
                    holders.Add(added);
                    Assert.True(queue.TryAddConsumer(added.Consumer, host.Turn, _ => { }));
                    break;

                case 5 when holders.Count > 0 && random.Next(3) == 0:
                    var gone = holders[random.Next(holders.Count)];
                    queue.RemoveConsumer(gone.Consumer, host.Turn);
                    Note(step);
                    GiveBack(gone, gone.Held.Count);
                    holders.Remove(gone);
                    break;

                case 6 when queue.TryGet(out var got, out _, host.Turn):
                    Note(step);
                    taken.Add(int.Parse(System.Text.Encoding.UTF8.GetString(host.Arena.Read(got.Message).Body)));
                    queue.Settle([new Unsettled(queue, null, got)], Outcome.Release, host.Turn);
                    break;

                case 6 when random.Next(10) == 0:
                    uint purged = queue.Purge();
                    Note(step);
                    Assert.True(purged == waiting.Count, $"seed {seed}, step {step}: {purged} were dropped, not {waiting.Count}");
                    waiting.Clear();
                    break;

                case 7 when holders.Count > 0:
                    var drained = holders[random.Next(holders.Count)];
                    int drains = drained.Consumer.Drains;
                    queue.Drain(drained.Consumer, host.Turn);
                    Note(step);
                    Assert.True(!drained.CanTake || drained.Consumer.Drains == drains + 1, $"seed {seed}, step {step}: {drained.Consumer.Drains - drains} answers to a drain");
                    break;

                case > 7 when holders.Count > 0:
                    Settle(holders[random.Next(holders.Count)]);
                    break;
            }

            if (random.Next(3) == 0)
            {
                // The next operation meets those who are behind.
                isMixed = true;
                continue;
            }

            Note(step);
            Assert.True(queue.ReadyCount == waiting.Count, $"seed {seed}, step {step}: {queue.ReadyCount} wait, not {waiting.Count}");
            foreach (var holder in holders.Where(holder => holder.CanTake))
            {
                Assert.False(waiting.Any(message => holder.Wants(message.Key, message.Value)), $"seed {seed}, step {step}: somebody who can take waits");
            }

            foreach (var holder in holders.Where(holder => holder.IsBrowsing))
            {
                Assert.False(
                    waiting.Any(message => holder.Wants(message.Key, message.Value) && !taken.Contains(message.Key) && !holder.Shown.Contains(message.Key)), $"seed {seed}, step {step}: a browser was not shown all");
            }
        }

        foreach (var holder in holders)
        {
            queue.RemoveConsumer(holder.Consumer, host.Turn);
        }

        foreach (var holder in holders)
        {
            GiveBack(holder, holder.Held.Count);
        }

        // All are in their places again.
        var expected = waiting.OrderByDescending(message => message.Value.Priority).ThenBy(message => message.Key).Select(message => message.Key);
        var left = new List<int>();
        while (queue.TryGet(out var message, out _, host.Turn))
        {
            left.Add(int.Parse(System.Text.Encoding.UTF8.GetString(host.Arena.Read(message.Message).Body)));
            queue.Settle([new Unsettled(queue, null, message)], Outcome.Accept, host.Turn);
        }

        Assert.True(expected.SequenceEqual(left), $"seed {seed}: {string.Join(' ', left)} are left, not {string.Join(' ', expected)}");

        void Note(int step)
        {
            LookOn();
            Take(holders, waiting, taken, seed, step, isOrdered: !isMixed);
            isMixed = false;
        }

        // What is left to the sweep is done: by this thread, or by the pool's.
        void LookOn() => Assert.True(
            SpinWait.SpinUntil(
                () =>
                {
                    queue.Sweep(host.Turn);
                    return !queue.IsLookingOn;
                },
                TimeSpan.FromSeconds(60)),
            $"seed {seed}: the sweep does not end");

        void Settle(Holder holder)
        {
            if (holder.Held.Count == 0)
            {
                return;
            }

            if (random.Next(2) == 0)
            {
                int index = random.Next(holder.Held.Count);
                var (number, _) = holder.Held[index];
                Assert.True(holder.Waits.Remove(number, out var delivery));
                holder.Held.RemoveAt(index);
                queue.Settle([delivery], Outcome.Accept, host.Turn);
            }
            else
            {
                GiveBack(holder, random.Next(1, holder.Held.Count + 1));
            }
        }

        void GiveBack(Holder holder, int count)
        {
            for (; count > 0; count--)
            {
                int index = random.Next(holder.Held.Count);
                var (number, message) = holder.Held[index];
                Assert.True(holder.Waits.Remove(number, out var delivery));
                holder.Held.RemoveAt(index);
                waiting.Add(number, message);
                bool isExcluded = holders.Contains(holder) && random.Next(6) == 0;
                if (isExcluded)
                {
                    Assert.True(queue.TryExclude(holder.Consumer, delivery.Message));
                    holder.Excluded.Add(number);
                }

                queue.Settle([delivery], random.Next(2) == 0 ? Outcome.Release : Outcome.Fail, host.Turn);
                Note(-1);
            }
        }
    }

    /// <summary>Notes what consumers have got since the last look.</summary>
    private static void Take(List<Holder> holders, SortedDictionary<int, Message> waiting, HashSet<int> taken, int seed, int step, bool isOrdered)
    {
        foreach (var holder in holders)
        {
            var before = (Priority: byte.MaxValue, Number: -1);
            foreach (var delivery in holder.Consumer.Unsettled)
            {
                int number = int.Parse(holder.Consumer.Taken[holder.Looked++]);
                if (holder.IsBrowsing)
                {
                    Assert.True(holder.Shown.Add(number) || taken.Contains(number), $"seed {seed}, step {step}: {number} was shown twice");
                    continue;
                }

                taken.Add(number);

                Assert.True(waiting.Remove(number, out var message), $"seed {seed}, step {step}: {number} was not there");
                Assert.True(holder.Wants(number, message), $"seed {seed}, step {step}: {number} is not for this one");
                Assert.True(
                    !isOrdered || message.Priority < before.Priority || (message.Priority == before.Priority && number > before.Number), $"seed {seed}, step {step}: {number} came behind {before.Number}");
                before = (message.Priority, number);
                holder.Held.Add((number, message));
                holder.Waits.Add(number, delivery);
            }

            holder.Consumer.Unsettled.Clear();
        }
    }

    private readonly record struct Message(string Colour, byte Priority);

    private sealed class Holder(TextConsumer consumer, string? colour, int prefetch)
    {
        public TextConsumer Consumer => consumer;

        public bool IsBrowsing => consumer.Walk is { IsBrowsing: true };

        public int Looked { get; set; }

        public List<(int Number, Message Message)> Held { get; } = [];

        public Dictionary<int, Unsettled> Waits { get; } = [];

        public HashSet<int> Excluded { get; } = [];

        public HashSet<int> Shown { get; } = [];

        public bool CanTake => !IsBrowsing && Held.Count < prefetch;

        public static Holder Create(MessageQueue queue, Random random)
        {
            int prefetch = random.Next(1, 8);
            string? colour = random.Next(3) == 0 ? null : Colours[random.Next(Colours.Length)];
            bool isBrowsing = random.Next(5) == 0;
            var consumer = new TextConsumer(queue, priority: random.Next(3) - 1, prefetch: isBrowsing ? 0 : prefetch);
            if (isBrowsing || colour is not null)
            {
                Selector? selector = null;
                Assert.True(colour is null || Selector.TryParse($"colour = '{colour}'", out selector, out _));
                consumer.Walk = new QueueWalk(queue, consumer, selector is null ? [] : [selector]) { IsBrowsing = isBrowsing };
            }

            return new Holder(consumer, colour, prefetch);
        }

        public bool Wants(int number, Message message) => (colour is null || colour == message.Colour) && !Excluded.Contains(number);
    }
}
