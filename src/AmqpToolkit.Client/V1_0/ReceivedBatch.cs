namespace AmqpToolkit.Client.V1_0;

/// <summary>
/// Messages that came together, as a handle to the receiver's memory: it holds until it is disposed of, which it must be before the next is asked for; a use after that throws instead of showing other messages. Used by
/// one thread at a time. What is not settled by then may not be settled any more, and goes back when the link ends. An empty one is the end: the receiver was stopped, or the link closed here.
/// </summary>
public readonly struct ReceivedBatch : IEquatable<ReceivedBatch>, IDisposable
{
    private readonly AmqpReceiver? _receiver;
    private readonly ReceivedRow? _row;
    private readonly int _version;
    private readonly int _first;
    private readonly long _octets;

    internal ReceivedBatch(AmqpReceiver receiver, ReceivedRow row)
    {
        _receiver = receiver;
        _row = row;
        _version = row.Version;
        _first = row.Next;
        _octets = row.LeftOctets;
    }

    /// <summary>Whether there are none: nothing more comes.</summary>
    public bool IsEmpty => _row is null;

    /// <summary>How many there are.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed of.</exception>
    public int Count => _row is null ? 0 : Row.Count - _first;

    internal AmqpReceiver Receiver => _receiver!;

    private ReceivedRow Row => _row!.Version == _version ? _row : throw new ObjectDisposedException(nameof(ReceivedBatch));

    /// <summary>One of them, in the order in which they came.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed of.</exception>
    public BatchMessage this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            return new BatchMessage(this, index);
        }
    }

    /// <summary>Whether both are the same batch.</summary>
    public static bool operator ==(ReceivedBatch left, ReceivedBatch right) => left.Equals(right);

    /// <summary>Whether they are two.</summary>
    public static bool operator !=(ReceivedBatch left, ReceivedBatch right) => !left.Equals(right);

    /// <summary>Accepts all of which nothing was said yet, in one go: one frame says it of all in a row.</summary>
    /// <exception cref="AmqpException">The link has ended.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed of.</exception>
    public void Accept()
    {
        if (!IsEmpty)
        {
            Receiver.AcceptAll(Row, _first);
        }
    }

    /// <summary>Gives the memory back. May be called more than once.</summary>
    public void Dispose() => _receiver?.EndBatch(_row!, _version, _octets);

    /// <summary>Goes through them.</summary>
    public Enumerator GetEnumerator() => new(this);

    /// <inheritdoc/>
    public bool Equals(ReceivedBatch other) => ReferenceEquals(_row, other._row) && _version == other._version;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ReceivedBatch other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_row, _version);

    internal ReadOnlySpan<byte> OctetsOf(int index) => Row.OctetsOf(_first + index);

    internal ref ReceivedEntry EntryOf(int index) => ref Row[_first + index];

    /// <summary>Goes through a batch.</summary>
    public ref struct Enumerator
    {
        private readonly ReceivedBatch _batch;
        private readonly int _count;
        private int _at;

        internal Enumerator(ReceivedBatch batch)
        {
            _batch = batch;
            _count = batch.Count;
            _at = -1;
        }

        /// <summary>The message at hand.</summary>
        public readonly BatchMessage Current => new(_batch, _at);

        /// <summary>Goes to the next.</summary>
        public bool MoveNext() => ++_at < _count;
    }
}
