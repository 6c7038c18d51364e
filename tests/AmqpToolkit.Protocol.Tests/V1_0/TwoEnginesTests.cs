using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Protocol.Tests.V1_0;

/// <summary>
/// Two engines, and between them a wire that brings octets in pieces and now and then is cut. One publishes numbered messages and keeps what is not
/// settled, the other takes them in mode second and remembers what it has taken: whatever happens, each message is taken once.
/// </summary>
public sealed class TwoEnginesTests
{
    private static readonly int Rounds = int.TryParse(Environment.GetEnvironmentVariable("AMQP_ENGINE_ROUNDS"), out int rounds) ? rounds : 300;

    [Fact]
    public void RandomWork_OverAWireThatIsCut_TakesEachMessageOnce()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("AMQP_ENGINE_SEED"), out int chosen) ? chosen : 20261122;
        for (int round = 0; round < Rounds; round++)
        {
            try
            {
                new World(seed + round).Run();
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"AMQP_ENGINE_SEED={seed + round} AMQP_ENGINE_ROUNDS=1", error);
            }
        }
    }

    private sealed class World(int seed)
    {
        private const int Messages = 120;

        private readonly Random _random = new(seed);
        private readonly Dictionary<ulong, byte[]> _kept = [];
        private readonly Dictionary<ulong, byte[]> _taken = [];
        private readonly Dictionary<(Link, ulong), List<byte>> _parts = [];
        private readonly Queue<ulong> _unsent = new();
        private EngineUnderTest _client = null!;
        private EngineUnderTest _server = null!;
        private Link? _sender;
        private byte[] _rest = [];
        private readonly List<byte> _toServer = [];
        private readonly List<byte> _toClient = [];
        private readonly List<(Session Session, ulong Sequence)> _due = [];

        public void Run()
        {
            for (ulong number = 1; number <= Messages; number++)
            {
                byte[] body = new byte[_random.Next(3) == 0 ? _random.Next(3000) : _random.Next(20)];
                _random.NextBytes(body);
                _kept.Add(number, [.. BitConverter.GetBytes(number), .. body]);
            }

            var expected = new Dictionary<ulong, byte[]>(_kept);
            Connect();
            for (int step = 0; _kept.Count > 0; step++)
            {
                Assert.True(step < 100_000, "it does not end");
                Step();
            }

            Assert.Equal(expected.Count, _taken.Count);
            Assert.All(expected, pair => Assert.Equal(pair.Value, _taken[pair.Key]));
        }

        private void Connect()
        {
            _toServer.Clear();
            _toClient.Clear();
            _due.Clear();
            _parts.Clear();
            _unsent.Clear();
            foreach (ulong number in _kept.Keys.Order())
            {
                _unsent.Enqueue(number);
            }

            uint window = (uint)_random.Next(1, 20);
            _server = new EngineUnderTest(settings: new ConnectionSettings { ContainerId = "server", MaxFrameSize = (uint)_random.Next(512, 2000), IncomingWindow = window }) { Answers = true };
            _client = new EngineUnderTest(isServer: false, new ConnectionSettings { ContainerId = "client", MaxFrameSize = 600, IncomingWindow = window });
            _client.Engine.Start(usesSasl: false);
            _client.Engine.Open();
            var session = _client.Engine.Begin()!;
            _sender = session.CreateLink("link", Role.Sender)!;
            _sender.Attach(new Attach { RcvSettleMode = ReceiverSettleMode.Second, SndSettleMode = SenderSettleMode.Unsettled });
            _rest = [];
        }

        private void Step()
        {
            switch (_random.Next(100))
            {
                case < 25:
                    Carry(_client, _toServer, _server, HandleAtServer);
                    break;
                case < 50:
                    Carry(_server, _toClient, _client, HandleAtClient);
                    break;
                case < 80:
                    Send();
                    break;
                case < 97:
                    Take();
                    break;
                case < 98 when _random.Next(6) == 0:
                    Connect();
                    break;
            }
        }

        private void Carry(EngineUnderTest from, List<byte> wire, EngineUnderTest to, Action<Happening> handle)
        {
            from.Engine.Flush();
            wire.AddRange(from.TakeOctets());
            int octets = Math.Min(wire.Count, _random.Next(2000));
            byte[] some = [.. wire[..octets]];
            wire.RemoveRange(0, octets);
            foreach (var happening in to.Feed(some))
            {
                Assert.True(happening.Fault is null, $"{to.Engine.IsServer} {happening.Fault}");
                handle(happening);
            }
        }

        private void Send()
        {
            if (_sender is not { } sender)
            {
                return;
            }

            if (sender.IsSending)
            {
                int written = sender.Continue(_rest, []);
                _rest = _rest[written..];
            }
            else if (sender.CanSend && _unsent.TryDequeue(out ulong number))
            {
                byte[] body = _kept[number];
                int half = _random.Next(body.Length);
                int written = sender.Send(BitConverter.GetBytes(number), settled: false, 0, number, body.AsSpan(0, half), body.AsSpan(half), out _);
                _rest = body[written..];
            }
        }

        /// <summary>The receiver tells of what it has taken, in any order.</summary>
        private void Take()
        {
            if (_due.Count > 0)
            {
                var (session, sequence) = _due[_random.Next(_due.Count)];
                _due.Remove((session, sequence));
                session.DisposeIncoming(sequence, default(Accepted), settled: false);
            }
        }

        private void HandleAtServer(Happening happening)
        {
            if (happening is { Kind: EngineEventKind.Transferred, Link: { } link })
            {
                if (happening.IsFirst)
                {
                    _parts[(link, happening.Sequence)] = [];
                }

                _parts[(link, happening.Sequence)].AddRange(happening.Payload);
                if (happening.IsLast)
                {
                    byte[] whole = [.. _parts[(link, happening.Sequence)]];
                    _parts.Remove((link, happening.Sequence));

                    // What was taken before a cut is told of again, and not taken again.
                    _taken.TryAdd(BitConverter.ToUInt64(whole), whole);
                    _due.Add((link.Session, happening.Sequence));
                    if (link.Credit < 5)
                    {
                        link.SetCredit((uint)_random.Next(1, 30));
                    }
                }
            }
        }

        private void HandleAtClient(Happening happening)
        {
            if (happening is { Kind: EngineEventKind.Disposed, IsOfOutgoing: true })
            {
                foreach (var (sequence, delivery) in happening.Disposed)
                {
                    Assert.Equal(AnyDeliveryState.Member.Accepted, happening.State);
                    _kept.Remove(delivery.Cookie);
                    happening.Session!.DisposeOutgoing(sequence, default(Accepted), settled: true);
                }
            }
        }
    }
}
