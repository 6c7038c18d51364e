using AmqpToolkit.Generator.Infrastructure;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace AmqpToolkit.Generator.Diagnostics;

/// <summary>A stretch of one line of a file; line and column count from 0.</summary>
internal sealed record Stretch(int Start, int Length, int Line, int Column)
{
    public Location ToLocation(string path) => Location.Create(
        path,
        new TextSpan(Start, Length),
        new LinePositionSpan(new LinePosition(Line, Column), new LinePosition(Line, Column + Length)));
}

/// <summary>Where the value of an attribute stands.</summary>
internal sealed record AttributeLocation(string Name, Stretch Value);

/// <summary>Where the name of an element stands, and the values of its attributes.</summary>
internal sealed record NodeLocation(Stretch Name, EquatableArray<AttributeLocation> Attributes);

/// <summary>
/// Where the elements of one file stand, by their ordinal. Kept apart from the documents, so that a moved line is no changed document.
/// </summary>
internal sealed record LocationTable(string Path, EquatableArray<NodeLocation> Nodes)
{
    /// <summary>The value of the attribute if the element has it, else the name of the element.</summary>
    public Location Find(int node, string? attribute)
    {
        if (node >= Nodes.Count)
        {
            return Location.Create(Path, default, default);
        }

        foreach (AttributeLocation candidate in Nodes[node].Attributes)
        {
            if (candidate.Name == attribute)
            {
                return candidate.Value.ToLocation(Path);
            }
        }

        return Nodes[node].Name.ToLocation(Path);
    }
}
