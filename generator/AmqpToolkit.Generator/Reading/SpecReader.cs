using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;

namespace AmqpToolkit.Generator.Reading;

/// <summary>
/// Reads the classic method grammar (0-8, 0-9, 0-9-1, their dialects and overlays) into a <see cref="RawDocument"/>. It checks
/// the shape of the file; what names refer to is the linker's business.
/// </summary>
internal sealed class SpecReader
{
    /// <summary>The largest definition has a twentieth of it.</summary>
    private const int MaxCharacters = 4 * 1024 * 1024;

    private const string Label = "label";

    private static readonly string[] s_prose = ["doc", "rule", "see", "test", "scenario", "picture", "license"];

    private readonly SpecInput _input;
    private readonly Dictionary<XElement, int> _nodes = [];
    private readonly List<Finding> _findings = [];

    private SpecReader(SpecInput input) => _input = input;

    public static ReadResult Read(SpecInput input, CancellationToken cancellationToken)
    {
        var reader = new SpecReader(input);
        var lines = new LineMap(input.Text);
        XElement root;
        try
        {
            var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore, XmlResolver = null, MaxCharactersInDocument = MaxCharacters };
            using var text = new StringReader(input.Text);
            using var xml = XmlReader.Create(text, settings);
            root = XDocument.Load(xml, LoadOptions.SetLineInfo).Root!;
        }
        catch (XmlException exception)
        {
            Stretch at = lines.At(exception.LineNumber, exception.LinePosition, 1);
            reader.Report(Rules.MalformedXml.Id, 0, null, exception.Message);
            return reader.Result(null, new LocationTable(input.Path, new([new NodeLocation(at, default)])));
        }

        cancellationToken.ThrowIfCancellationRequested();
        var locations = new List<NodeLocation>();
        foreach (XElement element in root.DescendantsAndSelf())
        {
            reader._nodes.Add(element, locations.Count);
            locations.Add(lines.Locate(element));
        }

        RawDocument? document = reader.Document(root, cancellationToken);
        return reader.Result(document, new LocationTable(input.Path, locations.ToEquatableArray()));
    }

    private ReadResult Result(RawDocument? document, LocationTable locations) => new(document, locations, _findings.ToEquatableArray());

    private RawDocument? Document(XElement root, CancellationToken cancellationToken)
    {
        if (root.Name.LocalName != "amqp" || root.Name.NamespaceName.Length != 0)
        {
            string found = root.Name.NamespaceName.Length == 0
                ? $"The root is <{root.Name.LocalName}>"
                : "The root has a namespace, as definitions of 0-10 and 1.0 have, which this version does not read";
            Report(Rules.UnknownGrammar.Id, 0, null, found);
            return null;
        }

        string? overlay = Optional(root, "overlay");
        string? edition = overlay is null && _input.OverlayFor is null ? BaseEdition(root) : OverlayEdition(root, overlay);
        if (edition is null)
        {
            return null;
        }

        CheckAttributes(root, "major", "minor", "revision", "port", "comment", "overlay");
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

        return new RawDocument(
            _input.Path,
            edition,
            overlay is not null || _input.OverlayFor is not null,
            _input.Namespace,
            constants.ToEquatableArray(),
            domains.ToEquatableArray(),
            fieldValues.ToEquatableArray(),
            classes.ToEquatableArray());
    }

    private string? BaseEdition(XElement root)
    {
        string? major = Optional(root, "major");
        string? minor = Optional(root, "minor");
        if (major is null || minor is null)
        {
            Report(Rules.UnknownGrammar.Id, 0, null, "The root has no major and minor");
            return null;
        }

        if (major == "0" && minor == "10")
        {
            Report(Rules.UnknownGrammar.Id, 0, "minor", "This is AMQP 0-10, which this version does not read");
            return null;
        }

        if (_input.Spec is { Length: > 0 } named && named != "auto")
        {
            return named;
        }

        // 0-8 counts from 8 and Qpid's 0-9-1 calls itself 0-91: the numbers name the edition, never the protocol header.
        string? revision = Optional(root, "revision");
        return (major, minor) switch
        {
            ("8", "0") => "0-8",
            ("0", "91") => "0-9-1",
            _ => revision is null or "0" ? $"{major}-{minor}" : $"{major}-{minor}-{revision}",
        };
    }

    private string? OverlayEdition(XElement root, string? overlay)
    {
        if (overlay is not null && _input.OverlayFor is not null && overlay == _input.OverlayFor)
        {
            return overlay;
        }

        string item = _input.OverlayFor is { } other ? $"AmqpOverlayFor=\"{other}\"" : $"AmqpSpec=\"{_input.Spec}\"";
        Report(Rules.OverlayDisagrees.Id, 0, "overlay", overlay ?? "", item);
        return null;
    }

    private RawConstant? Constant(XElement element)
    {
        CheckAttributes(element, "name", "value", "class", Label);
        CheckChildren(element);
        string? name = Name(element);
        long? value = Number(element, "value", uint.MaxValue, required: true);
        return name is null || value is null ? null : new RawConstant(_nodes[element], name, value.Value, Optional(element, "class"), Optional(element, Label));
    }

    private RawDomain? Domain(XElement element)
    {
        CheckAttributes(element, "name", "type", Label);
        CheckChildren(element, "assert");
        string? name = Name(element);
        string? type = Required(element, "type", "a base type or another domain");
        return name is null || type is null ? null : new RawDomain(_nodes[element], name, type, Optional(element, Label), Asserts(element));
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
            Report(Rules.BadAttribute.Id, _nodes[element], "tag", element.Name.LocalName, "tag", Tag);
            return null;
        }

        long? octets = Number(element, "octets", 64, required: false);
        long? lengthOctets = Number(element, "length-octets", 4, required: false);
        if (octets is null == lengthOctets is null || lengthOctets is 0 or 2 or 3)
        {
            Report(Rules.BadAttribute.Id, _nodes[element], "length-octets", element.Name.LocalName, "octets", "a width, or 'length-octets' with 1 or 4");
            return null;
        }

        return tag is null || name is null ? null : new RawFieldValue(_nodes[element], tag, name, (int?)octets, (int?)lengthOctets, Optional(element, Label));
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
            : new RawClass(_nodes[element], name, (int?)index, Optional(element, Label), Fields(element), All(Children(element, "method"), Method));
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
                _nodes[element],
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

        Report(Rules.BadAttribute.Id, _nodes[element], "name", element.Name.LocalName, "name", "'server' or 'client'");
        return null;
    }

    private RawResponse? Response(XElement element)
    {
        CheckAttributes(element, "name", Label);
        string? name = Required(element, "name", "a method of the same class");
        return name is null ? null : new RawResponse(_nodes[element], name);
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
                _nodes[element],
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
        return check is null ? null : new RawAssert(_nodes[element], check, Optional(element, "value"));
    }

    private static IEnumerable<XElement> Children(XElement parent, string name) => parent.Elements().Where(child => child.Name.LocalName == name);

    private static EquatableArray<T> All<T>(IEnumerable<XElement> elements, Func<XElement, T?> read)
        where T : class, IEquatable<T> => elements.Select(read).OfType<T>().ToEquatableArray();

    private static void Add<T>(List<T> items, T? item)
        where T : class
    {
        if (item is not null)
        {
            items.Add(item);
        }
    }

    private static string? Optional(XElement element, string attribute) => element.Attribute(attribute)?.Value;

    private string? Required(XElement element, string attribute, string what)
    {
        string? value = Optional(element, attribute)?.Trim();
        if (value is { Length: > 0 })
        {
            return value;
        }

        Report(Rules.BadAttribute.Id, _nodes[element], attribute, element.Name.LocalName, attribute, what);
        return null;
    }

    /// <summary>A name goes into code and comments: it has what names of C# can be made of, and the marks between their words.</summary>
    private string? Name(XElement element)
    {
        const string What = "a name of letters, digits, hyphens, underscores, dots and spaces";
        string? name = Required(element, "name", What);
        if (name is null || name.All(c => c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9') or '-' or '_' or '.' or ' '))
        {
            return name;
        }

        Report(Rules.BadAttribute.Id, _nodes[element], "name", element.Name.LocalName, "name", What);
        return null;
    }

    private long? Number(XElement element, string attribute, long max, bool required)
    {
        string? text = Optional(element, attribute);
        if (text is null && !required)
        {
            return null;
        }

        if (text is not null && TryParse(text.Trim(), out long value) && value >= 0 && value <= max)
        {
            return value;
        }

        Report(Rules.BadAttribute.Id, _nodes[element], attribute, element.Name.LocalName, attribute, $"a number from 0 to {max.ToString(CultureInfo.InvariantCulture)}");
        return null;
    }

    /// <summary>There is a number, and it was reported: no need to miss it once more.</summary>
    private static bool IsMalformed(XElement element, string attribute, long? value) => value is null && Optional(element, attribute) is not null;

    private static bool TryParse(string text, out long value) =>
        text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? long.TryParse(text.Substring(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private bool? Flag(XElement element, string attribute)
    {
        switch (Optional(element, attribute)?.Trim())
        {
            case null:
                return null;
            case "1" or "true":
                return true;
            case "0" or "false":
                return false;
            default:
                Report(Rules.BadAttribute.Id, _nodes[element], attribute, element.Name.LocalName, attribute, "1 or 0");
                return null;
        }
    }

    private void CheckAttributes(XElement element, params string[] known)
    {
        foreach (XAttribute attribute in element.Attributes())
        {
            string name = attribute.Name.LocalName;
            if (attribute.IsNamespaceDeclaration || attribute.Name.NamespaceName.Length != 0 || known.Contains(name, StringComparer.Ordinal))
            {
                continue;
            }

            Report(Rules.UnknownMarkup.Id, _nodes[element], name, "attribute", name, element.Name.LocalName, Spelling.Suggest(name, known));
        }
    }

    private void CheckChildren(XElement element, params string[] known)
    {
        foreach (XElement child in element.Elements())
        {
            if (!known.Contains(child.Name.LocalName, StringComparer.Ordinal))
            {
                CheckProse(child, known);
            }
        }
    }

    private void CheckProse(XElement element, params string[] known)
    {
        string name = element.Name.LocalName;
        if (!s_prose.Contains(name, StringComparer.Ordinal))
        {
            Report(Rules.UnknownMarkup.Id, _nodes[element], null, "element", name, element.Parent!.Name.LocalName, Spelling.Suggest(name, known));
        }
    }

    private void Report(string id, int node, string? attribute, params string[] arguments) =>
        _findings.Add(new Finding(id, _input.Path, node, attribute, arguments.ToEquatableArray()));
}
