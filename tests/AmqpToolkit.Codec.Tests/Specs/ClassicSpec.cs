using System.Globalization;
using System.Xml.Linq;

namespace AmqpToolkit.Codec.Tests.Specs;

/// <summary>
/// What the XML of 0-8, 0-9 and 0-9-1 says, read by hands of its own: the tests compare generated code with this, not with the generator's model.
/// </summary>
internal sealed class ClassicSpec
{
    private readonly Dictionary<string, string> _domains = new(StringComparer.Ordinal);

    private ClassicSpec(params string[] files)
    {
        foreach (XElement root in files.Select(Naming.Document))
        {
            foreach (XElement domain in root.Elements("domain"))
            {
                _domains[Dashed(domain, "name")] = (string)domain.Attribute("type")!;
            }

            foreach (XElement item in root.Elements("class"))
            {
                AddClass(item);
            }
        }
    }

    internal static IReadOnlyDictionary<string, ClassicSpec> Editions { get; } = new Dictionary<string, ClassicSpec>
    {
        ["AmqpToolkit.Codec.V0_8"] = new("amqp0-8.xml"),
        ["AmqpToolkit.Codec.V0_9"] = new("amqp0-9.xml"),
        ["AmqpToolkit.Codec.V0_9_1"] = new("amqp0-9-1.xml", "amqp0-9-1.rabbitmq.xml"),
    };

    internal List<SpecClass> Classes { get; } = [];

    internal IEnumerable<SpecMethod> Methods => Classes.SelectMany(item => item.Methods);

    private static string Dashed(XElement element, string attribute) => ((string)element.Attribute(attribute)!).Replace(' ', '-');

    private void AddClass(XElement element)
    {
        string name = Dashed(element, "name");
        SpecClass? item = Classes.Find(other => other.Name == name);
        if (item is null)
        {
            Classes.Add(item = new SpecClass(name, Number(element)));
            item.Properties.AddRange(element.Elements("field").Select(Field));
        }

        foreach (XElement method in element.Elements("method"))
        {
            AddMethod(item, method);
        }
    }

    private void AddMethod(SpecClass owner, XElement element)
    {
        string name = Dashed(element, "name");
        SpecMethod? method = owner.Methods.Find(other => other.Name == name);
        if (method is null)
        {
            owner.Methods.Add(method = new SpecMethod(owner, name, Number(element), (string?)element.Attribute("content") == "1"));
        }

        method.Synchronous |= (string?)element.Attribute("synchronous") == "1";
        method.Receivers.UnionWith(element.Elements("chassis").Select(chassis => (string)chassis.Attribute("name")!));
        foreach (XElement field in element.Elements("field"))
        {
            string? replaced = (string?)field.Attribute("replaces");
            if (replaced is null)
            {
                method.Fields.Add(Field(field));
            }
            else
            {
                method.Fields[method.Fields.FindIndex(other => other.Name == replaced)] = Field(field);
            }
        }
    }

    private SpecField Field(XElement element)
    {
        string type = ((string?)element.Attribute("domain") ?? (string)element.Attribute("type")!).Replace(' ', '-');
        while (_domains.TryGetValue(type, out string? next) && next != type)
        {
            type = next;
        }

        return new SpecField(Dashed(element, "name"), type, (string?)element.Attribute("reserved") == "1");
    }

    private static int Number(XElement element) => int.Parse((string)element.Attribute("index")!, CultureInfo.InvariantCulture);
}

internal sealed record SpecField(string Name, string Type, bool Reserved);

internal sealed class SpecClass(string name, int index)
{
    internal string Name => name;

    internal int Index => index;

    internal List<SpecField> Properties { get; } = [];

    internal List<SpecMethod> Methods { get; } = [];
}

internal sealed class SpecMethod(SpecClass owner, string name, int index, bool hasContent)
{
    internal SpecClass Class => owner;

    internal string Name => name;

    internal uint Key => ((uint)owner.Index << 16) | (uint)index;

    internal bool HasContent => hasContent;

    internal bool Synchronous { get; set; }

    internal HashSet<string> Receivers { get; } = [];

    internal List<SpecField> Fields { get; } = [];

    internal string TypeName => Naming.Pascal(owner.Name) + Naming.Pascal(name);

    public override string ToString() => $"{owner.Name}.{name}";
}
