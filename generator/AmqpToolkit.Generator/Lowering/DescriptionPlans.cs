using AmqpToolkit.Generator.Infrastructure;

namespace AmqpToolkit.Generator.Lowering;

/// <summary>What everything with fields looks like, as data.</summary>
internal sealed record DescriptionsUnit(
    string Namespace,
    string Edition,
    string HintName,
    EquatableArray<ChoicesPlan> Choices,
    EquatableArray<ShapePlan> Shapes) : Unit(Namespace, Edition, HintName);

/// <summary>Named values of a type.</summary>
/// <param name="Field">Name of the C# field that holds them.</param>
/// <param name="RawName">The spec's name.</param>
/// <param name="Items">Names and values.</param>
internal sealed record ChoicesPlan(string Field, string RawName, EquatableArray<ChoicePlan> Items);

/// <summary>One thing with fields.</summary>
/// <param name="Kind">Its <c>ShapeKind</c>.</param>
/// <param name="RawName">The spec's name, with that of its class.</param>
/// <param name="Code">Its number as a C# literal.</param>
/// <param name="Symbol">Its other name.</param>
/// <param name="PackOctets">Octets of its presence bits.</param>
/// <param name="SizeOctets">Octets of the size before it.</param>
/// <param name="Fields">Its fields.</param>
internal sealed record ShapePlan(
    string Kind, string RawName, string Code, string? Symbol, int PackOctets, int SizeOctets, EquatableArray<ShapeFieldPlan> Fields);

/// <summary>One field.</summary>
/// <param name="RawName">The spec's name.</param>
/// <param name="Type">The spec's name of its base type, or of the struct that it is.</param>
/// <param name="Settings">Other properties of the description, as C#.</param>
internal sealed record ShapeFieldPlan(string RawName, string Type, EquatableArray<string> Settings);
