using AmqpToolkit.Generator.Diagnostics;

namespace AmqpToolkit.Generator.Linking;

/// <summary>
/// The C# names of an edition's types: each is taken once, and none that the emitted code needs for itself. Where types have files of their own their
/// names differ in more than case, since names of files do not.
/// </summary>
internal sealed class TypeNames(ReservedNames reserved, StringComparer comparer, FindingList findings)
{
    private readonly Dictionary<string, string> _taken = new(comparer);

    /// <summary>Takes all of the names or, with a finding, none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="node">The element to blame.</param>
    /// <param name="attribute">Its attribute.</param>
    /// <param name="name">The name in the definition.</param>
    /// <param name="typeNames">What it becomes.</param>
    public bool TryTake(string path, int node, string attribute, string name, params string[] typeNames)
    {
        foreach (string typeName in typeNames)
        {
            if (reserved.IsReserved(typeName))
            {
                findings.Add(Rules.ReservedName, path, node, attribute, name, typeName);
                return false;
            }

            if (_taken.TryGetValue(typeName, out string other))
            {
                findings.AddCollision(path, node, attribute, other, name, typeName);
                return false;
            }
        }

        foreach (string typeName in typeNames)
        {
            _taken[typeName] = name;
        }

        return true;
    }
}
