using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;
using Microsoft.CodeAnalysis;

namespace AmqpToolkit.Generator.Linking;

/// <summary>Collects what the linker finds, each thing once.</summary>
internal sealed class FindingList
{
    private readonly List<Finding> _findings = [];
    private readonly HashSet<Finding> _known = [];

    public void Add(DiagnosticDescriptor rule, string path, int node, string? attribute, params string[] arguments)
    {
        var finding = new Finding(rule.Id, path, node, attribute, arguments.ToEquatableArray());
        if (_known.Add(finding))
        {
            _findings.Add(finding);
        }
    }

    /// <summary>Two things have one name, in the definition or in C#.</summary>
    public void AddCollision(string path, int node, string attribute, string other, string name, string csharpName)
    {
        if (other == name)
        {
            Add(Rules.Duplicate, path, node, attribute, "name", name, "another one beside it");
        }
        else
        {
            Add(Rules.NameCollision, path, node, attribute, other, name, csharpName);
        }
    }

    public EquatableArray<Finding> ToEquatableArray() => _findings.ToEquatableArray();
}
