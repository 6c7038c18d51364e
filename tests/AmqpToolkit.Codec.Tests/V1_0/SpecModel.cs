using System.Globalization;
using System.Xml.Linq;

namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>A composite or described value, as the XML of <c>spec/amqp1-0</c> has it; a described value is a composite's one field without its list.</summary>
internal sealed record SpecType(string Name, ulong Code, string Symbol, bool IsComposite, IReadOnlyList<SpecField> Fields)
{
    public override string ToString() => Name;
}

/// <summary>A field, with its type resolved to a primitive, a composite, or any.</summary>
internal sealed record SpecField(string Name, string Type, string Primitive, string? Requires, bool Mandatory, bool Multiple, string? Default)
{
    /// <summary>The name of the C# property; <c>Value</c> is appended where it would be that of its type.</summary>
    internal string PropertyOf(SpecType owner) => SpecModel.Pascal(Name) == SpecModel.Pascal(owner.Name) ? SpecModel.Pascal(Name) + "Value" : SpecModel.Pascal(Name);
}

/// <summary>The described types of 1.0, read from the XML by other code than the generator's.</summary>
internal static class SpecModel
{
    private static readonly XNamespace Amqp = "http://www.amqp.org/schema/amqp.xsd";

    private static readonly Dictionary<string, XElement> Types = Documents()
        .Where(document => document.Attribute("overlay")?.Value is null)
        .Concat(Documents().Where(document => document.Attribute("overlay") is not null))
        .SelectMany(document => document.Descendants(Amqp + "type"))
        .GroupBy(type => type.Attribute("name")!.Value)
        .ToDictionary(group => group.Key, Merge);

    internal static IReadOnlyList<SpecType> All { get; } =
    [
        .. Types.Values
            .Where(type => type.Element(Amqp + "descriptor") is not null)
            .Select(Read)
            .OrderBy(type => type.Code),
    ];

    internal static string Pascal(string name) => string.Concat(name.Split('-').Select(part => char.ToUpperInvariant(part[0]) + part[1..]));

    private static IEnumerable<XElement> Documents() =>
        Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "amqp1-0"), "*.xml").Order(StringComparer.Ordinal).Select(path => XDocument.Load(path).Root!);

    /// <summary>The attributes of overlays join those of the fields that they name.</summary>
    private static XElement Merge(IEnumerable<XElement> types)
    {
        XElement merged = new(types.First());
        foreach (XElement field in types.Skip(1).SelectMany(type => type.Elements(Amqp + "field")))
        {
            XElement target = merged.Elements(Amqp + "field").Single(other => other.Attribute("name")!.Value == field.Attribute("name")!.Value);
            foreach (XAttribute attribute in field.Attributes())
            {
                target.SetAttributeValue(attribute.Name, attribute.Value);
            }
        }

        return merged;
    }

    private static SpecType Read(XElement type)
    {
        XElement descriptor = type.Element(Amqp + "descriptor")!;
        string[] code = descriptor.Attribute("code")!.Value.Split(':');
        ulong number = (Hex(code[0]) << 32) | Hex(code[1]);
        bool isComposite = type.Attribute("class")!.Value == "composite";
        IReadOnlyList<SpecField> fields = isComposite
            ? [.. type.Elements(Amqp + "field").Select(Field)]
            : [new SpecField("value", type.Attribute("source")!.Value, Primitive(type.Attribute("source")!.Value), null, true, false, null)];
        return new SpecType(type.Attribute("name")!.Value, number, descriptor.Attribute("name")!.Value, isComposite, fields);
    }

    private static SpecField Field(XElement field)
    {
        string type = field.Attribute("type")!.Value;
        return new SpecField(
            field.Attribute("name")!.Value,
            type,
            Primitive(type),
            field.Attribute("requires")?.Value,
            field.Attribute("mandatory")?.Value == "true",
            field.Attribute("multiple")?.Value == "true",
            Default(type, field.Attribute("default")?.Value));
    }

    /// <summary>Follows the sources of restricted types. Composites stand for themselves.</summary>
    private static string Primitive(string type)
    {
        while (Types.TryGetValue(type, out XElement? element) && element.Attribute("class")!.Value == "restricted")
        {
            type = element.Attribute("source")!.Value;
        }

        return type;
    }

    /// <summary>A default may be the name of a choice; then it is the value of that.</summary>
    private static string? Default(string type, string? text)
    {
        for (string at = type; text is not null && Types.TryGetValue(at, out XElement? element); at = element.Attribute("source")?.Value ?? "")
        {
            XElement? choice = element.Elements(Amqp + "choice").FirstOrDefault(item => item.Attribute("name")!.Value == text);
            if (choice is not null)
            {
                return choice.Attribute("value")!.Value;
            }
        }

        return text;
    }

    private static ulong Hex(string text) => ulong.Parse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
