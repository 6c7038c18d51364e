using System.Globalization;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Queues;

/// <summary>Random operations on queues with random settings, against a model that is as simple as can be: a sorted list.</summary>
public sealed class QueueModelTests
{
    private const int Operations = 400;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void RandomOperations_AgreeWithTheModel(int seed)
    {
        var random = new Random(seed);
        using var host = new ExtendedQueue();
        var model = new Model(random);
        var dead = host.Declare("dead");
        var queue = host.Declare("q", model.Arguments);
        var open = new List<(QueuedMessage Message, Model.Entry Entry)>();
        int number = 0;
        string script = $"seed {seed}: {string.Join(", ", model.Arguments)}";
        for (int step = 0; step < Operations; step++)
        {
            int choice = random.Next(10);
            if (choice < 4)
            {
                int count = random.Next(1, 6);
                var properties = new BasicProperties();
                byte? priority = random.Next(2) == 0 ? (byte)random.Next(8) : null;
                int? expiration = random.Next(4) == 0 ? random.Next(200) : null;
                properties = priority is { } given ? properties with { Priority = given } : properties;
                properties = expiration is { } own ? properties with { Expiration = own.ToString(CultureInfo.InvariantCulture) } : properties;
                string[] bodies = [.. Enumerable.Range(0, count).Select(_ => $"{number++}".PadRight(random.Next(1, 12), '.'))];
                Assert.True(model.Publish(bodies, priority ?? 0, expiration).SequenceEqual(host.Publish(queue, properties, bodies)), $"{script}, step {step}: refused");
            }
            else if (choice < 7)
            {
                bool isThere = queue.TryGet(out var message, out uint left, host.Turn);
                var expected = model.Take();
                Assert.True(isThere == expected is not null, $"{script}, step {step}: get");
                if (expected is not null)
                {
                    Assert.True(left == model.Count, $"{script}, step {step}: {left} left, {model.Count} expected");
                    string body = System.Text.Encoding.UTF8.GetString(host.Arena.Read(message.Message).Body);
                    Assert.True(
                        (expected.Body, expected.DeliveryCount, expected.IsRedelivered) == (body, message.DeliveryCount, message.Redelivered),
                        $"{script}, step {step}: {expected} expected, got {body}");
                    open.Add((message, expected));
                }
            }
            else if (choice < 9 && open.Count > 0)
            {
                var outcome = (Outcome)random.Next(5);
                int first = random.Next(open.Count);
                var some = open.GetRange(first, random.Next(1, Math.Min(4, open.Count - first) + 1));
                open.RemoveRange(first, some.Count);
                queue.Settle([.. some.Select(one => new Unsettled(queue, null, one.Message))], outcome, host.Turn);
                model.Settle([.. some.Select(one => one.Entry)], outcome);
            }
            else
            {
                int milliseconds = random.Next(60);
                host.Advance(milliseconds);
                model.Advance(milliseconds);
            }

            Assert.True(model.Count == queue.ReadyCount, $"{script}, step {step}: {queue.ReadyCount} ready, {model.Count} expected");
        }

        foreach (var (message, _) in open)
        {
            host.Arena.Release(message.Message);
        }

        foreach (var (body, reason) in model.Dead)
        {
            var (found, headers, _) = host.Get(dead)!.Value;
            Assert.True((body, reason) == (found, (string?)headers["x-first-death-reason"]), $"{script}: {body} {reason} expected, {found} {headers["x-first-death-reason"]} died");
        }

        Assert.Null(host.Get(dead));
        queue.Purge();
        host.ExpectNothingLeft();
    }

    private sealed class Model
    {
        private readonly List<Entry> _ready = [];
        private readonly int? _ttl;
        private readonly int? _maxLength;
        private readonly int? _maxOctets;
        private readonly int? _deliveryLimit;
        private readonly int _maxPriority;
        private readonly string _overflow;
        private readonly bool _isQuorum;
        private long _now;
        private long _position;
        private int _takes;

        public Model(Random random)
        {
            _isQuorum = random.Next(3) == 0;
            _ttl = random.Next(3) == 0 ? random.Next(150) : null;
            _maxLength = random.Next(3) == 0 ? random.Next(12) : null;
            _maxOctets = random.Next(3) == 0 ? random.Next(60) : null;
            _deliveryLimit = _isQuorum ? random.Next(4) : null;
            _maxPriority = _isQuorum || random.Next(2) == 0 ? 0 : random.Next(1, 7);
            string[] policies = ["drop-head", "reject-publish", "reject-publish-dlx"];
            _overflow = policies[random.Next(_isQuorum ? 2 : 3)];
            List<(string, object?)> arguments = [("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"), ("x-overflow", _overflow)];
            Add(arguments, "x-message-ttl", _ttl);
            Add(arguments, "x-max-length", _maxLength);
            Add(arguments, "x-max-length-bytes", _maxOctets);
            Add(arguments, "x-delivery-limit", _deliveryLimit);
            Add(arguments, "x-max-priority", _maxPriority > 0 ? _maxPriority : null);
            if (_isQuorum)
            {
                arguments.Add(("x-queue-type", "quorum"));
            }

            Arguments = [.. arguments];
        }

        public (string Key, object? Value)[] Arguments { get; }

        public List<(string Body, string Reason)> Dead { get; } = [];

        public int Count => _ready.Count;

        public List<int> Publish(string[] bodies, int priority, int? expiration)
        {
            var refused = new List<int>();
            DropExpired();
            for (int index = 0; index < bodies.Length; index++)
            {
                if (_overflow != "drop-head" && (Count + 1 > _maxLength || _ready.Sum(one => one.Body.Length) + bodies[index].Length > _maxOctets))
                {
                    refused.Add(index);
                    if (_overflow == "reject-publish-dlx")
                    {
                        Dead.Add((bodies[index], "maxlen"));
                    }

                    continue;
                }

                int? ttl = _ttl is null ? expiration : expiration is null ? _ttl : Math.Min(_ttl.Value, expiration.Value);
                int level = _isQuorum ? priority >= 5 ? 1 : 0 : Math.Min(priority, _maxPriority);
                Insert(new Entry(bodies[index], level, _position++, ttl is { } time ? _now + time : long.MaxValue));
                DropSurplus();
            }

            DropExpired();
            return refused;
        }

        public Entry? Take()
        {
            DropExpired();
            return Count == 0 ? null : TakeHead();
        }

        public void Settle(Entry[] entries, Outcome outcome)
        {
            foreach (var entry in entries)
            {
                if (outcome == Outcome.Accept)
                {
                    continue;
                }

                if (outcome == Outcome.Reject)
                {
                    Dead.Add((entry.Body, "rejected"));
                    continue;
                }

                var back = entry with { IsRedelivered = true, DeliveryCount = entry.DeliveryCount + (outcome != Outcome.Release || _isQuorum ? 1 : 0) };
                if (back.DeliveryCount > _deliveryLimit)
                {
                    Dead.Add((entry.Body, "delivery_limit"));
                }
                else
                {
                    Insert(back);
                }
            }

            DropSurplus();
            DropExpired();
        }

        public void Advance(long milliseconds)
        {
            _now += milliseconds;
            DropExpired();
        }

        private static void Add(List<(string, object?)> arguments, string key, int? value)
        {
            if (value is { } number)
            {
                arguments.Add((key, number));
            }
        }

        private void Insert(Entry entry)
        {
            _ready.Add(entry);
            var sorted = _ready.OrderByDescending(one => one.Priority).ThenBy(one => one.Position).ToList();
            _ready.Clear();
            _ready.AddRange(sorted);
        }

        /// <summary>The next to go: in a quorum queue what was returned, and else two of a high priority and then one of the others.</summary>
        private Entry Head()
        {
            var high = _ready.Find(one => one.Priority == 1);
            var usual = _ready.Find(one => one.Priority == 0);
            if (!_isQuorum || high is null || usual is null)
            {
                return _ready[0];
            }

            return high.IsRedelivered != usual.IsRedelivered ? high.IsRedelivered ? high : usual : _takes % 3 == 2 ? usual : high;
        }

        private Entry TakeHead()
        {
            var head = Head();
            _ready.RemoveAll(one => ReferenceEquals(one, head));
            _takes++;
            return head;
        }

        private void DropSurplus()
        {
            while (_overflow == "drop-head" && Count > 0 && (Count > _maxLength || _ready.Sum(one => one.Body.Length) > _maxOctets))
            {
                Die("maxlen");
            }
        }

        private void DropExpired()
        {
            while (Count > 0 && Head().Deadline <= _now)
            {
                Die("expired");
            }
        }

        private void Die(string reason)
        {
            Dead.Add((TakeHead().Body, reason));
        }

        public sealed record Entry(string Body, int Priority, long Position, long Deadline)
        {
            public int DeliveryCount { get; init; }

            public bool IsRedelivered { get; init; }
        }
    }
}
