using System.Globalization;
using AmqpToolkit.Generator.Linking;
using AmqpToolkit.Generator.Lowering;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>The owned form of something packed: holds its fields and writes itself.</summary>
internal static class OwnedPackedEmitter
{
    public static void Emit(SourceWriter writer, PackedUnit unit)
    {
        PackedModel model = unit.Model;
        PackedEmitter.EmitHead(writer, unit, "Owned form of", $"public readonly record struct {model.TypeName} : {Interface(model.Kind)}");
        writer.Line("{");
        using (writer.Indented())
        {
            if (unit.Members.Count != 0)
            {
                writer.Line("private readonly uint _present;");
            }

            foreach (PackedMember member in unit.Members.Where(member => member.Shape != PackedShape.Bit))
            {
                writer.Line($"private readonly {OwnedType(member)} _{member.Field};");
            }

            if (unit.Members.Count != 0 && unit.Options.Has(EmittedParts.Views))
            {
                EmitOwnedConstructor(writer, unit);
            }

            for (int i = 0; i < unit.Members.Count; i++)
            {
                EmitOwnedMember(writer, unit, i);
            }

            if (unit.Members.Any(member => member.Model.Default && member.Shape == PackedShape.Bit))
            {
                string values = string.Join(", ", unit.Members.Where(member => member.Model.Default && member.Shape == PackedShape.Bit).Select(member => $"{member.Name} = true"));
                writer.Line($$"""

                    /// <summary>What a {{model.Name}} that is not there stands for.</summary>
                    public static {{model.TypeName}} Default => new() { {{values}} };
                    """);
            }

            IEnumerable<string> sizes = unit.Members.Where(member => member.Shape is PackedShape.Variable or PackedShape.Compound or PackedShape.Struct).Select(member => $"_{member.Field}.MaxOctets");
            writer.Line($"""

                static int IPacked.Code => {(model.Code is { } code ? "0x" + code.ToString("X4", CultureInfo.InvariantCulture) : "-1")};

                static int IPacked.SizeOctets => {Expressions.Number(model.SizeOctets)};

                /// <inheritdoc/>
                public int MaxOctets => {Expressions.MaxOctets(Expressions.Number(unit.FixedOctets), sizes)};

                /// <inheritdoc/>
                """);
            EmitWrite(writer, unit);
        }

        writer.Line("}");
    }

    private static void EmitOwnedConstructor(SourceWriter writer, PackedUnit unit)
    {
        writer.Line();
        using (writer.Braces($"internal {unit.Model.TypeName}(in {unit.Model.TypeName}View view)"))
        {
            writer.Line("_present = view.Present;");
            foreach (PackedMember member in unit.Members.Where(member => member.Shape != PackedShape.Bit))
            {
                string value = member.Shape switch
                {
                    PackedShape.Scalar => $"view.{member.Name}",
                    PackedShape.Struct => $"view.{member.Name}.ToOwned()",
                    PackedShape.Compound => $"view.Has{member.Name} ? view.{member.Name}.ToOwned() : default",
                    _ => $"LongString.CopyOf(view.{member.Name})",
                };
                writer.Line($"_{member.Field} = {value};");
            }
        }
    }

    private static void EmitOwnedMember(SourceWriter writer, PackedUnit unit, int index)
    {
        PackedMember member = unit.Members[index];
        string bit = CompositeEmitter.Bit(index);
        writer.Line();
        if (member.Shape == PackedShape.Bit)
        {
            writer.Line($$"""
                /// <summary>{{PackedEmitter.Summary(member)}}</summary>
                public bool {{member.Name}}
                {
                    get => (_present & {{bit}}) != 0;
                    init => _present = value ? _present | {{bit}} : _present & ~{{bit}}u;
                }
                """);
            return;
        }

        bool isText = OwnedType(member) == "LongString";
        bool isOptional = unit.Model.PackOctets != 0;
        string present = isText && isOptional ? $"_present = value.IsNull ? _present & ~{bit}u : _present | {bit};" : $"_present |= {bit};";
        string refuse = isText && !isOptional ? Expressions.RefuseNull(member.Name) : "";
        writer.Line($$"""
            /// <summary>Whether {{member.Model.Name}} is set.</summary>
            public bool Has{{member.Name}} => (_present & {{bit}}) != 0;

            /// <summary>{{PackedEmitter.Summary(member)}}</summary>
            public {{OwnedType(member)}} {{member.Name}}
            {
                get => _{{member.Field}};
                init
                {{{refuse}}
                    _{{member.Field}} = value;
                    {{present}}
                }
            }
            """);
    }

    private static void EmitWrite(SourceWriter writer, PackedUnit unit)
    {
        using (writer.Braces("public int Write(Span<byte> destination)"))
        {
            int pack = unit.Model.PackOctets;
            string present = unit.Members.Count == 0 ? "0" : "_present";
            writer.Line(pack == 0 ? "int at = 0;" : $"int at = PackedWriter.WritePresence(destination, {Expressions.Number(pack)}, {present});");
            for (int i = 0; i < unit.Members.Count; i++)
            {
                PackedMember member = unit.Members[i];
                string write = member.Shape switch
                {
                    PackedShape.Bit => "",
                    PackedShape.Scalar when member.Model.Enumeration is not null => $"PackedWriter.Write{member.Suffix}(destination[at..], ({member.CSharpType})_{member.Field})",
                    PackedShape.Scalar => $"PackedWriter.Write{member.Suffix}(destination[at..], _{member.Field})",
                    PackedShape.Fixed => $"PackedWriter.WriteFixed(destination[at..], {Expressions.Number(member.Octets)}, _{member.Field})",
                    PackedShape.Compound => $"PackedWriter.Write{member.Suffix}(destination[at..], _{member.Field})",
                    PackedShape.Struct => $"PackedWriter.WriteStruct(destination[at..], _{member.Field})",
                    _ => $"PackedWriter.WriteVariable(destination[at..], {Expressions.Number(member.Octets)}, _{member.Field})",
                };
                if (write.Length == 0)
                {
                    continue;
                }

                writer.Line();
                if (pack == 0)
                {
                    writer.Line($"at += {write};");
                    continue;
                }

                using (writer.Braces($"if ((_present & {CompositeEmitter.Bit(i)}) != 0)"))
                {
                    writer.Line($"at += {write};");
                }
            }

            writer.Line();
            writer.Line("return at;");
        }
    }

    private static string Interface(PackedKind kind) => kind switch
    {
        PackedKind.Control => "IControl",
        PackedKind.Command => "ICommand",
        _ => "IPacked",
    };

    private static string OwnedType(PackedMember member) => member.Shape switch
    {
        PackedShape.Bit or PackedShape.Scalar => PackedEmitter.ViewType(member),
        PackedShape.Struct or PackedShape.Compound => member.CSharpType,
        _ => "LongString",
    };
}
