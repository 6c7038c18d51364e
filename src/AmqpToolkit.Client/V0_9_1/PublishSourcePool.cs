namespace AmqpToolkit.Client.V0_9_1;

/// <summary>The sources of one channel that nobody waits on. Any thread.</summary>
internal sealed class PublishSourcePool(AmqpChannel channel, int maxKept)
{
    private readonly Lock _gate = new();
    private PublishSource[] _sources = new PublishSource[16];
    private int _count;

    public PublishSource Rent()
    {
        lock (_gate)
        {
            return _count > 0 ? _sources[--_count] : new PublishSource(channel);
        }
    }

    public void Return(PublishSource source)
    {
        lock (_gate)
        {
            if (_count == maxKept)
            {
                return;
            }

            if (_count == _sources.Length)
            {
                Array.Resize(ref _sources, _count * 2);
            }

            _sources[_count++] = source;
        }
    }
}
