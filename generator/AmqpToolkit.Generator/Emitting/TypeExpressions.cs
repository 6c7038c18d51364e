using AmqpToolkit.Generator.Lowering;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>Primitives of 1.0 as C# types and calls of the codec.</summary>
internal static class TypeExpressions
{
    /// <summary>The part of a reader's or writer's name that stands for a primitive.</summary>
    public static string Suffix(string primitive) => primitive switch
    {
        "boolean" => "Boolean",
        "ubyte" => "UByte",
        "ushort" => "UShort",
        "uint" => "UInt",
        "ulong" => "ULong",
        _ => char.ToUpperInvariant(primitive[0]) + primitive.Substring(1),
    };

    public static string ScalarType(string primitive) => primitive switch
    {
        "boolean" => "bool",
        "ubyte" => "byte",
        "byte" => "sbyte",
        "decimal32" => "uint",
        "decimal64" => "ulong",
        "decimal128" => "UInt128",
        "char" => "Rune",
        "timestamp" => "long",
        "uuid" => "Guid",
        _ => primitive,
    };

    /// <summary>What an enumeration is stored in.</summary>
    public static string StorageType(string primitive) => primitive == "boolean" ? "byte" : ScalarType(primitive);

    public static string ViewType(CompositeMember member) => member.Shape switch
    {
        MemberShape.Scalar => ScalarType(member.Primitive),
        MemberShape.Enumeration or MemberShape.Union => member.TypeName!,
        MemberShape.Variable => "ReadOnlySpan<byte>",
        MemberShape.Compound => $"Encoded{Suffix(member.Primitive)}View",
        MemberShape.Any => "EncodedValueView",
        MemberShape.Composite => member.TypeName + "View",
        _ => "MultipleView",
    };

    public static string OwnedType(CompositeMember member) => member.Shape switch
    {
        MemberShape.Scalar => ScalarType(member.Primitive),
        MemberShape.Enumeration or MemberShape.Composite => member.TypeName!,
        MemberShape.Variable => "LongString",
        _ => "EncodedValue",
    };

    /// <summary>Whether a view keeps the value, not its place.</summary>
    public static bool IsKept(CompositeMember member) => member.Shape is MemberShape.Scalar or MemberShape.Enumeration;

    /// <summary>Reads the member from a reader of fields.</summary>
    public static string Read(CompositeMember member) => member.Shape switch
    {
        MemberShape.Scalar => $"fields.Read{Suffix(member.Primitive)}()",
        MemberShape.Enumeration when member.Primitive == "boolean" => $"({member.TypeName})(fields.ReadBoolean() ? 1 : 0)",
        MemberShape.Enumeration => $"({member.TypeName})fields.Read{Suffix(member.Primitive)}()",
        MemberShape.Variable => $"fields.Pass{Suffix(member.Primitive)}()",
        MemberShape.Compound => $"fields.PassValue(AmqpType.{Suffix(member.Primitive)})",
        MemberShape.Multiple => $"fields.PassMultiple(AmqpType.{Suffix(member.Primitive)})",
        _ => "fields.PassValue()",
    };

    /// <summary>Writes the member to a span.</summary>
    public static string Write(CompositeMember member, string destination) => member.Shape switch
    {
        MemberShape.Scalar => $"AmqpWriter.Write{Suffix(member.Primitive)}({destination}, _{member.Field})",
        MemberShape.Enumeration when member.Primitive == "boolean" => $"AmqpWriter.WriteBoolean({destination}, _{member.Field} != 0)",
        MemberShape.Enumeration => $"AmqpWriter.Write{Suffix(member.Primitive)}({destination}, ({ScalarType(member.Primitive)})_{member.Field})",
        MemberShape.Variable => $"AmqpWriter.Write{Suffix(member.Primitive)}({destination}, _{member.Field})",
        _ => $"_{member.Field}.Write({destination})",
    };

    /// <summary>The owned form of what a view's property has.</summary>
    public static string ToOwned(CompositeMember member) => member.Shape switch
    {
        MemberShape.Scalar or MemberShape.Enumeration => member.Name,
        MemberShape.Variable => $"LongString.CopyOf({member.Name})",
        MemberShape.Composite => $"{member.Name}.ToOwned()",
        _ => $"AmqpReader.ValueAt(_source, _{member.Field}At).ToOwned()",
    };
}
