using System.Globalization;
using System.Text;
using AmqpToolkit.Broker.Tests.Durability;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Paging;

/// <summary>Random work on a queue of a broker that has next to no memory, restarts among it, against a plain list.</summary>
public sealed class PagingModelTests
{
    private const int Operations = 120;
    private const int Prefetch = 40;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 12)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task RandomWork_AgreesWithAList(int seed)
    {
        var random = new Random(seed);
        long[] limits = [1, 30_000, 120_000];

        // A crash is a copy of files: none may be removed while it is made.
        bool crashes = seed % 2 == 0;
        await using var broker = await KeptBroker.StartAsync(segmentOctets: (crashes ? 16 * 1024 : 64) * 1024, pagingOctets: limits[random.Next(limits.Length)]);
        (string, object)[] arguments = random.Next(3) switch { 0 => [], 1 => [("x-max-priority", 3)], _ => [("x-message-ttl", 3_600_000)] };
        var work = new Work(broker, random, arguments, crashes);
        try
        {
            for (int step = 0; step < Operations; step++)
            {
                await work.DoSomethingAsync();
            }

            work.Drain();
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"seed {seed}: {work.Script}", exception);
        }
        finally
        {
            work.Dispose();
        }
    }

    private sealed class Work : IDisposable
    {
        private readonly KeptBroker _broker;
        private readonly Random _random;
        private readonly (string, object)[] _arguments;
        private readonly bool _crashes;
        private readonly StringBuilder _script = new();

        /// <summary>Numbers of the messages that wait, in order.</summary>
        private readonly List<Entry> _ready = [];
        private readonly List<(ulong Tag, Entry Entry)> _open = [];
        private KeptClient _client = null!;
        private int _number;

        public Work(KeptBroker broker, Random random, (string, object)[] arguments, bool crashes)
        {
            (_broker, _random, _arguments, _crashes) = (broker, random, arguments, crashes);
            Connect();
        }

        public string Script => _script.ToString();

        public async Task DoSomethingAsync()
        {
            int choice = _random.Next(100);
            if (choice < 35)
            {
                Publish(_random.Next(1, 60), isPersistent: _random.Next(2) == 0);
            }
            else if (choice < 60)
            {
                Get(_random.Next(1, 40), noAck: _random.Next(2) == 0);
            }
            else if (choice < 75)
            {
                Settle();
            }
            else if (choice < 90)
            {
                await ConsumeAsync(Math.Min(_random.Next(150), _ready.Count));
            }
            else if (choice < 92)
            {
                Say("purge");
                _client.Raw.Send(1, new QueuePurge { Queue = "q" });
                _client.Raw.Expect(QueuePurgeOkView.MethodKey);
                _ready.Clear();
            }
            else if (choice < 95)
            {
                await RestartAsync(isCrash: _crashes && _random.Next(2) == 0);
            }

            await WaitForReadyAsync();
        }

        public void Drain()
        {
            foreach (var entry in _ready)
            {
                Assert.Equal(entry.Body, _client.Get("q")?.Body);
            }

            Assert.Null(_client.Get("q"));
        }

        public void Dispose() => _client.Dispose();

        private void Connect()
        {
            _client = new KeptClient(_broker);
            _client.Declare("q", _arguments);
        }

        private void Publish(int count, bool isPersistent)
        {
            Say($"publish {count} {(isPersistent ? "kept" : "not")}");
            Entry[] entries = [.. Enumerable.Range(0, count).Select(_ => new Entry(_number++, isPersistent, _random.Next(10) == 0 ? _random.Next(9000) : _random.Next(300)))];
            _client.Publish("", "q", new BasicProperties { DeliveryMode = (byte)(isPersistent ? 2 : 1) }, [.. entries.Select(entry => entry.Body)]);
            _ready.AddRange(entries);
        }

        private void Get(int count, bool noAck)
        {
            Say($"get {count} {(noAck ? "for good" : "to settle")}");
            for (; count > 0; count--)
            {
                var got = _client.Get("q", noAck);
                Assert.Equal(_ready.Count == 0 ? null : _ready[0].Body, got?.Body);
                if (got is null)
                {
                    return;
                }

                if (!noAck)
                {
                    _open.Add((got.Value.Tag, _ready[0]));
                }

                _ready.RemoveAt(0);
            }
        }

        private void Settle()
        {
            if (_open.Count == 0)
            {
                return;
            }

            int count = _random.Next(1, _open.Count + 1);
            int outcome = _random.Next(3);
            Say($"settle {count} {(outcome == 0 ? "back" : "done")}");
            ulong tag = _open[count - 1].Tag;
            if (outcome == 1)
            {
                _client.Raw.Send(1, new BasicAck { DeliveryTag = tag, Multiple = true });
            }
            else
            {
                _client.Raw.Send(1, new BasicNack { DeliveryTag = tag, Multiple = true, Requeue = outcome == 0 });
            }

            _client.Ping();
            if (outcome == 0)
            {
                PutBack(_open.Take(count));
            }

            _open.RemoveRange(0, count);
        }

        private async Task ConsumeAsync(int count)
        {
            Say($"consume {count}");
            using (var consumer = new KeptClient(_broker, isConfirming: false))
            {
                consumer.Raw.Send(1, new BasicQos { PrefetchCount = Prefetch });
                consumer.Raw.Expect(BasicQosOkView.MethodKey);
                consumer.Raw.Send(1, new BasicConsume { Queue = "q", ConsumerTag = "c" });
                consumer.Raw.Expect(BasicConsumeOkView.MethodKey);
                int before = _ready.Count;
                for (int index = 0; index < count; index++)
                {
                    Assert.Equal(Codec.DecodeError.None, BasicDeliverView.TryParse(consumer.Raw.Expect(BasicDeliverView.MethodKey), out var delivery));
                    ulong tag = delivery.DeliveryTag;
                    Assert.Equal(_ready[0].Body, Encoding.UTF8.GetString(consumer.Raw.ExpectContent()));
                    _ready.RemoveAt(0);
                    consumer.Raw.Send(1, new BasicAck { DeliveryTag = tag });
                }

                // All that may be on its way is there.
                for (int left = Math.Min(Prefetch, before - count); left > 0; left--)
                {
                    consumer.Raw.Expect(BasicDeliverView.MethodKey);
                    consumer.Raw.ExpectContent();
                }

                // The acknowledgements have been read when what follows goes back.
                consumer.Ping();
            }

            await WaitForReadyAsync();
        }

        private async Task RestartAsync(bool isCrash)
        {
            Say(isCrash ? "crash" : "restart");
            if (isCrash)
            {
                await _broker.FlushAsync();
                await _broker.CrashAsync();
                _client.Dispose();
            }
            else
            {
                _client.Dispose();
                await _broker.RestartAsync();
            }

            PutBack(_open);
            _open.Clear();
            _ready.RemoveAll(entry => !entry.IsPersistent);
            Connect();
        }

        private void PutBack(IEnumerable<(ulong Tag, Entry Entry)> open)
        {
            _ready.AddRange(open.Select(one => one.Entry));
            _ready.Sort((left, right) => left.Number.CompareTo(right.Number));
        }

        private Task WaitForReadyAsync()
        {
            var queue = _broker.Broker.FindVirtualHost("/")!.FindQueue("q"u8)!;
            return Eventually.HoldsAsync(() => queue.ReadyCount == _ready.Count, () => $"{queue.ReadyCount} wait, {_ready.Count} expected");
        }

        private void Say(string what) => _script.Append(CultureInfo.InvariantCulture, $"{what} ({_ready.Count} wait, {_open.Count} open); ");

        private sealed record Entry(int Number, bool IsPersistent, int Octets)
        {
            public string Body { get; } = $"{Number}".PadRight(Octets, '.');
        }
    }
}
