using System.Globalization;
using System.Text;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Tests;

/// <summary>What a journal should hold. Each change is an event; after a crash all up to some event hold, that one being no older than what was committed.</summary>
internal sealed class JournalModel
{
    private readonly List<Change> _changes = [];
    private readonly List<(ulong Token, CommitLevel Level, int Changes)> _tokens = [];

    /// <summary>The changes of each group, from the first to behind the last.</summary>
    private readonly List<(int Begin, int End)> _groups = [];

    /// <summary>Which change brought each message, and which took it.</summary>
    private readonly Dictionary<(uint Queue, ulong Position), Life> _lives = [];

    /// <summary>The last position that each queue gave; never given again, whatever comes back.</summary>
    private readonly Dictionary<uint, ulong> _positions = [];

    private State _state = new();
    private State _start = new();
    private uint _nextQueue = 1;
    private int _nextContent;
    private int _committed;

    public void Declare(Journal.Appender append, Random random)
    {
        uint queue = _nextQueue++;
        append.Define(RecordingVisitor.QueueKind, Name(queue), "queue"u8);
        Do(state => state.Queues.Add(queue, []));
        _ = random;
    }

    public void Delete(Journal.Appender append, Random random)
    {
        if (PickQueue(random) is not { } queue || random.Next(4) != 0)
        {
            return;
        }

        append.Remove(RecordingVisitor.QueueKind, Name(queue));
        foreach (var (position, message) in _state.Queues[queue])
        {
            append.Forget(message.Stored);
            _lives[(queue, position)].Removed = _changes.Count;
        }

        Do(state => state.Queues.Remove(queue));
    }

    public void Publish(Journal.Appender append, Random random, uint group)
    {
        string content = $"{_nextContent++}:{new string((char)('a' + random.Next(26)), random.Next(20) == 0 ? random.Next(20_000) : random.Next(300))}";
        byte[] octets = Encoding.UTF8.GetBytes(content);
        if (random.Next(3) == 0 && _state.Queues.Count > 1)
        {
            var shared = append.Content(new ContentParts(octets.AsSpan(0, 1), octets.AsSpan(1)), group);
            foreach (uint queue in _state.Queues.Keys.Where(_ => random.Next(2) == 0).ToArray())
            {
                ulong position = NextPosition(queue);
                Keep(queue, position, append.Enqueue(queue, position, Overlay(position), shared, group), content);
            }

            append.Release(shared);
        }
        else if (PickQueue(random) is { } queue)
        {
            ulong position = NextPosition(queue);
            Keep(queue, position, append.Message(queue, position, Overlay(position), new ContentParts(octets), group), content);
        }
    }

    public void Ack(Journal.Appender append, Random random, uint group)
    {
        if (PickQueue(random) is not { } queue)
        {
            return;
        }

        bool isOldest = random.Next(3) != 0;
        var acks = _state.Queues[queue]
            .Where(_ => isOldest || random.Next(4) == 0)
            .Take(random.Next(1, 12))
            .Select(message => new JournalAck(message.Key, message.Value.Stored))
            .ToArray();
        append.Ack(queue, acks, group);
        foreach (var ack in acks)
        {
            // A change each: acknowledgements of several segments are several records, and hold together in a group only.
            _lives[(queue, ack.Position)].Removed = _changes.Count;
            Do(state => state.Queues[queue].Remove(ack.Position));
        }
    }

    public void Update(Journal.Appender append, Random random)
    {
        if (PickQueue(random) is not { } queue || _state.Queues[queue].Count == 0)
        {
            return;
        }

        var (position, message) = _state.Queues[queue].ElementAt(random.Next(_state.Queues[queue].Count));
        string overlay = $"updated {random.Next(1000)}";
        append.Update(queue, position, message.Stored, Encoding.UTF8.GetBytes(overlay));
        _lives[(queue, position)].Overlays.Add((_changes.Count, overlay));
        Do(state => state.Queues[queue][position] = state.Queues[queue][position] with { Overlay = overlay });
    }

    /// <summary>Some changes that hold together.</summary>
    public void Transact(Journal.Appender append, Random random)
    {
        uint group = append.BeginGroup();
        int begin = _changes.Count;
        for (int count = random.Next(1, 5); count > 0; count--)
        {
            if (random.Next(2) == 0)
            {
                Publish(append, random, group);
            }
            else
            {
                Ack(append, random, group);
            }
        }

        append.EndGroup(group);
        if (_changes.Count > begin)
        {
            _groups.Add((begin, _changes.Count));
            for (int index = begin; index < _changes.Count - 1; index++)
            {
                _changes[index] = _changes[index] with { IsPartial = true };
            }
        }
    }

    public void NoteToken(ulong token, CommitLevel level) => _tokens.Add((token, level, _changes.Count));

    /// <summary>Everything holds.</summary>
    public void Close() => _committed = _changes.Count;

    /// <summary>At least what was committed holds, as far as that was to survive what happened.</summary>
    public void Crash(ulong committed, CommitLevel level) =>
        _committed = _tokens.LastOrDefault(token => token.Token <= committed && token.Level >= level).Changes;

    /// <summary>Holds what came back against the model, and goes on from there.</summary>
    /// <param name="found">What came back.</param>
    /// <param name="isInOrder">Whether of what was not committed the older comes back before the newer; a disk that loses its power promises no order.</param>
    public void Check(RecordingVisitor found, bool isInOrder)
    {
        CheckEach(found);
        if (isInOrder)
        {
            CheckInOrder(found);
        }
        else
        {
            CheckGroups(found);
        }

        _state = StateOf(found);
        _start = _state.Copy();
        _changes.Clear();
        _tokens.Clear();
        _groups.Clear();
        _lives.Clear();
        foreach (var (queue, messages) in _state.Queues)
        {
            foreach (var (position, message) in messages)
            {
                _lives.Add((queue, position), new Life(-1, message.Content, message.Overlay));
            }
        }

        _committed = 0;
    }

    private void CheckInOrder(RecordingVisitor found)
    {
        var state = _start.Copy();
        int applied = 0;
        while (applied < _committed)
        {
            _changes[applied++].Apply(state);
        }

        string foundText = Describe(found);
        int foundMessages = found.Queues.Sum(queue => queue.Value.Count);
        while (state.Queues.Count != found.Queues.Count || state.Queues.Sum(queue => queue.Value.Count) != foundMessages || Describe(state) != foundText || (applied > 0 && _changes[applied - 1].IsPartial))
        {
            if (applied == _changes.Count)
            {
                Assert.Fail($"{_changes.Count} changes, {_committed} committed; {Nearest(foundText)}");
            }

            _changes[applied++].Apply(state);
        }
    }

    private void CheckEach(RecordingVisitor found)
    {
        foreach (var (queue, messages) in found.Queues)
        {
            Assert.Equal(messages.Select(message => message.Position).Order(), messages.Select(message => message.Position));
            foreach (var message in messages)
            {
                string name = $"message {message.Position} of queue {queue}, {_committed} changes of {_changes.Count} committed";
                Assert.True(_lives.TryGetValue((queue, message.Position), out var life), $"{name}: never there");
                Assert.True(life.Removed >= _committed, $"{name}: removed by change {life.Removed}");
                Assert.Equal(life.Content, message.Content);
                Assert.True(life.HadOverlay(message.Overlay, _committed), $"{name}: overlay '{message.Overlay}'");
            }
        }

        var there = ThereIn(found);
        var missing = _lives.Where(life => life.Value.Added < _committed && life.Value.Removed == int.MaxValue && !there.Contains(life.Key));
        Assert.Empty(missing.Select(life => life.Key));
    }

    /// <summary>A group that was not committed holds as a whole or not at all, on any disk.</summary>
    private void CheckGroups(RecordingVisitor found)
    {
        var there = ThereIn(found);
        foreach (var (begin, end) in _groups.Where(group => group.End > _committed))
        {
            var published = _lives.Where(life => life.Value.Added >= begin && life.Value.Added < end && life.Value.Removed >= end).ToArray();
            var acked = _lives.Where(life => life.Value.Added < begin && life.Value.Removed >= begin && life.Value.Removed < end).ToArray();
            bool holds = published.Any(life => there.Contains(life.Key));
            bool doesNot = acked.Any(life => there.Contains(life.Key))
                || published.Any(life => life.Value.Removed == int.MaxValue && found.Queues.ContainsKey(life.Key.Queue) && !there.Contains(life.Key));
            Assert.False(holds && doesNot, $"group of changes {begin} to {end}: published {string.Join(' ', published)}, acknowledged {string.Join(' ', acked)}");
        }
    }

    private static HashSet<(uint Queue, ulong Position)> ThereIn(RecordingVisitor found) =>
        [.. found.Queues.SelectMany(queue => queue.Value.Select(message => (queue.Key, message.Position)))];

    private static State StateOf(RecordingVisitor found)
    {
        var state = new State();
        foreach (var (queue, messages) in found.Queues)
        {
            state.Queues.Add(queue, new(messages.ToDictionary(message => message.Position, message => new Message(message.Message, message.Overlay, message.Content))));
        }

        return state;
    }

    /// <summary>The state that is most like what was found, and in what they differ.</summary>
    private string Nearest(string found)
    {
        string nearest = "";
        int least = int.MaxValue;
        var state = _start.Copy();
        for (int applied = 0; applied <= _changes.Count; applied++)
        {
            if (applied > 0)
            {
                _changes[applied - 1].Apply(state);
            }

            var (more, less) = (Entries(found).Except(Entries(Describe(state))).ToArray(), Entries(Describe(state)).Except(Entries(found)).ToArray());
            if (more.Length + less.Length < least)
            {
                least = more.Length + less.Length;
                nearest = $"after {applied} changes (partial: {applied > 0 && _changes[applied - 1].IsPartial}): more {string.Join(' ', more.Take(10))}, less {string.Join(' ', less.Take(10))}";
            }
        }

        return nearest;
    }

    private static HashSet<string> Entries(string description) =>
        [.. description.Split('\n').SelectMany(line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Split(' ').Select(entry => line.Split(':')[0] + ":" + entry))];

    private static string Describe(RecordingVisitor found) => string.Join('\n', found.Queues.OrderBy(queue => queue.Key).Select(queue =>
        $"{queue.Key}: {string.Join(' ', queue.Value.Select(message => $"{message.Position}/{message.Overlay}/{Short(message.Content)}"))}"));

    private static string Describe(State state) => string.Join('\n', state.Queues.OrderBy(queue => queue.Key).Select(queue =>
        $"{queue.Key}: {string.Join(' ', queue.Value.Select(message => $"{message.Key}/{message.Value.Overlay}/{Short(message.Value.Content)}"))}"));

    private static string Short(string content) => $"{content.AsSpan(0, Math.Min(12, content.Length))}#{content.Length}";

    private static byte[] Name(uint queue) => Encoding.UTF8.GetBytes(queue.ToString(CultureInfo.InvariantCulture));

    private static byte[] Overlay(ulong position) => position % 3 == 0 ? Encoding.UTF8.GetBytes($"overlay {position}") : [];

    private uint? PickQueue(Random random) => _state.Queues.Count == 0 ? null : _state.Queues.Keys.ElementAt(random.Next(_state.Queues.Count));

    private ulong NextPosition(uint queue) => _positions[queue] = _positions.GetValueOrDefault(queue) + 1;

    private void Keep(uint queue, ulong position, StoredMessage stored, string content)
    {
        string overlay = Encoding.UTF8.GetString(Overlay(position));
        _lives.Add((queue, position), new Life(_changes.Count, content, overlay));
        Do(state => state.Queues[queue].Add(position, new Message(stored, overlay, content)));
    }

    private void Do(Action<State> change)
    {
        change(_state);
        _changes.Add(new Change(change, IsPartial: false));
    }

    private sealed class Life(int added, string content, string overlay)
    {
        public int Added { get; } = added;

        public int Removed { get; set; } = int.MaxValue;

        public string Content { get; } = content;

        public List<(int Change, string Overlay)> Overlays { get; } = [(added, overlay)];

        /// <summary>Whether the overlay was the last one before, or one after, the changes that were committed.</summary>
        public bool HadOverlay(string overlay, int committed)
        {
            int first = Math.Max(0, Overlays.FindLastIndex(entry => entry.Change < committed));
            return Overlays.Skip(first).Any(entry => entry.Overlay == overlay);
        }

        public override string ToString() => $"{Added}..{Removed}";
    }

    private sealed record Change(Action<State> Apply, bool IsPartial);

    private sealed record Message(StoredMessage Stored, string Overlay, string Content);

    private sealed class State
    {
        public SortedDictionary<uint, SortedDictionary<ulong, Message>> Queues { get; } = [];

        public State Copy()
        {
            var copy = new State();
            foreach (var (queue, messages) in Queues)
            {
                copy.Queues.Add(queue, new SortedDictionary<ulong, Message>(messages));
            }

            return copy;
        }
    }
}
