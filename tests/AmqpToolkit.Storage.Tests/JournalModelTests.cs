using System.Globalization;
using System.Text;
using AmqpToolkit.Storage.Journaling;
using Xunit.Abstractions;

namespace AmqpToolkit.Storage.Tests;

/// <summary>
/// Random work on a journal with small segments, ended by a close, a kill or a power loss, on a disk that may break or be full, and what comes back held against a model: what
/// was committed is there, nothing else is, in order, groups whole.
/// </summary>
public sealed class JournalModelTests(ITestOutputHelper output)
{
    private static readonly JournalOptions Options = new()
    {
        SegmentOctets = 16 * 1024,
        SpareSegments = 1,
        CompactionSegments = 3,
        IdleWriteDelay = TimeSpan.FromMilliseconds(1),
    };

    /// <summary>Rounds: few in each test run, many by hand (AMQP_JOURNAL_ROUNDS).</summary>
    private static int Rounds =>
        int.TryParse(Environment.GetEnvironmentVariable("AMQP_JOURNAL_ROUNDS"), CultureInfo.InvariantCulture, out int rounds) ? rounds : 60;

    [Fact]
    public void RandomWork_EndedInAnyWay_ComesBackAsTheModelSays()
    {
        int first = int.TryParse(Environment.GetEnvironmentVariable("AMQP_JOURNAL_SEED"), CultureInfo.InvariantCulture, out int set) ? set : Environment.TickCount & 0xFFFFF;
        output.WriteLine($"first seed {first}");
        int broke = 0;
        for (int seed = first; seed < first + Rounds; seed++)
        {
            try
            {
                var run = new Run(seed);
                run.Play();
                broke += run.Broke;
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"AMQP_JOURNAL_SEED={seed}", error);
            }
        }

        output.WriteLine($"{broke} lives ended with a broken disk");
        Assert.True(broke > 0 || Rounds < 60, "no disk has broken");
    }

    private sealed class Run(int seed)
    {
        private const int Broken = 5;

        private readonly Random _random = new(seed);

        /// <summary>The journal's thread's own.</summary>
        private readonly Random _delays = new(~seed);
        private readonly JournalModel _model = new();
        private SimulatedDisk _disk = new();
        private Journal _journal = null!;
        private CommitWaiter _waiter = new();
        private ulong _token;
        private List<JournalDamage> _damages = [];

        /// <summary>Whether the disk breaks in this life, at some write, of which it takes a part.</summary>
        private bool _breaks;

        /// <summary>Lives whose disk has broken.</summary>
        public int Broke { get; private set; }

        public void Play()
        {
            _disk.OnSync = Delay;
            _journal = Journal.Open(_disk.Open(), Options, new RecordingVisitor());
            int lives = _random.Next(2, 6);
            for (int life = 0; life < lives; life++)
            {
                Sabotage();
                int steps = _random.Next(1, 400);
                for (int step = 0; step < steps; step++)
                {
                    Step();
                }

                End();
            }

            _journal.Dispose();
        }

        private void Step()
        {
            using var append = _journal.Append();
            switch (_random.Next(20))
            {
                case 0:
                    _model.Declare(append, _random);
                    break;
                case 1:
                    _model.Delete(append, _random);
                    break;
                case < 10:
                    _model.Publish(append, _random, 0);
                    break;
                case < 15:
                    _model.Ack(append, _random, 0);
                    break;
                case 15:
                    _model.Update(append, _random);
                    break;
                case < 18:
                    _model.Transact(append, _random);
                    break;
                default:
                    var level = _random.Next(3) == 0 ? CommitLevel.Os : CommitLevel.Fsync;
                    _model.NoteToken(++_token, level);
                    append.Commit(_waiter, _token, level);
                    break;
            }
        }

        private void End()
        {
            int how = _breaks ? _random.Next(1, 3) : _random.Next(3);
            if (_token > 0 && _breaks)
            {
                _waiter.WaitForAnswer(_token);
                Broke += _waiter.Failed.IsFaulted ? 1 : 0;
            }
            else if (_token > 0 && _random.Next(2) == 0)
            {
                _waiter.Wait(_token);
            }

            if (!_breaks)
            {
                // What is written by a close is not tried again.
                _disk.OnShortWrite = null;
            }

            ulong committed = _waiter.Committed;
            SimulatedDisk left;
            if (how == 0)
            {
                _journal.Dispose();
                left = _disk;
                _model.Close();
            }
            else
            {
                left = how == 1 ? _disk.Kill() : _disk.LosePower(_random);
                _journal.Dispose();
                _model.Crash(committed, how == 1 ? CommitLevel.Os : CommitLevel.Fsync);
            }

            var found = new RecordingVisitor();
            _disk = left;
            _disk.OnSync = Delay;
            _journal = Journal.Open(_disk.Open(), Options, found);
            Assert.Equal(how == 0, found.WasClosed);
            CheckDamages(found, isPowerLost: how == 2);
            try
            {
                _model.Check(found, isInOrder: how != 2);
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"ended by {(how == 0 ? "closing" : how == 1 ? "a kill" : "a power loss")}, damages: {string.Join("; ", found.Damages)}, files: {string.Join(' ', left.Names)}", error);
            }

            _waiter = new CommitWaiter();
            _token = 0;
        }

        /// <summary>In some lives the disk breaks at a write, or once at a sync, whose octets the system forgets; in others it is full for a write or two. Of what fails a part of the octets is written.</summary>
        private void Sabotage()
        {
            _breaks = _random.Next(4) == 0;
            bool isFull = !_breaks && _random.Next(16) == 0;
            int first = _random.Next(1, 12);
            int last = _breaks ? int.MaxValue : first + _random.Next(2);
            int error = _breaks ? Broken : DiskErrors.NoSpace;
            int share = _random.Next(101);
            int calls = 0;
            int syncs = 0;
            if (_breaks && _random.Next(2) == 0)
            {
                _disk.OnShortWrite = null;
                _disk.OnSync = number =>
                {
                    Delay(number);
                    if (++syncs == first)
                    {
                        throw new IOException("injected", Broken);
                    }
                };
                return;
            }

            _disk.OnShortWrite = !_breaks && !isFull ? null : octets => ++calls >= first && calls <= last ? (octets * share / 101, new IOException("injected", error)) : null;
        }

        /// <summary>A disk that is slow at times, so that what gathers is written before the sync returns.</summary>
        private void Delay(int number)
        {
            if (_delays.Next(24) == 0)
            {
                using var never = new ManualResetEventSlim(initialState: false);
                never.Wait(TimeSpan.FromMilliseconds(5));
            }
        }

        /// <summary>Only a loss of power leaves holes. They stay, and are named each time, until their segment goes.</summary>
        private void CheckDamages(RecordingVisitor found, bool isPowerLost)
        {
            if (!isPowerLost)
            {
                Assert.Empty(found.Damages.Except(_damages));
            }

            Assert.DoesNotContain(found.Damages, static damage => damage.What.Contains("is not there", StringComparison.Ordinal));

            _damages = found.Damages;
        }
    }
}
