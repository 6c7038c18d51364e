using AmqpToolkit.Generator.Infrastructure;

namespace AmqpToolkit.Generator.Reading;

/// <summary>A document of the command grammar (0-10).</summary>
internal sealed record CommandDocument(
    string Path,
    string Edition,
    bool IsOverlay,
    string? Namespace,
    EquatableArray<RawWireType> Types,
    EquatableArray<RawDefinition> Constants,
    EquatableArray<RawCommandDomain> Domains,
    EquatableArray<RawStruct> Structs,
    EquatableArray<RawCommandClass> Classes) : RawDocument(Path, Edition, IsOverlay, Namespace);

/// <summary>A base type: of a fixed width, or of a length that comes first.</summary>
internal sealed record RawWireType(int Node, string Name, int? Code, int? FixedWidth, int? VariableWidth, string? Label);

internal sealed record RawCommandDomain(int Node, string Name, string? Type, string? Element, string? Label, EquatableArray<RawChoice> Choices);

internal sealed record RawCommandClass(
    int Node,
    string Name,
    int? Code,
    string? Label,
    EquatableArray<RawCommandDomain> Domains,
    EquatableArray<RawStruct> Structs,
    EquatableArray<RawCommand> Commands);

/// <summary>A packed struct; null where an overlay says nothing.</summary>
internal sealed record RawStruct(int Node, string Name, int? Code, int? Size, int? Pack, string? Label, EquatableArray<RawPackedField> Fields);

/// <summary>A command or a control.</summary>
internal sealed record RawCommand(
    int Node,
    string Name,
    bool IsControl,
    int? Code,
    string? Label,
    EquatableArray<string> Roles,
    EquatableArray<RawResponse> Responses,
    EquatableArray<RawPackedField> Fields,
    RawResult? Result,
    RawSegments? Segments);

internal sealed record RawResult(int Node, string? Type, RawStruct? Struct);

internal sealed record RawSegments(int Node, EquatableArray<RawResponse> Entries, bool HeaderRequired, bool HasBody);

internal sealed record RawPackedField(
    int Node,
    string Name,
    string? Type,
    string? Element,
    bool? Required,
    string? Default,
    string? Label);
