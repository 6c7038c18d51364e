using System.Globalization;
using System.Xml.Linq;
using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;

namespace AmqpToolkit.Generator.Reading;

/// <summary>What the readers of all grammars share: attributes that are checked, children that are known, and findings at their place.</summary>
internal abstract class ElementReader(SpecSource source)
{
    protected const string Label = "label";

    /// <summary>What a name looks like, in words.</summary>
    protected const string NameShape = "a name of letters, digits, hyphens, underscores, dots and spaces, 120 at most";

    /// <summary>Two names and a few words make the name of a type, for which C# has 511 characters.</summary>
    private const int MaxNameCharacters = 120;

    private static readonly string[] s_prose = ["doc", "rule", "see", "test", "scenario", "picture", "license", "exception"];

    private readonly SpecSource _source = source;

    protected SpecInput Input => _source.Input;

    protected int Node(XElement element) => _source.Node(element);

    protected static IEnumerable<XElement> Children(XElement parent, string name) => parent.Elements().Where(child => child.Name.LocalName == name);

    protected static EquatableArray<T> All<T>(IEnumerable<XElement> elements, Func<XElement, T?> read)
        where T : class, IEquatable<T> => elements.Select(read).OfType<T>().ToEquatableArray();

    protected static void Add<T>(List<T> items, T? item)
        where T : class
    {
        if (item is not null)
        {
            items.Add(item);
        }
    }

    protected static string? Optional(XElement element, string attribute) => element.Attribute(attribute)?.Value;

    protected string? Required(XElement element, string attribute, string what)
    {
        string? value = Optional(element, attribute)?.Trim();
        if (value is { Length: > 0 })
        {
            return value;
        }

        Report(Rules.BadAttribute.Id, Node(element), attribute, element.Name.LocalName, attribute, what);
        return null;
    }

    /// <summary>A name goes into code and comments: it has what names of C# can be made of, and the marks between their words.</summary>
    protected string? Name(XElement element)
    {
        string? name = Required(element, "name", NameShape);
        if (name is null || IsName(name))
        {
            return name;
        }

        Report(Rules.BadAttribute.Id, Node(element), "name", element.Name.LocalName, "name", NameShape);
        return null;
    }

    protected static bool IsName(string text) =>
        text.Length <= MaxNameCharacters
        && text.Any(IsLetterOrDigit)
        && text.All(c => IsLetterOrDigit(c) || c is '-' or '_' or '.' or ' ');

    private static bool IsLetterOrDigit(char c) => c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9');

    protected long? Number(XElement element, string attribute, long max, bool required)
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

        Report(Rules.BadAttribute.Id, Node(element), attribute, element.Name.LocalName, attribute, $"a number from 0 to {max.ToString(CultureInfo.InvariantCulture)}");
        return null;
    }

    /// <summary>There is a number, and it was reported: no need to miss it once more.</summary>
    protected static bool IsMalformed(XElement element, string attribute, long? value) => value is null && Optional(element, attribute) is not null;

    protected static bool TryParse(string text, out long value) =>
        text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? long.TryParse(text.Substring(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    protected bool? Flag(XElement element, string attribute)
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
                Report(Rules.BadAttribute.Id, Node(element), attribute, element.Name.LocalName, attribute, "1 or 0");
                return null;
        }
    }

    protected void CheckAttributes(XElement element, params string[] known)
    {
        foreach (XAttribute attribute in element.Attributes())
        {
            string name = attribute.Name.LocalName;
            if (attribute.IsNamespaceDeclaration || attribute.Name.NamespaceName.Length != 0 || known.Contains(name, StringComparer.Ordinal))
            {
                continue;
            }

            Report(Rules.UnknownMarkup.Id, Node(element), name, "attribute", name, element.Name.LocalName, Spelling.Suggest(name, known));
        }
    }

    protected void CheckChildren(XElement element, params string[] known)
    {
        foreach (XElement child in element.Elements())
        {
            if (!known.Contains(child.Name.LocalName, StringComparer.Ordinal))
            {
                CheckProse(child, known);
            }
        }
    }

    protected void CheckProse(XElement element, params string[] known)
    {
        string name = element.Name.LocalName;
        if (!s_prose.Contains(name, StringComparer.Ordinal))
        {
            Report(Rules.UnknownMarkup.Id, Node(element), null, "element", name, element.Parent!.Name.LocalName, Spelling.Suggest(name, known));
        }
    }

    protected void Report(string id, int node, string? attribute, params string[] arguments) =>
        _source.Report(new Finding(id, _source.Input.Path, node, attribute, arguments.ToEquatableArray()));
}
