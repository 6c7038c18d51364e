using System.Globalization;
using AmqpToolkit.Generator.Linking;
using AmqpToolkit.Generator.Lowering;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>A packed struct, command or control of 0-10: its view and its owned form, and what both say of it.</summary>
internal static class PackedEmitter
{
    public static void Emit(SourceWriter writer, PackedUnit unit)
    {
        if (unit.Options.Has(EmittedParts.Views))
        {
            PackedViewEmitter.Emit(writer, unit);
        }

        if (unit.Options.Parts.HasFlag(EmittedParts.Views | EmittedParts.Owned))
        {
            writer.Line();
        }

        if (unit.Options.Has(EmittedParts.Owned))
        {
            OwnedPackedEmitter.Emit(writer, unit);
        }
    }

    public static string ViewType(PackedMember member) => member.Shape switch
    {
        PackedShape.Bit => "bool",
        PackedShape.Scalar => member.Model.Enumeration ?? member.CSharpType,
        PackedShape.Struct => member.CSharpType + "View",
        PackedShape.Compound => member.Suffix switch
        {
            "Struct32" => "PackedStructView",
            "SequenceSet" or "ByteRanges" => member.Suffix + "View",
            _ => $"Packed{member.Suffix}View",
        },
        _ => "ReadOnlySpan<byte>",
    };

    public static string Summary(PackedMember member) =>
        $"{Docs.Sentence(member.Model.Label, member.Model.Name)} ({member.Model.Name}, {Docs.Escape(member.Model.TypeName)}{(member.Model.Element is null ? "" : " of " + Docs.Escape(member.Model.Element))}{(member.Model.Required ? ", required" : "")})";

    public static void EmitHead(SourceWriter writer, PackedUnit unit, string form, string declaration)
    {
        string name = CommandName(unit.Model);
        writer.Line($"""
            /// <summary>{Docs.Sentence(unit.Model.Label, name)} {form} {name}.</summary>
            /// <remarks>{Remarks(unit)}</remarks>
            {Emitter.GeneratedCode}
            {declaration}
            """);
    }

    public static string CommandName(PackedModel model) => model.Class.Length == 0 ? model.Name : $"{model.Class}.{model.Name}";

    private static string Remarks(PackedUnit unit)
    {
        PackedModel model = unit.Model;
        string fields = unit.Members.Count == 0 ? "no fields" : string.Join(", ", unit.Members.Select(member => $"{member.Model.Name} {member.Model.TypeName}"));
        string pack = model.PackOctets == 0 ? "all fields are there" : $"{model.PackOctets} octets of presence bits";
        string receivers = model.Receivers.Count == 0 ? "" : $" Received by {string.Join(" and ", model.Receivers)}.";
        string suffix = unit.Options.Has(EmittedParts.Owned) ? "" : "View";
        string result = model.Result is null ? "" : $" Answered by <see cref=\"{model.Result}{suffix}\"/>.";
        string header = model.Header.Count == 0 ? "" : $" Header: {string.Join(", ", model.Header.Select(name => $"<see cref=\"{name}{suffix}\"/>"))}.";
        return $"Wire: {pack}, {Docs.Escape(fields)}.{receivers}{result}{header}{(model.HasBody ? " A body may follow." : "")}";
    }
}
