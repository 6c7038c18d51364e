using System.Xml.Linq;
using AmqpToolkit.Generator.Diagnostics;

namespace AmqpToolkit.Generator.Reading;

/// <summary>A file while it is read: its elements by ordinal, and what was found in it.</summary>
internal sealed class SpecSource(SpecInput input)
{
    private readonly Dictionary<XElement, int> _nodes = [];
    private readonly List<Finding> _findings = [];

    public SpecInput Input { get; } = input;

    public IReadOnlyList<Finding> Findings => _findings;

    public int Node(XElement element) => _nodes[element];

    public void Number(XElement element) => _nodes.Add(element, _nodes.Count);

    public void Report(Finding finding) => _findings.Add(finding);
}
