using AmqpToolkit.Generator.Infrastructure;

namespace AmqpToolkit.Generator.Linking;

/// <summary>An edition of the type grammar: everything is resolved to primitives.</summary>
internal sealed record TypeEdition(
    string Edition,
    string Namespace,
    EquatableArray<CompositeModel> Composites,
    EquatableArray<DescribedModel> DescribedValues,
    EquatableArray<ChoicesModel> Choices,
    EquatableArray<UnionModel> Unions,
    EquatableArray<EncodingModel> Encodings,
    EquatableArray<DefinitionModel> Definitions) : EditionModel(Edition, Namespace);

/// <summary>Numeric and symbolic name of a described type.</summary>
internal sealed record DescriptorModel(string Symbol, ulong Code);

internal sealed record CompositeModel(string Name, string? Label, DescriptorModel Descriptor, EquatableArray<TypeFieldModel> Fields);

/// <summary>A described type whose value is a primitive, or anything at all.</summary>
internal sealed record DescribedModel(string Name, string? Label, DescriptorModel Descriptor, TypeReference Type);

/// <summary>What the value of a field is on the wire, and what stands for it in C#.</summary>
/// <param name="Primitive">The primitive type, or <c>*</c>; of something described that of its value.</param>
/// <param name="Choices">Name of the choices that it is one of, if its primitive is a number or boolean.</param>
/// <param name="Composite">The composite or the described type that it is: a descriptor comes first.</param>
/// <param name="Union">The archetype that it must provide, when it may be anything.</param>
internal sealed record TypeReference(string Primitive, string? Choices, string? Composite, string? Union);

/// <param name="Name">The spec's name.</param>
/// <param name="TypeName">The name of its type in the definition.</param>
/// <param name="Type">What that is.</param>
/// <param name="Requires">The archetype that its value must provide.</param>
/// <param name="Mandatory">It must not be null.</param>
/// <param name="Multiple">Null, one value, or an array of values.</param>
/// <param name="Default">What stands for null, as the definition spells it; the value of a choice, not its name.</param>
/// <param name="DefaultChoice">The choice that stands for null.</param>
/// <param name="Label">What it is, in words.</param>
internal sealed record TypeFieldModel(
    string Name,
    string TypeName,
    TypeReference Type,
    string? Requires,
    bool Mandatory,
    bool Multiple,
    string? Default,
    string? DefaultChoice,
    string? Label);

/// <summary>The choices of a restricted type or domain.</summary>
/// <param name="Name">That of the type; of a described type, whose name is that of what carries the descriptor, one beside it.</param>
/// <param name="TypeName">Its C# name.</param>
/// <param name="Label">What it is, in words.</param>
/// <param name="Primitive">The primitive of 1.0 that the values are.</param>
/// <param name="Items">The choices.</param>
internal sealed record ChoicesModel(string Name, string TypeName, string? Label, string Primitive, EquatableArray<ChoiceModel> Items);

internal sealed record ChoiceModel(string Name, string Value, string? Label);

/// <summary>Everything that provides an archetype.</summary>
/// <param name="Name">The archetype.</param>
/// <param name="Members">By descriptor, then those that have none.</param>
/// <param name="StandsAlone">No field requires it, and all members have a descriptor: it is what frames or messages are made of.</param>
internal sealed record UnionModel(string Name, EquatableArray<UnionMember> Members, bool StandsAlone);

/// <param name="Name">Name of the type.</param>
/// <param name="Code">Its descriptor, or null when its primitive tells it from the others.</param>
/// <param name="Primitive">Its primitive.</param>
internal sealed record UnionMember(string Name, ulong? Code, string Primitive);

internal sealed record EncodingModel(string Name, string Type, int Code, string Category, int Width);

internal sealed record DefinitionModel(string Name, string Value, string? Label);
