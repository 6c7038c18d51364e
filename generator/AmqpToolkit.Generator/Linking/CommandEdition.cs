using AmqpToolkit.Generator.Infrastructure;

namespace AmqpToolkit.Generator.Linking;

/// <summary>An edition of the command grammar: names are resolved to wire types.</summary>
internal sealed record CommandEdition(
    string Edition,
    string Namespace,
    EquatableArray<PackedModel> Packed,
    EquatableArray<ChoicesModel> Enumerations,
    EquatableArray<DefinitionModel> Constants,
    EquatableArray<WireTypeModel> Types) : EditionModel(Edition, Namespace);

/// <summary>What is packed: struct, command or control.</summary>
internal enum PackedKind
{
    Struct,
    Command,
    Control,
}

/// <param name="Kind">What it is.</param>
/// <param name="Class">Its class; empty for a struct of none.</param>
/// <param name="Name">The spec's name.</param>
/// <param name="TypeName">Its C# name.</param>
/// <param name="Code">Code of the class and its own, if it has one.</param>
/// <param name="SizeOctets">Octets of the size before it.</param>
/// <param name="PackOctets">Octets of its presence bits.</param>
/// <param name="Label">What it is, in words.</param>
/// <param name="Receivers">Roles that receive it.</param>
/// <param name="Result">The struct that answers it.</param>
/// <param name="Header">Structs of its header segment.</param>
/// <param name="HasBody">A body segment may follow.</param>
/// <param name="Fields">Its fields, in the order of their bits.</param>
internal sealed record PackedModel(
    PackedKind Kind,
    string Class,
    string Name,
    string TypeName,
    int? Code,
    int SizeOctets,
    int PackOctets,
    string? Label,
    EquatableArray<string> Receivers,
    string? Result,
    EquatableArray<string> Header,
    bool HasBody,
    EquatableArray<PackedFieldModel> Fields);

/// <param name="Name">The spec's name.</param>
/// <param name="TypeName">The name of its type in the definition.</param>
/// <param name="Wire">The wire type at the end of its chain; null for a struct.</param>
/// <param name="Enumeration">C# name of the enumeration that it is.</param>
/// <param name="Struct">The struct that it is.</param>
/// <param name="Element">What the elements of an array are.</param>
/// <param name="Required">It must be present.</param>
/// <param name="Default">Its value when nothing is said.</param>
/// <param name="Label">What it is, in words.</param>
internal sealed record PackedFieldModel(
    string Name,
    string TypeName,
    WireTypeModel? Wire,
    string? Enumeration,
    StructReference? Struct,
    string? Element,
    bool Required,
    bool Default,
    string? Label);

internal sealed record StructReference(string TypeName, int SizeOctets, bool HasCode);

/// <summary>A base type: its code, and its width or that of its length.</summary>
internal sealed record WireTypeModel(string Name, int? Code, int? FixedOctets, int? LengthOctets);
