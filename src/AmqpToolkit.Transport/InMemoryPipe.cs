using System.Threading.Tasks.Sources;

namespace AmqpToolkit.Transport;

/// <summary>One direction of an in-memory stream: a bounded ring of octets with one writer and one reader.</summary>
internal sealed class InMemoryPipe(int capacityOctets)
{
    private readonly Lock _gate = new();
    private readonly Signal _readable = new();
    private readonly Signal _writable = new();
    private byte[] _ring = [];
    private int _head;
    private int _count;
    private bool _writingEnded;
    private bool _readingEnded;

    /// <summary>Whether either side has ended.</summary>
    public bool HasEnded
    {
        get
        {
            lock (_gate)
            {
                return _writingEnded || _readingEnded;
            }
        }
    }

    /// <summary>Completes when octets are there or the writer has ended.</summary>
    public ValueTask WaitForDataAsync()
    {
        lock (_gate)
        {
            if (_readingEnded && !_writingEnded)
            {
                throw new IOException("The stream is closed.");
            }

            return _count > 0 || _writingEnded || _readingEnded ? ValueTask.CompletedTask : _readable.Arm();
        }
    }

    /// <summary>Completes when at least one octet can be written.</summary>
    public ValueTask WaitForRoomAsync()
    {
        lock (_gate)
        {
            return _readingEnded || _writingEnded || _count < capacityOctets ? ValueTask.CompletedTask : _writable.Arm();
        }
    }

    public int Read(Span<byte> destination)
    {
        int octets;
        lock (_gate)
        {
            if (_readingEnded)
            {
                return 0;
            }

            octets = Math.Min(destination.Length, _count);
            int first = Math.Min(octets, _ring.Length - _head);
            _ring.AsSpan(_head, first).CopyTo(destination);
            _ring.AsSpan(0, octets - first).CopyTo(destination[first..]);
            _head = octets == _count ? 0 : (_head + octets) % _ring.Length;
            _count -= octets;
            if (_count == 0)
            {
                // An idle pair holds no memory.
                _ring = [];
            }

            _writable.Set();
        }

        return octets;
    }

    public int Write(ReadOnlySpan<byte> source)
    {
        int octets;
        lock (_gate)
        {
            if (_writingEnded || _readingEnded)
            {
                throw new IOException("The stream is closed.");
            }

            octets = Math.Min(source.Length, capacityOctets - _count);
            Grow(_count + octets);
            int tail = (_head + _count) % _ring.Length;
            int first = Math.Min(octets, _ring.Length - tail);
            source[..first].CopyTo(_ring.AsSpan(tail));
            source[first..octets].CopyTo(_ring);
            _count += octets;
            _readable.Set();
        }

        return octets;
    }

    public void CompleteWriting()
    {
        lock (_gate)
        {
            _writingEnded = true;
            _readable.Set();
            _writable.Set();
        }
    }

    public void CompleteReading()
    {
        lock (_gate)
        {
            _readingEnded = true;
            _count = 0;
            _ring = [];
            _readable.Set();
            _writable.Set();
        }
    }

    private void Grow(int octets)
    {
        if (_ring.Length >= octets)
        {
            return;
        }

        var larger = new byte[Math.Min(capacityOctets, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(4096, octets)))];
        int first = Math.Min(_count, _ring.Length - _head);
        _ring.AsSpan(_head, first).CopyTo(larger);
        _ring.AsSpan(0, _count - first).CopyTo(larger.AsSpan(first));
        _ring = larger;
        _head = 0;
    }

    /// <summary>A reusable one-waiter event. Armed and set under the pipe's lock: a late signal would wake the next wait for nothing.</summary>
    private sealed class Signal : IValueTaskSource
    {
        private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
        private bool _isArmed;

        public ValueTask Arm()
        {
            _core.Reset();
            _isArmed = true;
            return new ValueTask(this, _core.Version);
        }

        public void Set()
        {
            if (_isArmed)
            {
                _isArmed = false;
                _core.SetResult(true);
            }
        }

        public void GetResult(short token) => _core.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);
    }
}
