namespace AmqpToolkit.Storage.Journaling;

/// <summary>
/// Where the record of each definition lies. A removal stays, too, as long as an older segment may still hold what it removed. Under
/// the journal's gate.
/// </summary>
internal sealed class DefinitionTable
{
    private readonly Dictionary<DefinitionName, DefinitionEntry> _entries = [];

    public int Count => _entries.Count;

    public IEnumerable<KeyValuePair<DefinitionName, DefinitionEntry>> Entries => _entries;

    /// <summary>Sets the record of a name.</summary>
    /// <returns>The record before.</returns>
    public DefinitionEntry? Set(ushort kind, ReadOnlySpan<byte> name, DefinitionEntry entry)
    {
        var key = new DefinitionName(kind, name.ToArray());
        DefinitionEntry? old = _entries.TryGetValue(key, out var found) ? found : null;
        _entries[key] = entry;
        return old;
    }

    public bool TryGet(DefinitionName name, out DefinitionEntry entry) => _entries.TryGetValue(name, out entry);

    public void Forget(DefinitionName name) => _entries.Remove(name);

    /// <summary>Takes out the removals that stand in <paramref name="oldestSegment"/>: nothing older is left.</summary>
    public IReadOnlyList<DefinitionEntry> TakeSettledRemovals(uint oldestSegment)
    {
        List<DefinitionEntry>? settled = null;
        foreach (var (name, entry) in _entries)
        {
            if (entry.IsRemoval && entry.Location.Segment <= oldestSegment)
            {
                (settled ??= []).Add(entry);
                _entries.Remove(name);
            }
        }

        return settled ?? (IReadOnlyList<DefinitionEntry>)[];
    }
}
