using System.Xml;
using System.Xml.Linq;
using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;

namespace AmqpToolkit.Generator.Reading;

/// <summary>Parses a file, finds out which grammar it is written in, and hands it to the reader of that.</summary>
internal sealed class SpecReader : ElementReader
{
    /// <summary>The edition of every part of the type grammar that does not say another.</summary>
    private const string TypeEdition = "1-0";

    /// <summary>Of 0-10 and of 1.0, whose vocabularies differ.</summary>
    private const string SchemaNamespace = "http://www.amqp.org/schema/amqp.xsd";

    /// <summary>The largest definition has a twentieth of it.</summary>
    private const int MaxCharacters = 4 * 1024 * 1024;

    private const int MaxEditionCharacters = 64;

    private readonly SpecSource _source;

    private SpecReader(SpecSource source)
        : base(source) => _source = source;

    private enum Grammar
    {
        Classic,
        Command,
        Type,
    }

    public static ReadResult Read(SpecInput input, CancellationToken cancellationToken)
    {
        if (input.Failure is not null)
        {
            return new ReadResult(null, new LocationTable(input.Path, default), new([Failure.Of(input.Path, Failure.Read, input.Failure)]));
        }

        try
        {
            return ReadFile(input, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return new ReadResult(null, new LocationTable(input.Path, default), new([Failure.Of(input.Path, Failure.Read, exception)]));
        }
    }

    private static ReadResult ReadFile(SpecInput input, CancellationToken cancellationToken)
    {
        var source = new SpecSource(input);
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
            source.Report(new Finding(Rules.MalformedXml.Id, input.Path, 0, null, new([exception.Message])));
            return Result(null, source, new LocationTable(input.Path, new([new NodeLocation(at, default)])));
        }

        cancellationToken.ThrowIfCancellationRequested();
        var locations = new List<NodeLocation>();
        foreach (XElement element in root.DescendantsAndSelf())
        {
            source.Number(element);
            locations.Add(lines.Locate(element));
        }

        RawDocument? document = new SpecReader(source).Document(root, cancellationToken);
        return Result(document, source, new LocationTable(input.Path, locations.ToEquatableArray()));
    }

    private static ReadResult Result(RawDocument? document, SpecSource source, LocationTable locations) =>
        new(document, locations, source.Findings.ToEquatableArray());

    private RawDocument? Document(XElement root, CancellationToken cancellationToken)
    {
        string ns = root.Name.NamespaceName;
        if (root.Name.LocalName != "amqp" || (ns.Length != 0 && ns != SchemaNamespace))
        {
            Report(Rules.UnknownGrammar.Id, 0, null, root.Name.LocalName != "amqp" ? $"The root is <{root.Name.LocalName}>" : $"The root has the namespace '{ns}'");
            return null;
        }

        string? overlay = Optional(root, "overlay");
        bool isOverlay = overlay is not null || Input.OverlayFor is not null;
        Grammar? grammar = isOverlay ? OverlayGrammar(root) : BaseGrammar(root);
        string? edition = isOverlay ? OverlayEdition(overlay) : grammar is null ? null : BaseEdition(root, grammar.Value);
        if (grammar is null || edition is null || !IsEdition(edition, isOverlay))
        {
            return null;
        }

        RawDocument document = grammar.Value switch
        {
            Grammar.Type => new TypeReader(_source).Read(root, edition, isOverlay, cancellationToken),
            Grammar.Command => new CommandReader(_source).Read(root, edition, isOverlay, cancellationToken),
            _ => new ClassicReader(_source).Read(root, edition, isOverlay, cancellationToken),
        };
        return document with
        {
            Namespace = Namespace("AmqpNamespace", Input.Namespace),
            RootNamespace = Namespace("AmqpRootNamespace", Input.RootNamespace),
            IsInternal = IsInternal(),
            Parts = Parts(),
        };
    }

    /// <summary>Names of C# with dots between them; null, and reported, for anything else.</summary>
    private string? Namespace(string metadata, string? text)
    {
        string? reason = text is null ? null : Namespaces.WhyNot(text);
        if (reason is null)
        {
            return text;
        }

        Report(Rules.BadMetadata.Id, 0, null, metadata, text!, $"names of C# with dots between them, My.Protocol; {reason}");
        return null;
    }

    private bool? IsInternal()
    {
        if (Input.Visibility is null)
        {
            return null;
        }

        if (EmissionOptions.TryParseVisibility(Input.Visibility, out bool isInternal))
        {
            return isInternal;
        }

        Report(Rules.BadMetadata.Id, 0, null, "AmqpVisibility", Input.Visibility.Trim(), "public or internal");
        return null;
    }

    private EmittedParts? Parts()
    {
        if (Input.Emit is null)
        {
            return null;
        }

        if (EmissionOptions.TryParseParts(Input.Emit, out EmittedParts parts, out string unknown))
        {
            return parts;
        }

        string[] names = Enum.GetNames(typeof(EmittedParts)).Where(name => name != nameof(EmittedParts.None)).ToArray();
        Report(Rules.BadMetadata.Id, 0, null, "AmqpEmit", unknown, $"{string.Join(", ", names)}{Spelling.Suggest(unknown, names)}");
        return null;
    }

    private Grammar? BaseGrammar(XElement root)
    {
        if (Optional(root, "major") is { } major && Optional(root, "minor") is { } minor)
        {
            return (major == "0" && minor == "10") || root.Name.NamespaceName.Length != 0 ? Grammar.Command : Grammar.Classic;
        }

        if (Optional(root, "name") is { Length: > 0 })
        {
            return Grammar.Type;
        }

        Report(Rules.UnknownGrammar.Id, 0, null, "The root has no major and minor, and no name");
        return null;
    }

    /// <summary>An overlay's root names an edition and no more: what is in it tells.</summary>
    private static Grammar OverlayGrammar(XElement root)
    {
        if (root.Name.NamespaceName.Length == 0)
        {
            return Grammar.Classic;
        }

        bool isCommand = root.Elements().Any(child =>
            child.Name.LocalName is "class" or "domain" or "constant" or "struct"
            || child.Attribute("fixed-width") is not null
            || child.Attribute("variable-width") is not null);
        return isCommand ? Grammar.Command : Grammar.Type;
    }

    private string BaseEdition(XElement root, Grammar grammar)
    {
        if (Input.Spec is { Length: > 0 } named && named != "auto")
        {
            return named;
        }

        if (grammar == Grammar.Type)
        {
            return TypeEdition;
        }

        // 0-8 counts from 8 and Qpid's 0-9-1 calls itself 0-91: the numbers name the edition, never the protocol header.
        string major = Optional(root, "major")!;
        string minor = Optional(root, "minor")!;
        string? revision = Optional(root, "revision");
        return (major, minor) switch
        {
            ("8", "0") => "0-8",
            ("0", "91") => "0-9-1",
            _ => revision is null or "0" ? $"{major}-{minor}" : $"{major}-{minor}-{revision}",
        };
    }

    /// <summary>An edition goes into a namespace, into names of files and into comments.</summary>
    private bool IsEdition(string edition, bool isOverlay)
    {
        const string What = "an edition of letters, digits, hyphens, underscores and dots, 0-9-1 or my-protocol-2; 64 at most";
        if (edition.Length <= MaxEditionCharacters && IsName(edition) && edition.IndexOf(' ') < 0)
        {
            return true;
        }

        if (Input.Spec == edition || Input.OverlayFor == edition)
        {
            Report(Rules.BadMetadata.Id, 0, null, Input.Spec == edition ? "AmqpSpec" : "AmqpOverlayFor", edition, What);
        }
        else
        {
            string attribute = isOverlay ? "overlay" : "major";
            Report(Rules.BadAttribute.Id, 0, attribute, "amqp", attribute, isOverlay ? What : "a number, as minor and revision");
        }

        return false;
    }

    private string? OverlayEdition(string? overlay)
    {
        // A pattern of files takes bases and overlays of an edition together: AmqpSpec says which, the root what it is.
        if (overlay is not null && overlay == (Input.OverlayFor ?? (Input.Spec == "auto" ? overlay : Input.Spec)))
        {
            return overlay;
        }

        string item = Input.OverlayFor is { } other ? $"AmqpOverlayFor=\"{other}\"" : $"AmqpSpec=\"{Input.Spec}\"";
        Report(Rules.OverlayDisagrees.Id, 0, "overlay", overlay ?? "", item);
        return null;
    }
}
