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
        using (writer.Braces($"public ref struct {view}"))
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
        if (HasPlaces(unit))
        {
            writer.Line("private ReadOnlySpan<byte> _source;");
        }

        writer.Line("private uint _present;");
        foreach (CompositeMember member in unit.Members)
        {
            writer.Line(TypeExpressions.IsKept(member)
                ? $"private {TypeExpressions.ViewType(member)} _{member.Field};"
                : $"private int _{member.Field}At;");
        }
    }

    private static bool HasPlaces(CompositeUnit unit) => unit.Members.Any(member => !TypeExpressions.IsKept(member));

    /// <summary>The walk writes into the view where the caller has it: to build a view aside and copy it costs as much as to read it.</summary>
    private static void EmitReadFields(SourceWriter writer, CompositeUnit unit)
    {
        writer.Gap();
        using (writer.Braces("private DecodeError ReadFields(ReadOnlySpan<byte> source, int at, int count)"))
        {
            writer.Line("""
                uint present = 0;
                DecodeError error = DecodeError.None;
                """);
            for (int i = 0; i < unit.Members.Count; i++)
            {
                CompositeMember member = unit.Members[i];
                writer.Line("if (CompositeReader.Next(source, ref at, ref count, ref error))");
                writer.Line("{");
                using (writer.Indented())
                {
                    writer.Line(TypeExpressions.IsKept(member)
                        ? $"_{member.Field} = {TypeExpressions.Read(member)};"
                        : $"""
                            _{member.Field}At = at;
                            at = {TypeExpressions.Pass(member)};
                            """);
                    writer.Line($"present |= {Bit(i)};");
                }

                writer.Line("}");
                writer.Line();
            }

            if (HasPlaces(unit))
            {
                writer.Line("_source = source;");
            }

            writer.Line("""
                _present = present;
                return CompositeReader.Close(source, at, count, error);
                """);
        }
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
            public readonly bool Has{member.Name} => {has};

            /// <summary>{Summary(member)}</summary>
            """);
        if (value.Length != 0)
        {
            writer.Line($"public readonly {TypeExpressions.ViewType(member)} {member.Name} => {value};");
            return;
        }

        string parse = member.Shape == MemberShape.Composite
            ? $"{member.TypeName}View.TryParse(_source[{at}..], out {member.TypeName}View value, out _);"
            : $"AmqpReader.ValueAt(_source, {at}).TryGet{TypeExpressions.Suffix(member.Primitive)}(out {TypeExpressions.ViewType(member)} value);";
        writer.Line($$"""
            public readonly {{TypeExpressions.ViewType(member)}} {{member.Name}}
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
            writer.Line($$"""
                view = default;
                DecodeError error = CompositeReader.Open(source, DescriptorCode, DescriptorSymbol, out int at, out int count, out octets);
                if (error == DecodeError.None)
                {
                    error = {{(unit.Members.Count == 0 ? "CompositeReader.Close(source[..octets], at, count, error)" : "view.ReadFields(source[..octets], at, count)")}};
                }

                """);
            if (unit.MandatoryMask != 0)
            {
                string mask = "0x" + unit.MandatoryMask.ToString("X", CultureInfo.InvariantCulture);
                writer.Line($$"""
                    if (error == DecodeError.None && (view._present & {{mask}}) != {{mask}})
                    {
                        error = DecodeError.MissingField;
                    }

                    """);
            }

            writer.Line("""
                if (error != DecodeError.None)
                {
                    view = default;
                    octets = 0;
                }

                return error;
                """);
        }

        if (unit.Members.Count != 0)
        {
            EmitReadFields(writer, unit);
        }
    }

    private static void EmitToOwned(SourceWriter writer, CompositeUnit unit)
    {
        writer.Gap();
        writer.Line("/// <summary>Copies all fields.</summary>");
        if (unit.Members.Count == 0)
        {
            writer.Line($"public readonly {unit.TypeName} ToOwned() => default;");
            return;
        }

        using (writer.Braces($"public readonly {unit.TypeName} ToOwned()"))
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
