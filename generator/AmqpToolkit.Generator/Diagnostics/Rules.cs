using Microsoft.CodeAnalysis;

namespace AmqpToolkit.Generator.Diagnostics;

/// <summary>Everything that the generator reports. <c>docs/diagnostics.md</c> has an example of each.</summary>
internal static class Rules
{
    public static readonly DiagnosticDescriptor MalformedXml = new(
        "AMQP0001", "The file is not well-formed XML", "Not well-formed XML: {0}",
        Category, DiagnosticSeverity.Error, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor UnknownGrammar = new(
        "AMQP0002", "The root is not an AMQP definition that the generator reads",
        "{0}; expected the root <amqp major=\"..\" minor=\"..\"> of 0-8 to 0-10, <amqp name=\"..\"> of 1.0, or <amqp overlay=\"..\">",
        Category, DiagnosticSeverity.Error, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor BadAttribute = new(
        "AMQP0003", "An attribute is missing or malformed", "<{0}> needs the attribute '{1}' with {2}",
        Category, DiagnosticSeverity.Error, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor UnknownDomain = new(
        "AMQP0004", "A domain or type is unknown", "The domain '{0}' is unknown{1}; name a domain of this document or a base type",
        Category, DiagnosticSeverity.Error, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor FoldedName = new(
        "AMQP0005", "A name differs from its declaration in spaces, hyphens or underscores", "'{0}' is taken for '{1}'; spell it as it is declared",
        Category, DiagnosticSeverity.Warning, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor Duplicate = new(
        "AMQP0006", "A name, index or tag is used twice", "The {0} '{1}' is already that of {2}; give one of them another",
        Category, DiagnosticSeverity.Error, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor DanglingResponse = new(
        "AMQP0007", "A response is not a method of its class", "The class '{0}' has no method '{1}'{2}; a response names a method of the same class",
        Category, DiagnosticSeverity.Warning, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor OverlayWithoutTarget = new(
        "AMQP0008", "An overlay extends something that its base lacks",
        "The {0} '{1}' does not exist in edition {2}{3}; correct the name, or give it {4} to add it",
        Category, DiagnosticSeverity.Error, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor OverlayWithoutBase = new(
        "AMQP0009", "An overlay has no base",
        "No document of edition '{0}' is among the additional files{1}; add one with AmqpSpec=\"{0}\", or correct AmqpOverlayFor",
        Category, DiagnosticSeverity.Error, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor OverlayDisagrees = new(
        "AMQP0010", "An overlay and its item metadata disagree", "The root says overlay=\"{0}\", the item says {1}; make them equal",
        Category, DiagnosticSeverity.Error, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor UncheckedAssert = new(
        "AMQP0011", "An assert is not checked by the generated code", "Validate() does not check '{0}': {1}",
        Category, DiagnosticSeverity.Info, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor UnknownMarkup = new(
        "AMQP0012", "An element or attribute is unknown and ignored", "The {0} '{1}' is unknown in <{2}> and ignored{3}; correct or remove it",
        Category, DiagnosticSeverity.Warning, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor DomainCycle = new(
        "AMQP0013", "Domains refer to each other in a circle", "The domain '{0}' leads back to itself; end the chain in a base type",
        Category, DiagnosticSeverity.Error, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor BadReplacement = new(
        "AMQP0014", "A field cannot replace another", "'{0}' cannot replace '{1}': {2}",
        Category, DiagnosticSeverity.Error, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor DuplicateEdition = new(
        "AMQP0015", "Two documents claim the same edition", "Edition '{0}' is already defined by {1}; keep one of them, or make this one an overlay",
        Category, DiagnosticSeverity.Error, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor NobodyReceives = new(
        "AMQP0016", "No role receives a method", "Neither server nor client receives '{0}'; add <chassis name=\"server\" implement=\"MUST\"/> or the client's",
        Category, DiagnosticSeverity.Info, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor NameCollision = new(
        "AMQP0017", "Two names become the same C# name", "'{0}' and '{1}' both become {2} in C#; rename one of them",
        Category, DiagnosticSeverity.Error, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor TooManyProperties = new(
        "AMQP0018", "A class has more than 15 content properties", "The class '{0}' has {1} content properties; one flag word holds 15",
        Category, DiagnosticSeverity.Error, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor SharedNamespace = new(
        "AMQP0019", "Two editions have the same namespace", "The namespace '{0}' is already that of edition '{1}'; give this item another AmqpNamespace",
        Category, DiagnosticSeverity.Error, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor MixedGrammars = new(
        "AMQP0020", "A file has another grammar than its edition", "Edition '{0}' is written in the {1}, this file in the {2}; write it in the same, or correct its item metadata",
        Category, DiagnosticSeverity.Error, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor BadDefault = new(
        "AMQP0021", "A default is no value of its type", "'{0}' is no default of the type '{1}': {2}; name a choice, or write a value",
        Category, DiagnosticSeverity.Error, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor NoProvider = new(
        "AMQP0022", "No type provides what a field requires", "No type provides '{0}'{1}, so that any value is taken; add provides=\"{0}\" to a type, or correct the name",
        Category, DiagnosticSeverity.Info, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor TooManyFields = new(
        "AMQP0023", "A type has more fields than its presence bits", "'{0}' has {1} fields, of which {2} are allowed; split it, or put the rest into a table or map",
        Category, DiagnosticSeverity.Error, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor BadShape = new(
        "AMQP0024", "A type has a shape that cannot be encoded", "{0}; {1}",
        Category, DiagnosticSeverity.Error, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor BadMetadata = new(
        "AMQP0025", "Metadata or a property has a value that the generator does not know", "{0} has no value '{1}'; it may be {2}",
        Category, DiagnosticSeverity.Error, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor ReservedName = new(
        "AMQP0026", "A name is one that the emitted code needs for itself", "'{0}' becomes {1} in C#, which the emitted code needs for itself; give it another name",
        Category, DiagnosticSeverity.Error, true, helpLinkUri: Help);

    public static readonly DiagnosticDescriptor GeneratorFailed = new(
        "AMQP0027", "The generator failed", "The generator failed while it {0}, which is a mistake of its own: {1}; report it with this file",
        Category, DiagnosticSeverity.Error, true, helpLinkUri: Help);

    private const string Category = "Amqp";

    private const string Help = "docs/diagnostics.md";

    private static readonly Dictionary<string, DiagnosticDescriptor> s_byId = All().ToDictionary(rule => rule.Id, StringComparer.Ordinal);

    public static DiagnosticDescriptor Find(string id) => s_byId[id];

    public static IReadOnlyList<DiagnosticDescriptor> All() =>
    [
        MalformedXml, UnknownGrammar, BadAttribute, UnknownDomain, FoldedName, Duplicate, DanglingResponse, OverlayWithoutTarget, OverlayWithoutBase,
        OverlayDisagrees, UncheckedAssert, UnknownMarkup, DomainCycle, BadReplacement, DuplicateEdition, NobodyReceives, NameCollision, TooManyProperties,
        SharedNamespace, MixedGrammars, BadDefault, NoProvider, TooManyFields, BadShape, BadMetadata,
        ReservedName, GeneratorFailed,
    ];
}
