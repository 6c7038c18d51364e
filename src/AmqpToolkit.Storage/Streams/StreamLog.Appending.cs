using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Streams;

/// <content>What is appended, and the blocks in which it gathers.</content>
internal sealed partial class StreamLog
{
    /// <summary>What was appended and is not committed, and behind that what readers at the end of the log still want. Under the log's lock.</summary>
    private readonly List<StreamBlock> _blocks = [];
    private long _nextOffset;
    private long _lastTimestamp;

    /// <summary>Takes the log's lock for a row of messages. Dispose what it returns.</summary>
    /// <param name="now">Their time, in milliseconds since 1970; a clock that goes back does not take the log's times with it.</param>
    public Appender Append(long now) => new(this, now);

    /// <summary>The log's lock, held while messages are appended.</summary>
    public ref struct Appender
    {
        private readonly StreamLog _log;
        private Lock.Scope _scope;
        private int _octets;

        internal Appender(StreamLog log, long now)
        {
            _log = log;
            _scope = log._gate.EnterScope();
            log._lastTimestamp = Math.Max(log._lastTimestamp, now);
        }

        /// <summary>Room for a message, which gets the next offset; to be filled before the next call.</summary>
        public Span<byte> Add(int octets)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(octets, StreamRecord.MaxPayloadOctets);
            _octets += StreamRecord.WholeOctetsOf(octets);
            return _log.Reserve(octets);
        }

        /// <summary>Gives the lock back and has written what was appended.</summary>
        public void Dispose()
        {
            _scope.Dispose();
            if (_octets > 0)
            {
                _log.HaveWritten(_octets);
            }
        }
    }

    private Span<byte> Reserve(int payloadOctets)
    {
        int octets = StreamRecord.WholeOctetsOf(payloadOctets);
        if (_blocks.Count == 0 || _blocks[^1].Room < octets)
        {
            _blocks.Add(new StreamBlock(Math.Max(options.BlockOctets, octets + MarkOctets), _nextOffset));
        }

        var block = _blocks[^1];
        var record = block.Octets.AsSpan(block.Count, octets);
        block.Count += octets;
        return StreamRecord.Prepare(record, StreamRecordKind.Message, payloadOctets, _nextOffset++, _lastTimestamp);
    }

    private void HaveWritten(int octets)
    {
        if (Journal is { } journal)
        {
            // Who reads at the end of the log waits, even where nobody waits for a confirm.
            using var appender = journal().Append();
            appender.Beside(this, octets, Level, isAwaited: Volatile.Read(ref _cursors) > 0);
        }
        else
        {
            lock (_writerGate)
            {
                Write();
                Commit();
            }
        }
    }

    /// <summary>Gives back blocks that nobody will ask for. Under the log's lock.</summary>
    private void Prune()
    {
        int committed = _blocks.FindIndex(static block => block.Committed < block.Count);
        committed = committed < 0 ? _blocks.Count : committed;
        long room = Volatile.Read(ref _cursors) == 0 ? 0 : options.TailOctets;
        int dropped = committed;
        while (dropped > 0 && _blocks[dropped - 1].Octets.Length <= room)
        {
            room -= _blocks[--dropped].Octets.Length;
        }

        for (int index = 0; index < dropped; index++)
        {
            _blocks[index].Release();
        }

        _blocks.RemoveRange(0, dropped);
    }
}
