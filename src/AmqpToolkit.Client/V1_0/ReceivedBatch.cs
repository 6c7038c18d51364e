namespace AmqpToolkit.Client.V1_0;

/// <summary>
/// Messages that came together, as a handle to the receiver's memory: it holds until the receiver is asked for the next batch, and a use after that throws instead of showing other messages. Used by one thread at a
/// time. What is not settled by then may not be settled any more, and goes back when the link ends.
/// </summary>
public readonly struct ReceivedBatch : IEquatable<ReceivedBatch>
{
    private readonly AmqpReceiver? _receiver;
    private readonly ReceivedRow? _row;
    private readonly int _version;
    private readonly int _first;

    internal ReceivedBatch(AmqpReceiver receiver, ReceivedRow row)
    {
        _receiver = receiver;
        _row = row;
        _version = row.Version;
        _first = row.Next;
    }

    /// <summary>How many there are; at least one.</summary>
    /// <exception cref="ObjectDisposedException">The receiver was asked for the next batch.</exception>
    public int Count => Row.Count - _first;

    internal AmqpReceiver Receiver => _receiver ?? throw new InvalidOperationException("This is no batch.");

    private ReceivedRow Row => (_row ?? throw new InvalidOperationException("This is no batch.")).Version == _version
        ? _row
        : throw new ObjectDisposedException(nameof(ReceivedBatch), "The batch is over: the receiver was asked for the next one.");

    /// <summary>One of them, in the order in which they came.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many.</exception>
    /// <exception cref="ObjectDisposedException">The receiver was asked for the next batch.</exception>
    public ReceivedMessage this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            return new ReceivedMessage(this, index);
        }
    }

    /// <summary>Whether both are the same batch.</summary>
    public static bool operator ==(ReceivedBatch left, ReceivedBatch right) => left.Equals(right);

    /// <summary>Whether they are two.</summary>
    public static bool operator !=(ReceivedBatch left, ReceivedBatch right) => !left.Equals(right);

    /// <summary>Accepts all of which nothing was said yet, in one go: one frame says it of all in a row.</summary>
    /// <exception cref="AmqpException">The link has ended.</exception>
    /// <exception cref="ObjectDisposedException">The receiver was asked for the next batch.</exception>
    public void Accept() => Receiver.AcceptAll(Row, _first);

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
        public readonly ReceivedMessage Current => new(_batch, _at);

        /// <summary>Goes to the next.</summary>
        public bool MoveNext() => ++_at < _count;
    }
}
