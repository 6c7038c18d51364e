namespace AmqpToolkit.Storage.Journaling;

/// <summary>A group that has no end yet, and where its records lie. Under the journal's gate.</summary>
internal sealed class OpenGroup
{
    private readonly List<GroupPart> _parts = [];

    /// <summary>The segment that was the last one when the group began.</summary>
    public uint FirstSegment { get; private set; }

    /// <summary>The segments that have records of the group, in order.</summary>
    public IReadOnlyList<GroupPart> Parts => _parts;

    public void Begin(uint segment)
    {
        FirstSegment = segment;
        _parts.Clear();
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
