using System.Globalization;
using System.Xml.Linq;
using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;

namespace AmqpToolkit.Generator.Reading;

/// <summary>Reads the type grammar (1.0 and its overlays) into a <see cref="TypeDocument"/>. What names refer to is the linker's business.</summary>
internal sealed class TypeReader(SpecSource source) : ElementReader(source)
{
    public RawDocument Read(XElement root, string edition, bool isOverlay, CancellationToken cancellationToken)
    {
        CheckAttributes(root, "name", "overlay", "comment", Label);
        var types = new List<RawType>();
        var definitions = new List<RawDefinition>();
        foreach (XElement child in Flatten(root))
        {
            cancellationToken.ThrowIfCancellationRequested();
            switch (child.Name.LocalName)
            {
                case "type": Add(types, Type(child)); break;
                case "definition": Add(definitions, Definition(child)); break;
                default: CheckProse(child, "section", "type", "definition"); break;
            }
        }

        return new TypeDocument(
            Input.Path,
            edition,
            isOverlay,
            Input.Namespace,
            Optional(root, "name"),
            types.ToEquatableArray(),
            definitions.ToEquatableArray());
    }

    /// <summary>Sections group for readers: what they hold counts as if they were not there.</summary>
    private IEnumerable<XElement> Flatten(XElement root)
    {
        foreach (XElement child in root.Elements())
        {
            if (child.Name.LocalName != "section")
            {
                yield return child;
                continue;
            }

            CheckAttributes(child, "name", "title", Label);
            foreach (XElement grandchild in child.Elements())
            {
                yield return grandchild;
            }
        }
    }

    private RawType? Type(XElement element)
    {
        CheckAttributes(element, "name", "class", "source", "provides", Label);
        CheckChildren(element, "descriptor", "encoding", "field", "choice");
        string? name = Name(element);
        string? kind = Optional(element, "class")?.Trim();
        if (kind is not (null or "primitive" or "composite" or "restricted"))
        {
            Report(Rules.BadAttribute.Id, Node(element), "class", element.Name.LocalName, "class", "'primitive', 'composite' or 'restricted'");
            return null;
        }

        XElement? descriptor = Children(element, "descriptor").FirstOrDefault();
        RawDescriptor? read = descriptor is null ? null : Descriptor(descriptor);
        return name is null || (descriptor is not null && read is null)
            ? null
            : new RawType(
                Node(element),
                name,
                kind,
                Optional(element, "source")?.Trim(),
                Archetypes(element).ToEquatableArray(),
                Optional(element, Label),
                read,
                All(Children(element, "encoding"), Encoding),
                All(Children(element, "field"), Field),
                All(Children(element, "choice"), Choice));
    }

    private List<string> Archetypes(XElement element)
    {
        var archetypes = new List<string>();
        foreach (string word in (Optional(element, "provides") ?? "").Split([',', ' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (IsName(word))
            {
                archetypes.Add(word);
            }
            else
            {
                Report(Rules.BadAttribute.Id, Node(element), "provides", element.Name.LocalName, "provides", "names with commas between them");
            }
        }

        return archetypes;
    }

    private RawDescriptor? Descriptor(XElement element)
    {
        CheckAttributes(element, "name", "code", Label);
        CheckChildren(element);
        const string Symbol = "a symbol of ASCII characters, neither quote nor backslash";
        string? name = Required(element, "name", Symbol);
        if (name is not null && !IsSymbol(name))
        {
            Report(Rules.BadAttribute.Id, Node(element), "name", element.Name.LocalName, "name", Symbol);
            return null;
        }

        const string Halves = "two halves of 32 bits, 0x00000000:0x00000010; the one with every bit set stands for what is unknown";
        string? text = Required(element, "code", Halves);
        if (text is null)
        {
            return null;
        }

        string[] halves = text.Split(':');
        if (halves.Length == 2 && TryHalf(halves[0], out uint high) && TryHalf(halves[1], out uint low) && (high & low) != uint.MaxValue)
        {
            return name is null ? null : new RawDescriptor(Node(element), name, ((ulong)high << 32) | low);
        }

        Report(Rules.BadAttribute.Id, Node(element), "code", element.Name.LocalName, "code", Halves);
        return null;
    }

    private static bool IsSymbol(string text) => text.All(c => c is >= ' ' and <= '~' and not '"' and not '\\');

    private static bool TryHalf(string text, out uint value)
    {
        value = 0;
        string digits = text.Trim();
        return digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            && uint.TryParse(digits.Substring(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    private RawEncoding? Encoding(XElement element)
    {
        CheckAttributes(element, "name", "code", "category", "width", Label);
        CheckChildren(element);
        long? code = Number(element, "code", byte.MaxValue, required: true);
        long? width = Number(element, "width", 16, required: true);
        const string Categories = "'fixed', 'variable', 'compound' or 'array'";
        string? category = Required(element, "category", Categories);
        if (category is not (null or "fixed" or "variable" or "compound" or "array"))
        {
            Report(Rules.BadAttribute.Id, Node(element), "category", element.Name.LocalName, "category", Categories);
            return null;
        }

        string? name = Optional(element, "name") is null ? null : Name(element);
        return code is null || width is null || category is null ? null : new RawEncoding(Node(element), name, (int)code.Value, category, (int)width.Value);
    }

    private RawTypeField? Field(XElement element)
    {
        CheckAttributes(element, "name", "type", "requires", "mandatory", "multiple", "default", Label);
        CheckChildren(element);
        string? name = Name(element);
        return name is null
            ? null
            : new RawTypeField(
                Node(element),
                name,
                Optional(element, "type")?.Trim(),
                Requires(element),
                Flag(element, "mandatory"),
                Flag(element, "multiple"),
                Optional(element, "default")?.Trim(),
                Optional(element, Label));
    }

    private string? Requires(XElement element)
    {
        string? archetype = Optional(element, "requires")?.Trim();
        if (archetype is null or "" || IsName(archetype))
        {
            return archetype is "" ? null : archetype;
        }

        Report(Rules.BadAttribute.Id, Node(element), "requires", element.Name.LocalName, "requires", NameShape);
        return null;
    }

    private RawChoice? Choice(XElement element)
    {
        CheckAttributes(element, "name", "value", Label);
        CheckChildren(element);
        const string What = "what stands on the wire: ASCII characters, neither quote nor backslash";
        string? name = Name(element);
        string? value = Required(element, "value", What);
        if (value is not null && !IsSymbol(value))
        {
            Report(Rules.BadAttribute.Id, Node(element), "value", element.Name.LocalName, "value", What);
            return null;
        }

        return name is null || value is null ? null : new RawChoice(Node(element), name, value, Optional(element, Label));
    }

    private RawDefinition? Definition(XElement element)
    {
        CheckAttributes(element, "name", "value", Label);
        CheckChildren(element);
        string? name = Name(element);
        string? value = Required(element, "value", "a number");
        return name is null || value is null || Number(element, "value", uint.MaxValue, required: true) is null
            ? null
            : new RawDefinition(Node(element), name, value, Optional(element, Label));
    }
}
