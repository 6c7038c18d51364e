using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Linking;

/// <summary>The documents of one edition: the base first, then its overlays in order.</summary>
internal sealed record EditionInput(string Edition, string Namespace, EmissionOptions Options, EquatableArray<RawDocument> Documents);

/// <summary>A merged edition: domains are resolved, names are checked, nothing knows where it stood.</summary>
internal abstract record EditionModel(string Edition, string Namespace)
{
    /// <summary>How it is emitted.</summary>
    public EmissionOptions Options { get; init; } = EmissionOptions.Default;
}

/// <summary>An edition of the classic grammar.</summary>
internal sealed record ClassicEdition(
    string Edition,
    string Namespace,
    EquatableArray<ConstantModel> Constants,
    EquatableArray<FieldValueModel> FieldValues,
    EquatableArray<ClassModel> Classes) : EditionModel(Edition, Namespace);

internal sealed record ConstantModel(string Name, long Value, ConstantScope Scope, string? Label);

/// <summary>What a reply code closes.</summary>
internal enum ConstantScope
{
    None,
    Channel,
    Connection,
}

/// <summary>How many octets a tagged value takes: a fixed width, or a length of <c>LengthOctets</c> octets that comes first.</summary>
internal sealed record FieldValueModel(char Tag, string Name, int? Octets, int? LengthOctets, string? Label);

internal sealed record ClassModel(
    string Name,
    int Index,
    string? Label,
    EquatableArray<FieldModel> Properties,
    EquatableArray<MethodModel> Methods);

internal sealed record MethodModel(
    string Name,
    int Index,
    string? Label,
    bool Synchronous,
    bool HasContent,
    bool Deprecated,
    bool ServerReceives,
    bool ClientReceives,
    EquatableArray<string> Responses,
    EquatableArray<FieldModel> Fields);

internal sealed record FieldModel(string Name, WireType Wire, bool Reserved, string? Label, EquatableArray<CheckModel> Checks);

/// <summary>A check that the generated code can make.</summary>
/// <param name="Kind">What is checked.</param>
/// <param name="Number">Greatest length, or the value that is not allowed.</param>
/// <param name="Characters">The characters that a pattern allows.</param>
internal sealed record CheckModel(CheckKind Kind, long Number, CharacterSet? Characters);

internal enum CheckKind
{
    Length,
    NotEqual,
    Empty,
    Pattern,
}

/// <summary>Base types of the classic grammar.</summary>
internal enum WireType
{
    Bit,
    Octet,
    Short,
    Long,
    LongLong,
    Timestamp,
    ShortString,
    LongString,
    Table,

    /// <summary>0-9's message body: an octet that says what follows, then a long string.</summary>
    Content,
}

/// <summary>A linked edition, and what was found on the way. Without a model when linking failed.</summary>
internal sealed record LinkResult(EditionModel? Model, EquatableArray<Finding> Findings);
