namespace AmqpToolkit.Storage.Tests;

/// <summary>A file of a <see cref="SimulatedDisk"/>: what is written, what of it is on the disk.</summary>
internal sealed class SimulatedFile
{
    private readonly HashSet<long> _dirtySectors = [];
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

    public void Sync()
    {
        Array.Resize(ref _synced, _octets.Length);
        foreach (long sector in _dirtySectors)
        {
            CopySector(sector, _octets, _synced);
        }

        _dirtySectors.Clear();
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
        copy._dirtySectors.UnionWith(_dirtySectors);
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
        foreach (long sector in _dirtySectors)
        {
            if (random.Next(4) < chance && (sector + 1) * SimulatedDisk.SectorOctets <= octets.Length)
            {
                CopySector(sector, _octets, octets);
            }
        }

        return new SimulatedFile { _octets = octets, _synced = (byte[])octets.Clone() };
    }

    private static void CopySector(long sector, byte[] from, byte[] to)
    {
        int start = (int)sector * SimulatedDisk.SectorOctets;
        int count = Math.Min(SimulatedDisk.SectorOctets, from.Length - start);
        from.AsSpan(start, count).CopyTo(to.AsSpan(start));
    }
}
