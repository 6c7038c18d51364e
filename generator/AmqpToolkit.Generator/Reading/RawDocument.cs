using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;

namespace AmqpToolkit.Generator.Reading;

/// <summary>What one file says, without lines and prose. Every element knows its ordinal in the file (<c>Node</c>), nothing more of where it stood.</summary>
internal abstract record RawDocument(string Path, string Edition, bool IsOverlay, string? Namespace)
{
    /// <summary>Name of this part of the edition, where an edition has several.</summary>
    public virtual string? Part => null;

    /// <summary>What stands before the edition in the namespace of a document that names none.</summary>
    public string? RootNamespace { get; init; }

    /// <summary>Whether the types are internal; null when the project does not say.</summary>
    public bool? IsInternal { get; init; }

    /// <summary>The parts to emit; null when the project does not say.</summary>
    public EmittedParts? Parts { get; init; }
}

/// <summary>A document of the classic grammar.</summary>
internal sealed record ClassicDocument(
    string Path,
    string Edition,
    bool IsOverlay,
    string? Namespace,
    EquatableArray<RawConstant> Constants,
    EquatableArray<RawDomain> Domains,
    EquatableArray<RawFieldValue> FieldValues,
    EquatableArray<RawClass> Classes) : RawDocument(Path, Edition, IsOverlay, Namespace);

internal sealed record RawConstant(int Node, string Name, long Value, string? Class, string? Label);

internal sealed record RawDomain(int Node, string Name, string Type, string? Label, EquatableArray<RawAssert> Asserts);

internal sealed record RawFieldValue(int Node, string Tag, string Name, int? Octets, int? LengthOctets, string? Label);

internal sealed record RawClass(
    int Node,
    string Name,
    int? Index,
    string? Label,
    EquatableArray<RawField> Fields,
    EquatableArray<RawMethod> Methods);

internal sealed record RawMethod(
    int Node,
    string Name,
    int? Index,
    bool? Synchronous,
    bool? Content,
    bool? Deprecated,
    string? Label,
    EquatableArray<string> Roles,
    EquatableArray<RawResponse> Responses,
    EquatableArray<RawField> Fields);

internal sealed record RawResponse(int Node, string Name);

internal sealed record RawField(
    int Node,
    string Name,
    string? Domain,
    string? Type,
    bool? Reserved,
    string? Replaces,
    string? Label,
    EquatableArray<RawAssert> Asserts);

internal sealed record RawAssert(int Node, string Check, string? Value);

/// <summary>A parsed file. Without a document when the file cannot be read as one.</summary>
internal sealed record ReadResult(RawDocument? Document, LocationTable Locations, EquatableArray<Finding> Findings);
