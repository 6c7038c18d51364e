namespace AmqpToolkit.Storage.Journaling;

/// <summary>Reads records that mostly follow each other, some hundred KiB at a time. One thread.</summary>
internal sealed class RecordWindow(SegmentTable<JournalSegment> segments)
{
    private const int WindowOctets = 512 * 1024;

    private byte[] _window = new byte[WindowOctets];
    private uint _segment;
    private long _start;
    private int _count;

    /// <summary>The payload of a whole record; valid until the next call.</summary>
    public ReadOnlySpan<byte> Read(JournalLocation location)
    {
        int payloadOctets = RecordHeader.Read(Peek(location, RecordHeader.Octets)).PayloadOctets;
        return Peek(location, RecordHeader.Octets + payloadOctets)[RecordHeader.Octets..];
    }

    private ReadOnlySpan<byte> Peek(JournalLocation location, int octets)
    {
        if (location.Segment != _segment || location.Offset < _start || location.Offset + (long)octets > _start + _count)
        {
            if (octets > _window.Length)
            {
                _window = new byte[octets];
            }

            var file = segments[location.Segment].File!;
            _segment = location.Segment;
            _start = location.Offset;
            _count = file.Read(_start, _window);
        }

        return _window.AsSpan((int)(location.Offset - _start), octets);
    }
}
