using System.Xml.Linq;
using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;

namespace AmqpToolkit.Generator.Reading;

/// <summary>Reads the command grammar (0-10 and its overlays) into a <see cref="CommandDocument"/>. What names refer to is the linker's business.</summary>
internal sealed class CommandReader(SpecSource source) : ElementReader(source)
{
    private const string Element = "element";

    public RawDocument Read(XElement root, string edition, bool isOverlay, CancellationToken cancellationToken)
    {
        CheckAttributes(root, "major", "minor", "revision", "port", "comment", "overlay", Label);
        var types = new List<RawWireType>();
        var constants = new List<RawDefinition>();
        var domains = new List<RawCommandDomain>();
        var structs = new List<RawStruct>();
        var classes = new List<RawCommandClass>();
        foreach (XElement child in root.Elements())
        {
            cancellationToken.ThrowIfCancellationRequested();
            switch (child.Name.LocalName)
            {
                case "type": Add(types, WireType(child)); break;
                case "constant": Add(constants, Constant(child)); break;
                case "domain": Add(domains, Domain(child)); break;
                case "struct": Add(structs, Struct(child)); break;
                case "class": Add(classes, Class(child)); break;
                default: CheckProse(child, "type", "constant", "domain", "struct", "class"); break;
            }
        }

        return new CommandDocument(
            Input.Path,
            edition,
            isOverlay,
            Input.Namespace,
            types.ToEquatableArray(),
            constants.ToEquatableArray(),
            domains.ToEquatableArray(),
            structs.ToEquatableArray(),
            classes.ToEquatableArray());
    }

    private RawWireType? WireType(XElement element)
    {
        CheckAttributes(element, "name", "code", "fixed-width", "variable-width", Label);
        CheckChildren(element);
        string? name = Name(element);
        long? code = Number(element, "code", byte.MaxValue, required: false);
        long? fixedWidth = Number(element, "fixed-width", 128, required: false);
        long? variableWidth = Number(element, "variable-width", 4, required: false);
        if (name is not null && (fixedWidth is null == variableWidth is null || variableWidth is 0 or 3))
        {
            Report(Rules.BadAttribute.Id, Node(element), "variable-width", element.Name.LocalName, "fixed-width", "octets, or 'variable-width' with 1, 2 or 4");
            return null;
        }

        return name is null ? null : new RawWireType(Node(element), name, (int?)code, (int?)fixedWidth, (int?)variableWidth, Optional(element, Label));
    }

    private RawDefinition? Constant(XElement element)
    {
        CheckAttributes(element, "name", "value", Label);
        CheckChildren(element);
        string? name = Name(element);
        string? value = Optional(element, "value")?.Trim();
        return name is null || Number(element, "value", uint.MaxValue, required: true) is null ? null : new RawDefinition(Node(element), name, value!, Optional(element, Label));
    }

    private RawCommandDomain? Domain(XElement element)
    {
        CheckAttributes(element, "name", "type", Element, Label);
        CheckChildren(element, "enum");
        string? name = Name(element);
        return name is null
            ? null
            : new RawCommandDomain(
                Node(element),
                name,
                Optional(element, "type")?.Trim(),
                Optional(element, Element)?.Trim(),
                Optional(element, Label),
                Children(element, "enum").SelectMany(Choices).ToEquatableArray());
    }

    private IEnumerable<RawChoice> Choices(XElement element)
    {
        CheckAttributes(element, Label);
        CheckChildren(element, "choice");
        return All(Children(element, "choice"), Choice);
    }

    private RawChoice? Choice(XElement element)
    {
        CheckAttributes(element, "name", "value", Label);
        CheckChildren(element);
        string? name = Name(element);
        long? value = Number(element, "value", uint.MaxValue, required: true);
        return name is null || value is null ? null : new RawChoice(Node(element), name, Optional(element, "value")!.Trim(), Optional(element, Label));
    }

    private RawCommandClass? Class(XElement element)
    {
        CheckAttributes(element, "name", "code", Label);
        CheckChildren(element, "role", "domain", "struct", "control", "command");
        foreach (XElement role in Children(element, "role"))
        {
            CheckAttributes(role, "name", "implement", Label);
        }

        string? name = Name(element);
        long? code = Number(element, "code", byte.MaxValue, required: false);
        return name is null || IsMalformed(element, "code", code)
            ? null
            : new RawCommandClass(
                Node(element),
                name,
                (int?)code,
                Optional(element, Label),
                All(Children(element, "domain"), Domain),
                All(Children(element, "struct"), Struct),
                All(element.Elements().Where(child => child.Name.LocalName is "control" or "command"), Command));
    }

    private RawStruct? Struct(XElement element)
    {
        CheckAttributes(element, "name", "code", "size", "pack", Label);
        CheckChildren(element, "field");
        string? name = Name(element);
        long? code = Number(element, "code", byte.MaxValue, required: false);
        long? size = Number(element, "size", 4, required: false);
        long? pack = Number(element, "pack", 2, required: false);
        if (size == 3)
        {
            Report(Rules.BadAttribute.Id, Node(element), "size", element.Name.LocalName, "size", "0, 1, 2 or 4");
            return null;
        }

        return name is null || IsMalformed(element, "code", code) || IsMalformed(element, "size", size) || IsMalformed(element, "pack", pack)
            ? null
            : new RawStruct(Node(element), name, (int?)code, (int?)size, (int?)pack, Optional(element, Label), Fields(element));
    }

    private RawCommand? Command(XElement element)
    {
        bool isControl = element.Name.LocalName == "control";
        CheckAttributes(element, "name", "code", Label);
        CheckChildren(element, "implement", "response", "field", "result", "segments", "exception");
        string? name = Name(element);
        long? code = Number(element, "code", byte.MaxValue, required: false);
        XElement? result = Children(element, "result").FirstOrDefault();
        XElement? segments = Children(element, "segments").FirstOrDefault();
        return name is null || IsMalformed(element, "code", code)
            ? null
            : new RawCommand(
                Node(element),
                name,
                isControl,
                (int?)code,
                Optional(element, Label),
                All(Children(element, "implement"), Role),
                All(Children(element, "response"), Response),
                Fields(element),
                result is null ? null : Result(result),
                segments is null ? null : Segments(segments));
    }

    private string? Role(XElement element)
    {
        const string What = "'server', 'client', 'sender' or 'receiver'";
        CheckAttributes(element, "role", "handle", Label);
        string? name = Required(element, "role", What);
        if (name is null or "server" or "client" or "sender" or "receiver")
        {
            return name;
        }

        Report(Rules.BadAttribute.Id, Node(element), "role", element.Name.LocalName, "role", What);
        return null;
    }

    private RawResponse? Response(XElement element)
    {
        CheckAttributes(element, "name", Label);
        string? name = Required(element, "name", "a control or command of the same class");
        return name is null ? null : new RawResponse(Node(element), name);
    }

    private RawResult Result(XElement element)
    {
        CheckAttributes(element, "type", Label);
        CheckChildren(element, "struct");
        XElement? inline = Children(element, "struct").FirstOrDefault();
        string? type = Optional(element, "type")?.Trim();
        if (type is null && inline is null)
        {
            Required(element, "type", "a struct of the same class, or a <struct> inside");
        }

        return new RawResult(Node(element), type, inline is null ? null : Struct(inline));
    }

    private RawSegments Segments(XElement element)
    {
        CheckAttributes(element, Label);
        CheckChildren(element, "header", "body");
        XElement? header = Children(element, "header").FirstOrDefault();
        EquatableArray<RawResponse> entries = default;
        bool required = false;
        if (header is not null)
        {
            CheckAttributes(header, "required", Label);
            CheckChildren(header, "entry");
            required = Flag(header, "required") is true;
            entries = All(Children(header, "entry"), Entry);
        }

        return new RawSegments(Node(element), entries, required, Children(element, "body").Any());
    }

    private RawResponse? Entry(XElement element)
    {
        CheckAttributes(element, "type", Label);
        string? name = Required(element, "type", "a coded struct");
        return name is null ? null : new RawResponse(Node(element), name);
    }

    private EquatableArray<RawPackedField> Fields(XElement parent) => All(Children(parent, "field"), Field);

    private RawPackedField? Field(XElement element)
    {
        CheckAttributes(element, "name", "type", Element, "required", "default", Label);
        CheckChildren(element, "exception");
        string? name = Name(element);
        return name is null
            ? null
            : new RawPackedField(
                Node(element),
                name,
                Optional(element, "type")?.Trim(),
                Optional(element, Element)?.Trim(),
                Flag(element, "required"),
                Optional(element, "default")?.Trim(),
                Optional(element, Label));
    }
}
