namespace AmqpToolkit.Decode.Captures;

/// <summary>A file read front to back through one buffer.</summary>
internal sealed class CaptureStream(Stream stream)
{
    private byte[] _buffer = new byte[4096];

    /// <summary>Octets read so far.</summary>
    public long Offset { get; private set; }

    /// <summary>Reads so many octets, or what is left of the file. They are valid until the next call.</summary>
    public Span<byte> Read(int octets)
    {
        if (_buffer.Length < octets)
        {
            _buffer = new byte[Math.Max(octets, _buffer.Length * 2)];
        }

        Span<byte> target = _buffer.AsSpan(0, octets);
        int read = stream.ReadAtLeast(target, octets, throwOnEndOfStream: false);
        Offset += read;
        return target[..read];
    }

    /// <summary>Reads so many octets.</summary>
    /// <exception cref="CaptureException">The file ends before.</exception>
    public Span<byte> ReadAll(int octets, string what)
    {
        long start = Offset;
        Span<byte> read = Read(octets);
        return read.Length == octets ? read : throw new CaptureException($"the file ends {read.Length} octets into {what} of {octets}", start);
    }

    /// <summary>Passes over octets.</summary>
    /// <exception cref="CaptureException">The file ends before.</exception>
    public void Skip(long octets, string what)
    {
        while (octets > 0)
        {
            int part = (int)Math.Min(octets, _buffer.Length);
            ReadAll(part, what);
            octets -= part;
        }
    }
}
