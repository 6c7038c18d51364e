using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Linking;

/// <summary>The domains of an edition, and where their chains end.</summary>
internal sealed class Domains(FindingList findings)
{
    private readonly Dictionary<string, Sourced<RawDomain>> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _byFoldedName = new(StringComparer.Ordinal);

    /// <summary>Takes over the domains of a document.</summary>
    public void Add(ClassicDocument document)
    {
        foreach (RawDomain domain in document.Domains)
        {
            if (_byFoldedName.TryGetValue(Spelling.Fold(domain.Name), out string known))
            {
                findings.Add(Rules.Duplicate, document.Path, domain.Node, "name", "domain name", domain.Name, $"the domain '{known}'");
                continue;
            }

            _byName.Add(domain.Name, new Sourced<RawDomain>(document.Path, domain));
            _byFoldedName.Add(Spelling.Fold(domain.Name), domain.Name);
        }
    }

    /// <summary>The base type of a field, or null when its chain ends nowhere; reports nothing.</summary>
    public WireType? WireOf(RawField field) => Resolve(null, field)?.Wire;

    /// <summary>The base type of a field with what its domains say besides. Reports into the findings; null when the chain ends nowhere.</summary>
    public Resolved? Resolve(string path, RawField field, bool report) => Resolve(report ? path : null, field);

    private Resolved? Resolve(string? path, RawField field)
    {
        string attribute = field.Domain is not null ? "domain" : "type";
        string? name = field.Domain ?? field.Type;
        if (name is null)
        {
            Report(Rules.BadAttribute, path, field.Node, "domain", "field", "domain", "a domain of this document, or 'type' with a base type");
            return null;
        }

        string? label = null;
        var asserts = new List<Sourced<RawAssert>>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        (string? at, int node) = (path, field.Node);
        while (true)
        {
            Sourced<RawDomain>? domain = Find(name, at, node, attribute);
            bool isBase = BaseTypes.TryFind(name, out WireType wire);
            if (domain is null && !isBase)
            {
                Report(Rules.UnknownDomain, at, node, attribute, name, Spelling.Suggest(name, _byName.Keys.Concat(BaseTypes.Names).Distinct(StringComparer.Ordinal)));
                return null;
            }

            // A base type that is declared refers to itself; its label would describe the type, not the field.
            if (isBase && (domain is null || domain.Item.Type == domain.Item.Name))
            {
                return new Resolved(wire, label, asserts);
            }

            if (!seen.Add(domain!.Item.Name))
            {
                Report(Rules.DomainCycle, path is null ? null : domain.Path, domain.Item.Node, "type", domain.Item.Name);
                return null;
            }

            label ??= domain.Item.Label;
            asserts.AddRange(domain.Item.Asserts.Select(assert => new Sourced<RawAssert>(domain.Path, assert)));
            (at, node, attribute, name) = (path is null ? null : domain.Path, domain.Item.Node, "type", domain.Item.Type);
        }
    }

    private Sourced<RawDomain>? Find(string name, string? path, int node, string attribute)
    {
        if (_byName.TryGetValue(name, out Sourced<RawDomain> domain))
        {
            return domain;
        }

        if (!BaseTypes.TryFind(name, out _) && _byFoldedName.TryGetValue(Spelling.Fold(name), out string known))
        {
            Report(Rules.FoldedName, path, node, attribute, name, known);
            return _byName[known];
        }

        return null;
    }

    private void Report(Microsoft.CodeAnalysis.DiagnosticDescriptor rule, string? path, int node, string attribute, params string[] arguments)
    {
        if (path is not null)
        {
            findings.Add(rule, path, node, attribute, arguments);
        }
    }
}

/// <summary>Where a field's chain of domains ends, and what was said on the way.</summary>
internal sealed class Resolved(WireType wire, string? label, List<Sourced<RawAssert>> asserts)
{
    public WireType Wire { get; } = wire;

    public string? Label { get; } = label;

    public List<Sourced<RawAssert>> Asserts { get; } = asserts;
}
