using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Linking;

namespace AmqpToolkit.Generator.Lowering;

/// <summary>A file of an edition of the command grammar.</summary>
internal abstract record CommandUnit(string Namespace, string Edition, string HintName) : Unit(Namespace, Edition, HintName);

/// <summary>A packed struct, command or control: its view and its owned form.</summary>
internal sealed record PackedUnit(
    string Namespace,
    string Edition,
    string HintName,
    PackedModel Model,
    EquatableArray<PackedMember> Members,
    uint KnownMask,
    uint RequiredMask,
    int FixedOctets) : CommandUnit(Namespace, Edition, HintName);

/// <summary>A field of something packed.</summary>
/// <param name="Name">Name of the property.</param>
/// <param name="Field">Name of the C# field, without its underscore.</param>
/// <param name="Shape">How it is read, kept and written.</param>
/// <param name="CSharpType">Type of a scalar.</param>
/// <param name="Suffix">The part of a reader's or writer's name that stands for a scalar.</param>
/// <param name="Octets">Octets of a fixed value, or of the length before a variable one.</param>
/// <param name="Model">The field.</param>
internal sealed record PackedMember(string Name, string Field, PackedShape Shape, string CSharpType, string Suffix, int Octets, PackedFieldModel Model);

internal enum PackedShape
{
    /// <summary>A presence bit and no octets.</summary>
    Bit,

    /// <summary>A number and the like.</summary>
    Scalar,

    /// <summary>Octets of a fixed width.</summary>
    Fixed,

    /// <summary>A length, then as many octets.</summary>
    Variable,

    /// <summary>A size, then a struct.</summary>
    Struct,
}

/// <summary>Names of commands and controls by code.</summary>
internal sealed record CommandNamesUnit(string Namespace, string Edition, string HintName, string TypeName, string Kind, EquatableArray<DefinitionPlan> Items)
    : CommandUnit(Namespace, Edition, HintName);
