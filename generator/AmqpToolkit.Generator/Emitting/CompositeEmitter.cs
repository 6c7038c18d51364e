using System.Globalization;
using AmqpToolkit.Generator.Lowering;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>The view of a composite: one walk over its fields, then accessors that cannot fail.</summary>
internal static class CompositeEmitter
{
    public static void Emit(SourceWriter writer, CompositeUnit unit)
    {
        if (unit.Options.Has(EmittedParts.Views))
        {
            EmitView(writer, unit);
        }

        if (unit.Options.Parts.HasFlag(EmittedParts.Views | EmittedParts.Owned))
        {
            writer.Line();
        }

        if (unit.Options.Has(EmittedParts.Owned))
        {
            OwnedCompositeEmitter.Emit(writer, unit);
        }
    }

    public static string Bit(int index) => "0x" + (1u << index).ToString("X", CultureInfo.InvariantCulture);

    public static string Code(ulong code) => "0x" + code.ToString("X", CultureInfo.InvariantCulture);

    public static string Layout(CompositeUnit unit) => unit.Members.Count == 0
        ? "no fields"
        : string.Join(", ", unit.Members.Select(member => $"{member.RawName} {member.RawType}{(member.Mandatory ? " (mandatory)" : "")}"));

    public static string Summary(CompositeMember member) => $"{Docs.Sentence(member.Label, member.RawName)} ({member.RawName}, {Docs.Escape(member.RawType)}{(member.RawDefault is null ? "" : $", default {Docs.Escape(member.RawDefault)}")})";

    private static void EmitView(SourceWriter writer, CompositeUnit unit)
    {
        string view = unit.TypeName + "View";
        writer.Line($"""
            /// <summary>{Docs.Sentence(unit.Label, unit.RawName)} View over the octets of {Docs.Article(unit.RawName)}, valid as long as they are.</summary>
            /// <remarks>Wire: a list of {Docs.Escape(Layout(unit))}. What is missing or null has its default.</remarks>
            {Emitter.GeneratedCode}
            """);
        using (writer.Braces($"public readonly ref struct {view}"))
        {
            writer.Line($"""
                /// <summary>The numeric descriptor of {unit.RawName}.</summary>
                public const ulong DescriptorCode = {Code(unit.Descriptor.Code)};
                """);
            EmitFields(writer, unit, view);
            writer.Gap();
            writer.Line($"""
                /// <summary>The symbolic descriptor of {unit.RawName}.</summary>
                public static ReadOnlySpan<byte> DescriptorSymbol => "{unit.Descriptor.Symbol}"u8;
                """);
            for (int i = 0; i < unit.Members.Count; i++)
            {
                EmitMember(writer, unit.Members[i], i);
            }

            EmitTryParse(writer, unit, view);
            if (unit.Options.Has(EmittedParts.Owned))
            {
                EmitToOwned(writer, unit);
            }
        }
    }

    private static void EmitFields(SourceWriter writer, CompositeUnit unit, string view)
    {
        if (unit.Members.Count == 0)
        {
            return;
        }

        writer.Gap();
        if (unit.Members.Any(member => !TypeExpressions.IsKept(member)))
        {
            writer.Line("private readonly ReadOnlySpan<byte> _source;");
        }

        writer.Line("private readonly uint _present;");
        foreach (CompositeMember member in unit.Members)
        {
            writer.Line(TypeExpressions.IsKept(member)
                ? $"private readonly {TypeExpressions.ViewType(member)} _{member.Field};"
                : $"private readonly int _{member.Field}At;");
        }

        writer.Gap();
        using (writer.Braces($"private {view}(scoped ref CompositeReader fields)"))
        {
            for (int i = 0; i < unit.Members.Count; i++)
            {
                EmitRead(writer, unit.Members[i], i);
            }

            if (unit.Members.Any(member => !TypeExpressions.IsKept(member)))
            {
                writer.Line("_source = fields.Source;");
            }
        }
    }

    private static void EmitRead(SourceWriter writer, CompositeMember member, int index)
    {
        if (member.Shape != MemberShape.Composite)
        {
            string target = TypeExpressions.IsKept(member) ? $"_{member.Field}" : $"_{member.Field}At";
            writer.Line($$"""
                if (fields.Next())
                {
                    {{target}} = {{TypeExpressions.Read(member)}};
                    _present |= {{Bit(index)}};
                }

                """);
            return;
        }

        writer.Line($$"""
            if (fields.Next() && fields.PassDescribed(out _{{member.Field}}At, out ReadOnlySpan<byte> {{member.Field}}Octets))
            {
                DecodeError {{member.Field}}Error = {{member.TypeName}}View.TryParse({{member.Field}}Octets, out _, out _);
                if ({{member.Field}}Error != DecodeError.None)
                {
                    fields.Fail({{member.Field}}Error);
                }

                _present |= {{Bit(index)}};
            }

            """);
    }

    private static void EmitMember(SourceWriter writer, CompositeMember member, int index)
    {
        string has = $"(_present & {Bit(index)}) != 0";
        string at = $"_{member.Field}At";
        string value = member.Shape switch
        {
            MemberShape.Scalar or MemberShape.Enumeration => member.Default is null ? $"_{member.Field}" : $"{has} ? _{member.Field} : {member.Default}",
            MemberShape.Variable => $"{has} ? AmqpReader.VariableAt(_source, {at}) : {(member.Default is null ? "default" : member.Default + "u8")}",
            MemberShape.Any => $"{has} ? AmqpReader.ValueAt(_source, {at}) : default",
            MemberShape.Union => $"{has} ? new {member.TypeName}(AmqpReader.OctetsAt(_source, {at})) : default",
            MemberShape.Multiple => $"{has} ? new MultipleView(AmqpReader.ValueAt(_source, {at})) : default",
            _ => "",
        };
        writer.Gap();
        writer.Line($"""
            /// <summary>Whether {member.RawName} is there.</summary>
            public bool Has{member.Name} => {has};

            /// <summary>{Summary(member)}</summary>
            """);
        if (value.Length != 0)
        {
            writer.Line($"public {TypeExpressions.ViewType(member)} {member.Name} => {value};");
            return;
        }

        string parse = member.Shape == MemberShape.Composite
            ? $"{member.TypeName}View.TryParse(_source[{at}..], out {member.TypeName}View value, out _);"
            : $"AmqpReader.ValueAt(_source, {at}).TryGet{TypeExpressions.Suffix(member.Primitive)}(out {TypeExpressions.ViewType(member)} value);";
        writer.Line($$"""
            public {{TypeExpressions.ViewType(member)}} {{member.Name}}
            {
                get
                {
                    if (!Has{{member.Name}})
                    {
                        return default;
                    }

                    {{parse}}
                    return value;
                }
            }
            """);
    }

    private static void EmitTryParse(SourceWriter writer, CompositeUnit unit, string view)
    {
        writer.Gap();
        writer.Line("""
            /// <summary>Checks all fields in one walk.</summary>
            /// <param name="source">Descriptor and list, and whatever comes after them.</param>
            /// <param name="view">The view, or an empty one when the result is an error.</param>
            /// <param name="octets">Octets of descriptor and list.</param>
            /// <returns><see cref="DecodeError.None"/>, or what is wrong with the octets.</returns>
            """);
        using (writer.Braces($"public static DecodeError TryParse(ReadOnlySpan<byte> source, out {view} view, out int octets)"))
        {
            writer.Line("""
                view = default;
                octets = 0;
                DecodeError error = CompositeReader.Open(source, DescriptorCode, DescriptorSymbol, out CompositeReader fields);
                if (error != DecodeError.None)
                {
                    return error;
                }

                """);
            if (unit.Members.Count != 0)
            {
                writer.Line($"var parsed = new {view}(ref fields);");
            }

            writer.Line("""
                error = fields.Close();
                if (error != DecodeError.None)
                {
                    return error;
                }

                """);
            if (unit.MandatoryMask != 0)
            {
                string mask = "0x" + unit.MandatoryMask.ToString("X", CultureInfo.InvariantCulture);
                writer.Line($$"""
                    if ((parsed._present & {{mask}}) != {{mask}})
                    {
                        return DecodeError.MissingField;
                    }

                    """);
            }

            if (unit.Members.Count != 0)
            {
                writer.Line("view = parsed;");
            }

            writer.Line("""
                octets = fields.Source.Length;
                return DecodeError.None;
                """);
        }
    }

    private static void EmitToOwned(SourceWriter writer, CompositeUnit unit)
    {
        writer.Gap();
        writer.Line("/// <summary>Copies all fields.</summary>");
        if (unit.Members.Count == 0)
        {
            writer.Line($"public {unit.TypeName} ToOwned() => default;");
            return;
        }

        using (writer.Braces($"public {unit.TypeName} ToOwned()"))
        {
            writer.Line($"var owned = new {unit.TypeName}();");
            foreach (CompositeMember member in unit.Members)
            {
                writer.Line($$"""
                    if (Has{{member.Name}})
                    {
                        owned = owned with { {{member.Name}} = {{TypeExpressions.ToOwned(member)}} };
                    }

                    """);
            }

            writer.Line("return owned;");
        }
    }
}
