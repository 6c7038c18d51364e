using AmqpToolkit.Storage.Files;

namespace AmqpToolkit.Storage.Journaling;

/// <summary>Looks through a journal and changes nothing.</summary>
internal static class JournalCheck
{
    /// <summary>Reads a journal as opening it does.</summary>
    /// <param name="files">Its folder; locked meanwhile, and let go.</param>
    /// <param name="queueOf">Which definitions declare queues.</param>
    /// <exception cref="IOException">The folder is in use, or cannot be read.</exception>
    /// <exception cref="JournalVersionException">The journal is of a version that this code does not know.</exception>
    public static JournalReport Run(IFileLayer files, QueueOf queueOf)
    {
        using (files)
        {
            files.Lock();
            var visitor = new CountingVisitor(queueOf);
            var state = new JournalRecovery(files, new JournalOptions(), visitor) { IsReadOnly = true }.Run();
            long octets = 0;
            foreach (var segment in state.Segments.Values)
            {
                octets += segment.EndOffset;
                segment.File?.Dispose();
            }

            return visitor.Report(state.Segments.Count, octets);
        }
    }

    private sealed class CountingVisitor(QueueOf queueOf) : IJournalVisitor
    {
        private readonly HashSet<uint> _queues = [];
        private readonly SortedDictionary<uint, long> _messages = [];
        private readonly HashSet<uint> _removed = [];
        private readonly List<JournalDamage> _damages = [];
        private int _definitions;
        private bool _wasClosed;

        public JournalReport Report(int segments, long octets) => new(segments, octets, _definitions, _messages, _damages, _wasClosed) { Removed = _removed };

        public void VisitDefinition(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
        {
            _definitions++;
            if (queueOf(kind, name, value) is > 0 and var queue)
            {
                _queues.Add(queue);
                _messages[queue] = 0;
            }
        }

        public void VisitReplaced(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => _removed.Add(queueOf(kind, name, value));

        public bool WasRemoved(uint queue) => _removed.Contains(queue);

        public bool HasQueue(uint queue) => _queues.Contains(queue);

        public bool WantsContents(uint queue) => false;

        public void VisitMessage(in RecoveredMessage message) => _messages[message.Queue]++;

        public void VisitDamage(JournalDamage damage) => _damages.Add(damage);

        public void VisitEnd(bool wasClosed) => _wasClosed = wasClosed;
    }
}
