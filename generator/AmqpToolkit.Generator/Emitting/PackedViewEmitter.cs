using System.Globalization;
using AmqpToolkit.Generator.Lowering;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>The view of something packed: one walk over its fields, then accessors that cannot fail.</summary>
internal static class PackedViewEmitter
{
    public static void Emit(SourceWriter writer, PackedUnit unit)
    {
        string view = unit.Model.TypeName + "View";
        PackedEmitter.EmitHead(writer, unit, "View, valid as long as its octets are, over", $"public readonly ref struct {view}");
        writer.Line("{");
        using (writer.Indented())
        {
            if (unit.Model.Code is { } code)
            {
                writer.Line($"""
                    /// <summary>Class code and code of {PackedEmitter.CommandName(unit.Model)}.</summary>
                    public const ushort Code = 0x{code.ToString("X4", CultureInfo.InvariantCulture)};

                    """);
            }

            EmitFields(writer, unit, view);
            for (int i = 0; i < unit.Members.Count; i++)
            {
                EmitViewMember(writer, unit.Members[i], i);
            }

            if (unit.Members.Count != 0)
            {
                writer.Line($"""

                    /// <summary>Whether every required field is there. Peers leave some of them out.</summary>
                    public bool IsComplete => (_present & {Mask(unit.RequiredMask)}) == {Mask(unit.RequiredMask)};
                    """);
            }

            if (unit.Members.Count != 0 && unit.Options.Has(EmittedParts.Owned))
            {
                writer.Line();
                writer.Line("internal uint Present => _present;");
            }

            EmitIsTextValid(writer, unit);
            EmitTryParse(writer, unit, view);
            if (unit.Options.Has(EmittedParts.Owned))
            {
                EmitToOwned(writer, unit);
            }
        }

        writer.Line("}");
    }

    private static void EmitFields(SourceWriter writer, PackedUnit unit, string view)
    {
        if (unit.Members.Count == 0)
        {
            return;
        }

        bool hasSource = unit.Members.Any(HasPlace);
        if (hasSource)
        {
            writer.Line("private readonly ReadOnlySpan<byte> _source;");
        }

        writer.Line("private readonly uint _present;");
        foreach (PackedMember member in unit.Members.Where(member => member.Shape != PackedShape.Bit))
        {
            writer.Line(IsKept(member) ? $"private readonly {PackedEmitter.ViewType(member)} _{member.Field};" : $"private readonly int _{member.Field}At;");
        }

        writer.Line();
        using (writer.Braces($"private {view}(scoped ref PackedReader fields)"))
        {
            writer.Line("_present = fields.Present;");
            for (int i = 0; i < unit.Members.Count; i++)
            {
                PackedMember member = unit.Members[i];
                if (member.Shape == PackedShape.Bit)
                {
                    continue;
                }

                string read = member.Shape switch
                {
                    PackedShape.Scalar when member.Model.Enumeration is { } enumeration => $"_{member.Field} = ({enumeration})fields.Read{member.Suffix}();",
                    PackedShape.Scalar => $"_{member.Field} = fields.Read{member.Suffix}();",
                    PackedShape.Fixed => $"_{member.Field}At = fields.PassFixed({Expressions.Number(member.Octets)});",
                    PackedShape.Compound => $"_{member.Field}At = fields.Pass{member.Suffix}();",
                    PackedShape.Struct when member.Model.Struct!.HasCode => $"_{member.Field}At = fields.PassCoded({Expressions.Number(member.Octets)}, {member.CSharpType}View.Code);",
                    _ => $"_{member.Field}At = fields.PassVariable({Expressions.Number(member.Octets)});",
                };
                writer.Line();
                using (writer.Braces($"if ((_present & {CompositeEmitter.Bit(i)}) != 0)"))
                {
                    writer.Line(read);
                    if (member.Shape == PackedShape.Struct)
                    {
                        writer.Line($"fields.NoteStruct({member.CSharpType}View.TryParse({StructBody(member, "fields.Source")}, out _));");
                    }
                }
            }

            if (hasSource)
            {
                writer.Line();
                writer.Line("_source = fields.Source;");
            }
        }
    }

    private static string StructBody(PackedMember member, string source) => member.Model.Struct!.HasCode
        ? $"PackedReader.CodedAt({source}, _{member.Field}At, {Expressions.Number(member.Octets)}, {member.CSharpType}View.Code)"
        : $"PackedReader.VariableAt({source}, _{member.Field}At, {Expressions.Number(member.Octets)})";

    private static void EmitViewMember(SourceWriter writer, PackedMember member, int index)
    {
        string has = $"(_present & {CompositeEmitter.Bit(index)}) != 0";
        writer.Line();
        if (member.Shape == PackedShape.Bit)
        {
            writer.Line($"""
                /// <summary>{PackedEmitter.Summary(member)}</summary>
                public bool {member.Name} => {has};
                """);
            return;
        }

        writer.Line($"""
            /// <summary>Whether {member.Model.Name} is there.</summary>
            public bool Has{member.Name} => {has};

            /// <summary>{PackedEmitter.Summary(member)}</summary>
            """);
        if (member.Shape == PackedShape.Struct)
        {
            writer.Line($$"""
                public {{PackedEmitter.ViewType(member)}} {{member.Name}}
                {
                    get
                    {
                        if (!Has{{member.Name}})
                        {
                            return default;
                        }

                        {{PackedEmitter.ViewType(member)}}.TryParse({{StructBody(member, "_source")}}, out {{PackedEmitter.ViewType(member)}} value);
                        return value;
                    }
                }
                """);
            return;
        }

        string value = member.Shape switch
        {
            PackedShape.Scalar => $"_{member.Field}",
            PackedShape.Fixed => $"{has} ? _source.Slice(_{member.Field}At, {Expressions.Number(member.Octets)}) : default",
            PackedShape.Compound => $"{has} ? new(PackedReader.VariableAt(_source, _{member.Field}At, {Expressions.Number(member.Octets)})) : default",
            _ => $"{has} ? PackedReader.VariableAt(_source, _{member.Field}At, {Expressions.Number(member.Octets)}) : default",
        };
        writer.Line($"public {PackedEmitter.ViewType(member)} {member.Name} => {value};");
    }

    private static void EmitIsTextValid(SourceWriter writer, PackedUnit unit)
    {
        string[] texts = unit.Members
            .Where(member => IsText(member) || member.Shape == PackedShape.Struct)
            .Select(member => member.Shape == PackedShape.Struct ? $"{member.Name}.IsTextValid" : $"PackedReader.IsText({member.Name})")
            .ToArray();
        writer.Line($"""

            /// <summary>Whether every str8 and str16 is well-formed UTF-8.</summary>
            public bool IsTextValid => {(texts.Length == 0 ? "true" : string.Join(" && ", texts))};
            """);
    }

    private static void EmitTryParse(SourceWriter writer, PackedUnit unit, string view)
    {
        writer.Line("""

            /// <summary>Checks all fields in one walk.</summary>
            /// <param name="source">Presence bits and fields, from the first octet to the last.</param>
            /// <param name="view">The view, or an empty one when the result is an error.</param>
            /// <returns><see cref="DecodeError.None"/>, or what is wrong with the octets.</returns>
            """);
        using (writer.Braces($"public static DecodeError TryParse(ReadOnlySpan<byte> source, out {view} view)"))
        {
            string mask = Mask(unit.KnownMask);
            writer.Line("view = default;");
            writer.Line($"DecodeError error = PackedReader.Open(source, {Expressions.Number(unit.Model.PackOctets)}, {mask}, out PackedReader fields);");
            writer.Line("""
                if (error != DecodeError.None)
                {
                    return error;
                }

                """);
            if (unit.Members.Count == 0)
            {
                writer.Line("return fields.Close();");
                return;
            }

            writer.Line($$"""
                var parsed = new {{view}}(ref fields);
                error = fields.Close();
                if (error == DecodeError.None)
                {
                    view = parsed;
                }

                return error;
                """);
        }
    }

    private static void EmitToOwned(SourceWriter writer, PackedUnit unit) => writer.Line($"""

        /// <summary>Copies all fields.</summary>
        public {unit.Model.TypeName} ToOwned() => {(unit.Members.Count == 0 ? "default" : "new(this)")};
        """);

    private static string Mask(uint mask) => "0x" + mask.ToString("X", CultureInfo.InvariantCulture);

    private static bool IsKept(PackedMember member) => member.Shape == PackedShape.Scalar;

    private static bool HasPlace(PackedMember member) => member.Shape is PackedShape.Fixed or PackedShape.Variable or PackedShape.Compound or PackedShape.Struct;

    private static bool IsText(PackedMember member) => member.Shape == PackedShape.Variable && member.Model.Wire!.Name is "str8" or "str16";
}
