using System.Globalization;
using System.Xml.Linq;

namespace AmqpToolkit.Codec.Tests.Specs;

/// <summary>What the XML of 0-10 says, read by hands of its own.</summary>
internal sealed class CommandSpec
{
    internal const string Edition = "AmqpToolkit.Codec.V0_10";

    private static readonly XNamespace Xmlns = "http://www.amqp.org/schema/amqp.xsd";

    private readonly Dictionary<string, (string Scope, string Type)> _domains = [];
    private readonly Dictionary<string, int> _codes = [];

    private CommandSpec(XElement root)
    {
        foreach (XElement type in root.Elements(Xmlns + "type"))
        {
            string name = (string)type.Attribute("name")!;
            _codes[name] = type.Attribute("code") is { } code ? Hex(code) : -1;
            Lengths[name] = (int?)type.Attribute("variable-width") ?? -(int)type.Attribute("fixed-width")!;
        }

        AddDomains("", root);
        foreach (XElement item in root.Elements(Xmlns + "class"))
        {
            AddDomains((string)item.Attribute("name")!, item);
        }

        foreach (XElement item in root.Elements(Xmlns + "class"))
        {
            AddClass((string)item.Attribute("name")!, Hex(item.Attribute("code")!), item);
        }
    }

    internal static CommandSpec Instance { get; } = new(Naming.Document("amqp0-10.xml"));

    /// <summary>Octets of the length of a type, or the negative width of one without.</summary>
    internal Dictionary<string, int> Lengths { get; } = [];

    internal List<SpecPacked> Packed { get; } = [];

    internal SpecPacked Find(string typeName) => Packed.Single(item => item.TypeName == typeName);

    /// <summary>Codes of the types that stand in maps.</summary>
    internal int CodeOf(string type) => _codes[type];

    private static int Hex(XAttribute code) => int.Parse(((string)code)[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static string TypeName(string scope, string name) =>
        Naming.Pascal(scope.Length == 0 || name.StartsWith(scope + "-", StringComparison.Ordinal) ? name : $"{scope}-{name}");

    private void AddDomains(string scope, XElement parent)
    {
        foreach (XElement domain in parent.Elements(Xmlns + "domain"))
        {
            string name = (string)domain.Attribute("name")!;
            _domains[scope.Length == 0 ? name : $"{scope}.{name}"] = (scope, (string)domain.Attribute("type")!);
        }
    }

    private void AddClass(string scope, int classCode, XElement element)
    {
        foreach (XElement item in element.Elements(Xmlns + "struct").Concat(element.Descendants(Xmlns + "result").Elements(Xmlns + "struct")))
        {
            int? code = item.Attribute("code") is { } own ? (classCode << 8) | Hex(own) : null;
            Add("struct", scope, code, (int)item.Attribute("size")!, (int)item.Attribute("pack")!, item);
        }

        foreach (string kind in new[] { "control", "command" })
        {
            foreach (XElement item in element.Elements(Xmlns + kind))
            {
                Add(kind, scope, (classCode << 8) | Hex(item.Attribute("code")!), size: 0, pack: 2, item);
            }
        }
    }

    private void Add(string kind, string scope, int? code, int size, int pack, XElement element)
    {
        string name = (string)element.Attribute("name")!;
        IEnumerable<SpecField> fields = element.Elements(Xmlns + "field")
            .Select(field => new SpecField((string)field.Attribute("name")!, Resolve(scope, (string)field.Attribute("type")!), Reserved: false));
        string? result = (string?)element.Element(Xmlns + "result")?.Attribute("type") ?? (string?)element.Element(Xmlns + "result")?.Element(Xmlns + "struct")?.Attribute("name");
        Packed.Add(new SpecPacked(
            kind,
            $"{scope}.{name}",
            TypeName(scope, name),
            code,
            size,
            pack,
            [.. fields],
            [.. element.Elements(Xmlns + "implement").Select(implement => (string)implement.Attribute("role")!)],
            result is null ? null : TypeName(scope, result),
            element.Element(Xmlns + "segments")?.Element(Xmlns + "body") is not null));
    }

    /// <summary>A base type, or a struct by the name of its C# type.</summary>
    private string Resolve(string scope, string name)
    {
        while (true)
        {
            if (_domains.TryGetValue($"{scope}.{name}", out (string Scope, string Type) domain) || _domains.TryGetValue(name, out domain))
            {
                (scope, name) = domain;
                continue;
            }

            return Lengths.ContainsKey(name) ? name : TypeName(scope, name);
        }
    }
}

internal sealed record SpecPacked(
    string Kind,
    string Name,
    string TypeName,
    int? Code,
    int Size,
    int Pack,
    IReadOnlyList<SpecField> Fields,
    IReadOnlyList<string> Roles,
    string? Result,
    bool HasBody)
{
    internal MethodType Type { get; } = MethodType.Named(CommandSpec.Edition, TypeName);

    internal bool ReceivedBy(string role) => Roles.Any(other => other == role || other is "sender" or "receiver");

    public override string ToString() => Name;
}
