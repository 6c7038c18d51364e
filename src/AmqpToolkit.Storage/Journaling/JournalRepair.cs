using AmqpToolkit.Storage.Files;

namespace AmqpToolkit.Storage.Journaling;

/// <summary>Writes what still holds of a damaged journal into a new one. The damaged one is not touched.</summary>
internal static class JournalRepair
{
    /// <summary>Copies everything that stands into an empty folder.</summary>
    /// <param name="damaged">The journal's folder; locked meanwhile, and let go.</param>
    /// <param name="repaired">An empty folder for the new one; locked meanwhile, and let go.</param>
    /// <param name="options">Sizes of the new one.</param>
    /// <param name="queueOf">Which definitions declare queues: messages of others stay behind.</param>
    /// <param name="missing">Told which numbers are declared; says what has to be defined for them, and is not.</param>
    /// <returns>What was damaged.</returns>
    /// <exception cref="IOException">A folder is in use, cannot be read or written, or the second is not empty.</exception>
    /// <exception cref="JournalVersionException">The journal is of a version that this code does not know.</exception>
    public static IReadOnlyList<JournalDamage> Run(
        IFileLayer damaged,
        IFileLayer repaired,
        JournalOptions options,
        QueueOf queueOf,
        Func<IReadOnlySet<uint>, IEnumerable<(ushort Kind, byte[] Name, byte[] Value)>>? missing = null)
    {
        using (damaged)
        {
            damaged.Lock();
            using var journal = Journal.Open(repaired, options, new EmptyVisitor(repaired.Folder));
            using var copier = new Copier(journal, queueOf);
            var state = new JournalRecovery(damaged, new JournalOptions(), copier) { IsReadOnly = true }.Run();
            foreach (var segment in state.Segments.Values)
            {
                segment.File?.Dispose();
            }

            copier.Finish(missing);
            return copier.Damages;
        }
    }

    private sealed class EmptyVisitor(string folder) : IJournalVisitor
    {
        public void VisitDefinition(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Refuse();

        public bool HasQueue(uint queue) => true;

        public void VisitMessage(in RecoveredMessage message) => Refuse();

        public void VisitDamage(JournalDamage damage) => Refuse();

        public void VisitEnd(bool wasClosed)
        {
            if (!wasClosed)
            {
                Refuse();
            }
        }

        private void Refuse() => throw new IOException($"The folder '{folder}' holds a journal already; the repaired one needs an empty folder.");
    }

    private sealed class Copier(Journal journal, QueueOf queueOf) : IJournalVisitor, IJournalWaiter, IDisposable
    {
        /// <summary>Octets after which the copier waits until they are written.</summary>
        private const int StepOctets = 4 * 1024 * 1024;

        private readonly HashSet<uint> _queues = [];
        private readonly HashSet<uint> _removed = [];
        private readonly Dictionary<StoredContent, StoredContent> _contents = [];
        private readonly ManualResetEventSlim _committed = new(initialState: false);
        private JournalTicket _ticket;
        private Exception? _failure;
        private bool _wasClosed;
        private long _octets;

        public List<JournalDamage> Damages { get; } = [];

        public ref JournalTicket Ticket => ref _ticket;

        public void VisitDefinition(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
        {
            if (queueOf(kind, name, value) is > 0 and var queue)
            {
                _queues.Add(queue);
            }

            using var append = journal.Append();
            append.Define(kind, name, value);
        }

        public void VisitReplaced(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => _removed.Add(queueOf(kind, name, value));

        public bool WasRemoved(uint queue) => _removed.Contains(queue);

        public bool HasQueue(uint queue) => _queues.Contains(queue);

        public void VisitMessage(in RecoveredMessage message)
        {
            using (var append = journal.Append())
            {
                if (message.SharedContent.IsNone)
                {
                    append.Message(message.Queue, message.Position, message.Overlay, new ContentParts(message.Content));
                }
                else
                {
                    if (!_contents.TryGetValue(message.SharedContent, out var content))
                    {
                        _contents.Add(message.SharedContent, content = append.Content(new ContentParts(message.Content)));
                    }

                    append.Enqueue(message.Queue, message.Position, message.Overlay, content);
                }
            }

            _octets += message.Content.Length + message.Overlay.Length;
            if (_octets > StepOctets)
            {
                Wait(CommitLevel.Os);
            }
        }

        public void VisitDamage(JournalDamage damage) => Damages.Add(damage);

        public void VisitEnd(bool wasClosed) => _wasClosed = wasClosed;

        /// <summary>Waits until all is on the disk. What was on its way when the damaged journal ended still is.</summary>
        public void Finish(Func<IReadOnlySet<uint>, IEnumerable<(ushort Kind, byte[] Name, byte[] Value)>>? missing)
        {
            using (var append = journal.Append())
            {
                foreach (var (kind, name, value) in missing?.Invoke(_queues) ?? [])
                {
                    append.Define(kind, name, value);
                }

                foreach (var content in _contents.Values)
                {
                    append.Release(content);
                }
            }

            Wait(CommitLevel.Fsync);
            if (!_wasClosed)
            {
                journal.CloseAbruptly();
            }
        }

        public void HandleCommitted(ulong token) => _committed.Set();

        public void HandleFailed(ulong token, Exception error)
        {
            _failure = error;
            _committed.Set();
        }

        public void Dispose() => _committed.Dispose();

        private void Wait(CommitLevel level)
        {
            _octets = 0;
            _committed.Reset();
            using (var append = journal.Append())
            {
                append.Commit(this, 0, level);
            }

            _committed.Wait();
            if (_failure is { } failure)
            {
                throw new IOException("The repaired journal cannot be written.", failure);
            }
        }
    }
}
