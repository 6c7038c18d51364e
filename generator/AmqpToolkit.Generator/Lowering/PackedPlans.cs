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
/// <param name="CSharpType">Type of a scalar; owned type of a compound.</param>
/// <param name="Suffix">The part of a reader's or writer's name that stands for a scalar or a compound.</param>
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

    /// <summary>A length, then a map, list, array, struct32, sequence-set or byte-ranges.</summary>
    Compound,

    /// <summary>A size, then a struct.</summary>
    Struct,
}

/// <summary>Names of structs by code.</summary>
internal sealed record CommandNamesUnit(string Namespace, string Edition, string HintName, string TypeName, string Kind, EquatableArray<DefinitionPlan> Items)
    : CommandUnit(Namespace, Edition, HintName);

/// <summary>What is known of each control or command, by code.</summary>
internal sealed record CommandInfosUnit(
    string Namespace,
    string Edition,
    string HintName,
    string TypeName,
    string Kind,
    EquatableArray<CommandFacts> Items,
    EquatableArray<int> ClassCodes) : CommandUnit(Namespace, Edition, HintName);

internal sealed record CommandFacts(
    string TypeName,
    string RawName,
    string? Label,
    int Code,
    bool HasHeader,
    bool HasBody,
    bool ServerReceives,
    bool ClientReceives,
    int ResultCode);

/// <summary>The switch of one role over the controls or the commands that it receives, and the interfaces of their handlers.</summary>
/// <param name="TypeName">Name of the class with the switch.</param>
/// <param name="HandlerTypeName">Name of the interface for all classes.</param>
/// <param name="Role">Who receives.</param>
/// <param name="Kind">Control or command.</param>
/// <param name="NamesTypeName">The class that knows all of the kind.</param>
/// <param name="Handlers">An interface a class.</param>
internal sealed record CommandDispatchUnit(
    string Namespace,
    string Edition,
    string HintName,
    string TypeName,
    string HandlerTypeName,
    string Role,
    string Kind,
    string NamesTypeName,
    EquatableArray<HandlerPlan> Handlers) : CommandUnit(Namespace, Edition, HintName);
