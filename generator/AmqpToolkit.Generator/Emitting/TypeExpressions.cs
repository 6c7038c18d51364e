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

    /// <summary>Reads a member that the view keeps.</summary>
    public static string Read(CompositeMember member)
    {
        string read = $"CompositeReader.Read{Suffix(member.Primitive)}(source, ref at, ref error)";
        return member.Shape != MemberShape.Enumeration ? read
            : member.Primitive == "boolean" ? $"({member.TypeName})({read} ? 1 : 0)"
            : $"({member.TypeName}){read}";
    }

    /// <summary>Passes a member whose place the view keeps.</summary>
    public static string Pass(CompositeMember member) => member.Shape switch
    {
        MemberShape.Variable => $"CompositeReader.Pass{Suffix(member.Primitive)}(source, at, ref error)",
        MemberShape.Compound => $"CompositeReader.PassValue(source, at, AmqpType.{Suffix(member.Primitive)}, ref error)",
        MemberShape.Multiple => $"CompositeReader.PassMultiple(source, at, AmqpType.{Suffix(member.Primitive)}, ref error)",
        MemberShape.Composite => $"CompositeReader.Pass(source, at, {member.TypeName}View.TryParse(source[at..], out _, out int {member.Field}Octets), {member.Field}Octets, ref error)",
        _ => "CompositeReader.PassValue(source, at, ref error)",
    };

    /// <summary>Writes a member as a field of a composite.</summary>
    public static string WriteField(CompositeMember member) => HasWriter(member)
        ? $"CompositeWriter.Write{Suffix(member.Primitive)}(destination, at, {Stored(member)})"
        : $"at + {Stored(member)}.Write(destination[at..])";

    /// <summary>Writes the value behind a descriptor.</summary>
    public static string WriteValue(CompositeMember member) => HasWriter(member)
        ? $"AmqpWriter.Write{Suffix(member.Primitive)}(destination[at..], {Stored(member)})"
        : $"{Stored(member)}.Write(destination[at..])";

    private static bool HasWriter(CompositeMember member) => member.Shape is MemberShape.Scalar or MemberShape.Enumeration or MemberShape.Variable;

    /// <summary>What is kept of a member, as its writer takes it.</summary>
    private static string Stored(CompositeMember member) => member.Shape != MemberShape.Enumeration ? $"_{member.Field}"
        : member.Primitive == "boolean" ? $"_{member.Field} != 0"
        : $"({ScalarType(member.Primitive)})_{member.Field}";

    /// <summary>The owned form of what a view's property has.</summary>
    public static string ToOwned(CompositeMember member) => member.Shape switch
    {
        MemberShape.Scalar or MemberShape.Enumeration => member.Name,
        MemberShape.Variable => $"LongString.CopyOf({member.Name})",
        MemberShape.Composite => $"{member.Name}.ToOwned()",
        _ => $"EncodedValue.CopyOf(AmqpReader.OctetsAt(_source, _{member.Field}At))",
    };
}
