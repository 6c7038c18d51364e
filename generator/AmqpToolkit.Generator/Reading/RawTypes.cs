using AmqpToolkit.Generator.Infrastructure;

namespace AmqpToolkit.Generator.Reading;

/// <summary>One part of the type grammar (1.0).</summary>
internal sealed record TypeDocument(
    string Path,
    string Edition,
    bool IsOverlay,
    string? Namespace,
    string? Name,
    EquatableArray<RawType> Types,
    EquatableArray<RawDefinition> Definitions) : RawDocument(Path, Edition, IsOverlay, Namespace)
{
    public override string? Part => Name;
}

/// <summary>A type: primitive, composite or restricted; without a class it extends another one.</summary>
internal sealed record RawType(
    int Node,
    string Name,
    string? Class,
    string? Source,
    EquatableArray<string> Provides,
    string? Label,
    RawDescriptor? Descriptor,
    EquatableArray<RawEncoding> Encodings,
    EquatableArray<RawTypeField> Fields,
    EquatableArray<RawChoice> Choices);

internal sealed record RawDescriptor(int Node, string Name, ulong Code);

internal sealed record RawEncoding(int Node, string? Name, int Code, string Category, int Width);

internal sealed record RawTypeField(
    int Node,
    string Name,
    string? Type,
    string? Requires,
    bool? Mandatory,
    bool? Multiple,
    string? Default,
    string? Label);

internal sealed record RawChoice(int Node, string Name, string Value, string? Label);

internal sealed record RawDefinition(int Node, string Name, string Value, string? Label);
