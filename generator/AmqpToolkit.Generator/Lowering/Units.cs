using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Linking;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Lowering;

/// <summary>The plan of one emitted file.</summary>
/// <param name="Namespace">Namespace of the emitted types.</param>
/// <param name="Edition">Edition that the types belong to, for the documentation.</param>
/// <param name="HintName">Name of the emitted file.</param>
internal abstract record Unit(string Namespace, string Edition, string HintName)
{
    /// <summary>What is emitted of it, and how visible.</summary>
    public EmissionOptions Options { get; init; } = EmissionOptions.Default;
}

/// <summary>A file that could not be laid out.</summary>
internal sealed record FailedUnit(string Namespace, string Edition, string HintName, EmissionFailure Failure) : Unit(Namespace, Edition, HintName);

/// <summary>Methods, content properties and handlers of one class.</summary>
internal sealed record ClassUnit(
    string Namespace,
    string Edition,
    string HintName,
    string Name,
    string? Label,
    EquatableArray<MethodPlan> Methods,
    PropertiesPlan? Properties,
    EquatableArray<HandlerPlan> Handlers) : Unit(Namespace, Edition, HintName);

/// <summary>The interface with what one role receives of one class.</summary>
internal sealed record HandlerPlan(string TypeName, string Role, string ClassName, EquatableArray<HandledMethod> Methods);

internal sealed record HandledMethod(string TypeName, string Name, string? Label);

/// <summary>The switch of one role over everything that it receives.</summary>
internal sealed record DispatchUnit(
    string Namespace,
    string Edition,
    string HintName,
    string TypeName,
    string HandlerTypeName,
    string Role,
    EquatableArray<DispatchedClass> Classes,
    EquatableArray<string> HotTypeNames,
    EquatableArray<string> TypeNames) : Unit(Namespace, Edition, HintName);

/// <summary>What one role receives of one class.</summary>
/// <param name="Name">Name of the class.</param>
/// <param name="TypeName">The same in C#.</param>
/// <param name="HandlerTypeName">The interface with its methods.</param>
/// <param name="MethodTypeNames">The methods.</param>
internal sealed record DispatchedClass(string Name, string TypeName, string HandlerTypeName, EquatableArray<string> MethodTypeNames);

/// <summary>What is known of each method.</summary>
internal sealed record MethodsUnit(
    string Namespace,
    string Edition,
    string HintName,
    EquatableArray<MethodFacts> Methods,
    EquatableArray<int> ClassIds) : Unit(Namespace, Edition, HintName);

internal sealed record MethodFacts(
    uint Key,
    string Name,
    int ClassId,
    int MethodId,
    bool Synchronous,
    bool HasContent,
    bool ServerReceives,
    bool ClientReceives);

/// <summary>Constants, and what each reply code closes.</summary>
internal sealed record ConstantsUnit(string Namespace, string Edition, string HintName, EquatableArray<ConstantPlan> Constants)
    : Unit(Namespace, Edition, HintName);

internal sealed record ConstantPlan(string Name, string RawName, string Type, long Value, ConstantScope Scope, bool IsReplyCode, string? Label);

/// <summary>Tags of table values and their widths.</summary>
internal sealed record FieldValueTagsUnit(
    string Namespace,
    string Edition,
    string HintName,
    EquatableArray<FieldValuePlan> Tags,
    EquatableArray<byte> Widths) : Unit(Namespace, Edition, HintName);

internal sealed record FieldValuePlan(string Name, char Tag, string Shape, string? Label);
