using System.Xml.Linq;
using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;

namespace AmqpToolkit.Generator.Reading;

/// <summary>
/// Reads the classic method grammar (0-8, 0-9, 0-9-1, their dialects and overlays) into a <see cref="ClassicDocument"/>. It checks
/// the shape of the file; what names refer to is the linker's business.
/// </summary>
internal sealed class ClassicReader(SpecSource source) : ElementReader(source)
{
    public RawDocument Read(XElement root, string edition, bool isOverlay, CancellationToken cancellationToken)
    {
        CheckAttributes(root, "major", "minor", "revision", "port", "comment", "overlay", Label);
        var constants = new List<RawConstant>();
        var domains = new List<RawDomain>();
        var fieldValues = new List<RawFieldValue>();
        var classes = new List<RawClass>();
        foreach (XElement child in root.Elements())
        {
            cancellationToken.ThrowIfCancellationRequested();
            switch (child.Name.LocalName)
            {
                case "constant": Add(constants, Constant(child)); break;
                case "domain": Add(domains, Domain(child)); break;
                case "field-value": Add(fieldValues, FieldValue(child)); break;
                case "class": Add(classes, Class(child)); break;
                default: CheckProse(child); break;
            }
        }

        return new ClassicDocument(
            Input.Path,
            edition,
            isOverlay,
            Input.Namespace,
            constants.ToEquatableArray(),
            domains.ToEquatableArray(),
            fieldValues.ToEquatableArray(),
            classes.ToEquatableArray());
    }

    private RawConstant? Constant(XElement element)
    {
        CheckAttributes(element, "name", "value", "class", Label);
        CheckChildren(element);
        string? name = Name(element);
        long? value = Number(element, "value", uint.MaxValue, required: true);
        return name is null || value is null ? null : new RawConstant(Node(element), name, value.Value, Optional(element, "class"), Optional(element, Label));
    }

    private RawDomain? Domain(XElement element)
    {
        CheckAttributes(element, "name", "type", Label);
        CheckChildren(element, "assert");
        string? name = Name(element);
        string? type = Required(element, "type", "a base type or another domain");
        return name is null || type is null ? null : new RawDomain(Node(element), name, type, Optional(element, Label), Asserts(element));
    }

    private RawFieldValue? FieldValue(XElement element)
    {
        const string Tag = "one ASCII character, neither quote nor backslash";
        CheckAttributes(element, "tag", "name", "octets", "length-octets", Label);
        CheckChildren(element);
        string? tag = Required(element, "tag", Tag);
        string? name = Name(element);
        if (tag is not null && (tag.Length != 1 || tag[0] is <= ' ' or > '~' or '\'' or '\\'))
        {
            Report(Rules.BadAttribute.Id, Node(element), "tag", element.Name.LocalName, "tag", Tag);
            return null;
        }

        long? octets = Number(element, "octets", 64, required: false);
        long? lengthOctets = Number(element, "length-octets", 4, required: false);
        if (octets is null == lengthOctets is null || lengthOctets is 0 or 2 or 3)
        {
            Report(Rules.BadAttribute.Id, Node(element), "length-octets", element.Name.LocalName, "octets", "a width, or 'length-octets' with 1 or 4");
            return null;
        }

        return tag is null || name is null ? null : new RawFieldValue(Node(element), tag, name, (int?)octets, (int?)lengthOctets, Optional(element, Label));
    }

    private RawClass? Class(XElement element)
    {
        CheckAttributes(element, "name", "index", "handler", Label);
        CheckChildren(element, "chassis", "field", "method");
        string? name = Name(element);
        long? index = Number(element, "index", ushort.MaxValue, required: false);
        foreach (XElement chassis in Children(element, "chassis"))
        {
            CheckAttributes(chassis, "name", "implement", Label);
        }

        return name is null || IsMalformed(element, "index", index)
            ? null
            : new RawClass(Node(element), name, (int?)index, Optional(element, Label), Fields(element), All(Children(element, "method"), Method));
    }

    private RawMethod? Method(XElement element)
    {
        CheckAttributes(element, "name", "index", "synchronous", "content", "deprecated", Label);
        CheckChildren(element, "chassis", "response", "field");
        string? name = Name(element);
        long? index = Number(element, "index", ushort.MaxValue, required: false);
        return name is null || IsMalformed(element, "index", index)
            ? null
            : new RawMethod(
                Node(element),
                name,
                (int?)index,
                Flag(element, "synchronous"),
                Flag(element, "content"),
                Flag(element, "deprecated"),
                Optional(element, Label),
                All(Children(element, "chassis"), Role),
                All(Children(element, "response"), Response),
                Fields(element));
    }

    private string? Role(XElement element)
    {
        CheckAttributes(element, "name", "implement", Label);
        string? name = Required(element, "name", "'server' or 'client'");
        if (name is null or "server" or "client")
        {
            return name;
        }

        Report(Rules.BadAttribute.Id, Node(element), "name", element.Name.LocalName, "name", "'server' or 'client'");
        return null;
    }

    private RawResponse? Response(XElement element)
    {
        CheckAttributes(element, "name", Label);
        string? name = Required(element, "name", "a method of the same class");
        return name is null ? null : new RawResponse(Node(element), name);
    }

    private EquatableArray<RawField> Fields(XElement parent) => All(Children(parent, "field"), Field);

    private RawField? Field(XElement element)
    {
        CheckAttributes(element, "name", "domain", "type", "reserved", "replaces", Label);
        CheckChildren(element, "assert");
        string? name = Name(element);
        return name is null
            ? null
            : new RawField(
                Node(element),
                name,
                Optional(element, "domain"),
                Optional(element, "type"),
                Flag(element, "reserved"),
                Optional(element, "replaces"),
                Optional(element, Label),
                Asserts(element));
    }

    private EquatableArray<RawAssert> Asserts(XElement parent) => All(Children(parent, "assert"), Assert);

    private RawAssert? Assert(XElement element)
    {
        CheckAttributes(element, "check", "value", "rule", "method", "field", Label);
        CheckChildren(element, "value");
        string? check = Required(element, "check", "the kind of check");
        return check is null ? null : new RawAssert(Node(element), check, Optional(element, "value"));
    }
}
