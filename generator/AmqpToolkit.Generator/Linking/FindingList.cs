using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;
using Microsoft.CodeAnalysis;

namespace AmqpToolkit.Generator.Linking;

/// <summary>Collects what the linker finds.</summary>
internal sealed class FindingList
{
    private readonly List<Finding> _findings = [];

    public void Add(DiagnosticDescriptor rule, string path, int node, string? attribute, params string[] arguments)
    {
        var finding = new Finding(rule.Id, path, node, attribute, arguments.ToEquatableArray());
        if (!_findings.Contains(finding))
        {
            _findings.Add(finding);
        }
    }

    public EquatableArray<Finding> ToEquatableArray() => _findings.ToEquatableArray();
}
