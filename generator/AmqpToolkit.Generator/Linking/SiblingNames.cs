namespace AmqpToolkit.Generator.Linking;

/// <summary>The C# names of things that stand beside each other: each is taken once.</summary>
internal sealed class SiblingNames(FindingList findings)
{
    private readonly Dictionary<string, string> _taken = new(StringComparer.Ordinal);

    /// <summary>Takes a name or, with a finding, does not.</summary>
    /// <param name="path">The file.</param>
    /// <param name="node">The element to blame.</param>
    /// <param name="name">The name in the definition.</param>
    /// <param name="csharpName">What it becomes.</param>
    public bool TryTake(string path, int node, string name, string csharpName)
    {
        if (_taken.TryGetValue(csharpName, out string other))
        {
            findings.AddCollision(path, node, "name", other, name, csharpName);
            return false;
        }

        _taken.Add(csharpName, name);
        return true;
    }
}
