namespace AmqpToolkit.Storage.Journaling;

/// <summary>A group that has no end yet, and where its records lie. Under the journal's gate.</summary>
internal sealed class OpenGroup
{
    private readonly List<GroupPart> _parts = [];
    private readonly List<uint> _settled = [];

    /// <summary>The segment that was the last one when the group began.</summary>
    public uint FirstSegment { get; private set; }

    /// <summary>The segments that have records of the group, in order.</summary>
    public IReadOnlyList<GroupPart> Parts => _parts;

    /// <summary>The segments of messages that the group is done with.</summary>
    public IReadOnlyList<uint> Settled => _settled;

    public void Begin(uint segment)
    {
        FirstSegment = segment;
        _parts.Clear();
        _settled.Clear();
    }

    /// <summary>The group is done with messages of a segment.</summary>
    public void NoteSettled(uint segment)
    {
        if (!_settled.Contains(segment))
        {
            _settled.Add(segment);
        }
    }

    /// <summary>Counts a record.</summary>
    public void Count(uint segment)
    {
        if (_parts.Count > 0 && _parts[^1] is var last && last.Segment == segment)
        {
            _parts[^1] = last with { Records = last.Records + 1 };
        }
        else
        {
            _parts.Add(new GroupPart(segment, 1));
        }
    }
}
