using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Linking;

namespace AmqpToolkit.Generator.Lowering;

/// <summary>A file of an edition of the type grammar.</summary>
internal abstract record TypeUnit(string Namespace, string Edition, string HintName) : Unit(Namespace, Edition, HintName);

/// <summary>A composite: its view and its owned form.</summary>
/// <param name="TypeName">Name of the owned type; the view's is this and <c>View</c>.</param>
/// <param name="RawName">The spec's name.</param>
/// <param name="Label">What it is, in words.</param>
/// <param name="Descriptor">Its descriptor.</param>
/// <param name="Members">Its fields, in wire order.</param>
/// <param name="MandatoryMask">Presence bits of the mandatory fields.</param>
/// <param name="FixedOctets">Octets of everything at most, without the contents of variable fields.</param>
internal sealed record CompositeUnit(
    string Namespace,
    string Edition,
    string HintName,
    string TypeName,
    string RawName,
    string? Label,
    DescriptorModel Descriptor,
    EquatableArray<CompositeMember> Members,
    uint MandatoryMask,
    int FixedOctets) : TypeUnit(Namespace, Edition, HintName);

/// <summary>A field of a composite.</summary>
/// <param name="Name">Name of the property.</param>
/// <param name="Field">Name of the C# field, without its underscore.</param>
/// <param name="RawName">The spec's name.</param>
/// <param name="RawType">The spec's name of its type.</param>
/// <param name="Label">What it is, in words.</param>
/// <param name="Shape">How it is read, kept and written.</param>
/// <param name="Primitive">Its primitive.</param>
/// <param name="TypeName">C# name of the enumeration, composite or union that it is.</param>
/// <param name="Mandatory">It must not be null.</param>
/// <param name="RawDefault">What stands for null, as the definition has it.</param>
/// <param name="Default">The C# literal of that, unless it is what the C# field has anyway.</param>
/// <param name="MaxOctets">Octets that it takes at most, or before its contents.</param>
internal sealed record CompositeMember(
    string Name,
    string Field,
    string RawName,
    string RawType,
    string? Label,
    MemberShape Shape,
    string Primitive,
    string? TypeName,
    bool Mandatory,
    string? RawDefault,
    string? Default,
    int MaxOctets);

internal enum MemberShape
{
    /// <summary>A number and the like: decoded when the composite is parsed.</summary>
    Scalar,

    /// <summary>A number that is a choice of an enumeration.</summary>
    Enumeration,

    /// <summary>Binary, string or symbol: its place is kept.</summary>
    Variable,

    /// <summary>List, map or array: its place is kept.</summary>
    Compound,

    /// <summary>Any value.</summary>
    Any,

    /// <summary>A value that must provide an archetype.</summary>
    Union,

    /// <summary>Another composite.</summary>
    Composite,

    /// <summary>Null, one value, or an array of values.</summary>
    Multiple,
}

/// <summary>A described value that is no composite.</summary>
internal sealed record DescribedUnit(
    string Namespace,
    string Edition,
    string HintName,
    string TypeName,
    string RawName,
    string? Label,
    DescriptorModel Descriptor,
    CompositeMember Value) : TypeUnit(Namespace, Edition, HintName);

/// <summary>A type with choices: an enumeration, or names.</summary>
internal sealed record ChoicesUnit(
    string Namespace,
    string Edition,
    string HintName,
    string TypeName,
    string RawName,
    string? Label,
    string Primitive,
    EquatableArray<ChoicePlan> Items) : TypeUnit(Namespace, Edition, HintName);

internal sealed record ChoicePlan(string Name, string RawName, string Value, string? Label);

/// <summary>Everything that provides an archetype; with a handler and a switch when it stands alone.</summary>
internal sealed record UnionUnit(
    string Namespace,
    string Edition,
    string HintName,
    string TypeName,
    string RawName,
    EquatableArray<UnionMemberPlan> Members,
    string? HandlerTypeName) : TypeUnit(Namespace, Edition, HintName);

/// <param name="Name">Name of the member, and of the methods that read it.</param>
/// <param name="TypeName">Name of its type.</param>
/// <param name="RawName">The spec's name.</param>
/// <param name="Code">Its descriptor, if it has one.</param>
/// <param name="Primitive">Its primitive.</param>
internal sealed record UnionMemberPlan(string Name, string TypeName, string RawName, ulong? Code, string Primitive);

/// <summary>Numbers and symbols of all descriptors.</summary>
internal sealed record DescriptorsUnit(
    string Namespace,
    string Edition,
    string HintName,
    EquatableArray<DescriptorPlan> Descriptors) : TypeUnit(Namespace, Edition, HintName);

internal sealed record DescriptorPlan(string Name, string RawName, string Symbol, ulong Code);

/// <summary>Definitions and constructors.</summary>
internal sealed record DefinitionsUnit(
    string Namespace,
    string Edition,
    string HintName,
    string TypeName,
    string Summary,
    EquatableArray<DefinitionPlan> Definitions) : TypeUnit(Namespace, Edition, HintName);

internal sealed record DefinitionPlan(string Name, string RawName, string Type, string Value, string? Label);
