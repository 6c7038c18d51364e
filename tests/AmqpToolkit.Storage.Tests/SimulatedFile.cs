namespace AmqpToolkit.Storage.Tests;

/// <summary>A file of a <see cref="SimulatedDisk"/>: what is written, what of it is on the disk.</summary>
internal sealed class SimulatedFile
{
    private readonly HashSet<long> _dirtySectors = [];

    /// <summary>What a sync that runs has found, and no more.</summary>
    private readonly Dictionary<long, byte[]> _syncing = [];
    private byte[] _octets = [];
    private byte[] _synced = [];

    public long Length => _octets.Length;

    public void Write(long offset, ReadOnlySpan<byte> octets)
    {
        if (offset + octets.Length > _octets.Length)
        {
            Array.Resize(ref _octets, (int)offset + octets.Length);
        }

        octets.CopyTo(_octets.AsSpan((int)offset));
        for (long sector = offset / SimulatedDisk.SectorOctets; sector * SimulatedDisk.SectorOctets < offset + octets.Length; sector++)
        {
            _dirtySectors.Add(sector);
        }
    }

    public int Read(long offset, Span<byte> octets)
    {
        int count = (int)Math.Clamp(_octets.Length - offset, 0, octets.Length);
        _octets.AsSpan((int)offset, count).CopyTo(octets);
        return count;
    }

    public void BeginSync()
    {
        foreach (long sector in _dirtySectors)
        {
            var (start, count) = ExtentOf(sector, _octets);
            _syncing[sector] = _octets.AsSpan(start, count).ToArray();
        }

        _dirtySectors.Clear();
    }

    public void EndSync(bool isDone)
    {
        if (isDone)
        {
            Array.Resize(ref _synced, _octets.Length);
        }

        foreach (var (sector, octets) in _syncing)
        {
            // What a sync could not write the system takes for written from then on.
            if (isDone)
            {
                octets.CopyTo(_synced.AsSpan((int)sector * SimulatedDisk.SectorOctets));
            }
        }

        _syncing.Clear();
    }

    public void Flip(long offset, int bit)
    {
        _octets[offset] ^= (byte)(1 << bit);
        _synced = (byte[])_octets.Clone();
    }

    public byte[] ToArray() => (byte[])_octets.Clone();

    /// <summary>The same file, what is not on the disk included.</summary>
    public SimulatedFile Copy()
    {
        var copy = new SimulatedFile { _octets = ToArray(), _synced = (byte[])_synced.Clone() };
        copy._dirtySectors.UnionWith(Unsynced());
        return copy;
    }

    /// <summary>What was synced, and each sector since then or not.</summary>
    public SimulatedFile AfterPowerLoss(Random random)
    {
        var octets = (byte[])_synced.Clone();
        if (random.Next(2) == 0)
        {
            Array.Resize(ref octets, _octets.Length);
        }

        int chance = random.Next(5);
        foreach (long sector in Unsynced())
        {
            var (start, count) = ExtentOf(sector, _octets);
            if (random.Next(4) < chance && start + count <= octets.Length)
            {
                CopySector(sector, _octets, octets);
            }
        }

        return new SimulatedFile { _octets = octets, _synced = (byte[])octets.Clone() };
    }

    /// <summary>A sync that runs may have got anywhere.</summary>
    private IEnumerable<long> Unsynced() => _dirtySectors.Union(_syncing.Keys).Order();

    private static (int Start, int Count) ExtentOf(long sector, byte[] octets)
    {
        int start = (int)sector * SimulatedDisk.SectorOctets;
        return (start, Math.Min(SimulatedDisk.SectorOctets, octets.Length - start));
    }

    private static void CopySector(long sector, byte[] from, byte[] to)
    {
        var (start, count) = ExtentOf(sector, from);
        from.AsSpan(start, count).CopyTo(to.AsSpan(start));
    }
}
