using System.Globalization;
using AmqpToolkit.Generator.Lowering;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>The owned form of a composite: holds its fields and writes itself, nulls at the end left out.</summary>
internal static class OwnedCompositeEmitter
{
    public static void Emit(SourceWriter writer, CompositeUnit unit)
    {
        writer.Line($"""
            /// <summary>{Docs.Sentence(unit.Label, unit.RawName)} Owned form of {unit.RawName}.</summary>
            /// <remarks>Wire: a list of {Docs.Escape(CompositeEmitter.Layout(unit))}. What was not set is null, or left out at the end.</remarks>
            {Emitter.GeneratedCode}
            """);
        using (writer.Braces($"public readonly record struct {unit.TypeName} : IDescribedType"))
        {
            writer.Line($"""
                /// <summary>The numeric descriptor of {unit.RawName}.</summary>
                public const ulong DescriptorCode = {CompositeEmitter.Code(unit.Descriptor.Code)};
                """);
            if (unit.Members.Count != 0)
            {
                writer.Gap();
                writer.Line("private readonly uint _present;");
            }

            foreach (CompositeMember member in unit.Members)
            {
                writer.Line($"private readonly {TypeExpressions.OwnedType(member)} _{member.Field};");
            }

            for (int i = 0; i < unit.Members.Count; i++)
            {
                EmitMember(writer, unit.Members[i], i);
            }

            writer.Gap();
            writer.Line($"""
                static ulong IDescribedType.DescriptorCode => DescriptorCode;

                /// <inheritdoc/>
                public int MaxOctets => {MaxOctets(unit)};

                /// <summary>The same, encoded once and for all.</summary>
                public static implicit operator EncodedValue({unit.TypeName} value) => EncodedValue.Of(value);
                """);
            EmitWrite(writer, unit);
        }
    }

    private static void EmitMember(SourceWriter writer, CompositeMember member, int index)
    {
        string bit = CompositeEmitter.Bit(index);
        string has = $"(_present & {bit}) != 0";
        string value = member.Default is null ? $"_{member.Field}" : $"{has} ? _{member.Field} : {member.Default}";
        bool isText = member.Shape == MemberShape.Variable;
        string present = TypeExpressions.OwnedType(member) == "EncodedValue" || (isText && !member.Mandatory)
            ? $"_present = value.IsNull ? _present & ~{bit}u : _present | {bit};"
            : $"_present |= {bit};";
        string refuse = isText && member.Mandatory ? Expressions.RefuseNull(member.Name) : "";
        writer.Gap();
        writer.Line($$"""
            /// <summary>Whether {{member.RawName}} is set.</summary>
            public bool Has{{member.Name}} => {{has}};

            /// <summary>{{CompositeEmitter.Summary(member)}}</summary>
            public {{TypeExpressions.OwnedType(member)}} {{member.Name}}
            {
                get => {{value}};
                init
                {{{refuse}}
                    _{{member.Field}} = value;
                    {{present}}
                }
            }
            """);
    }

    private static string MaxOctets(CompositeUnit unit) => Expressions.MaxOctets(
        unit.FixedOctets.ToString(CultureInfo.InvariantCulture),
        unit.Members.Where(member => !TypeExpressions.IsKept(member)).Select(member => $"_{member.Field}.MaxOctets"));

    private static void EmitWrite(SourceWriter writer, CompositeUnit unit)
    {
        writer.Gap();
        writer.Line("/// <inheritdoc/>");
        if (unit.MandatoryMask != 0)
        {
            writer.Line("/// <exception cref=\"InvalidOperationException\">A mandatory field is not set.</exception>");
        }

        using (writer.Braces("public int Write(Span<byte> destination)"))
        {
            if (unit.Members.Count == 0)
            {
                writer.Line("""
                    int first = CompositeWriter.Begin(destination, DescriptorCode);
                    return CompositeWriter.End(destination, first, first, 0);
                    """);
                return;
            }

            writer.Line("uint present = _present;");
            if (unit.MandatoryMask != 0)
            {
                string mask = "0x" + unit.MandatoryMask.ToString("X", CultureInfo.InvariantCulture);
                writer.Line($$"""
                    if ((present & {{mask}}) != {{mask}})
                    {
                        CompositeWriter.ThrowMissingField("{{unit.RawName}}");
                    }

                    """);
            }

            writer.Line("""
                int first = CompositeWriter.Begin(destination, DescriptorCode);
                int at = first;
                int count = 32 - BitOperations.LeadingZeroCount(present);
                """);
            for (int i = 0; i < unit.Members.Count; i++)
            {
                writer.Line($$"""
                    if (count > {{i.ToString(CultureInfo.InvariantCulture)}})
                    {
                        at = (present & {{CompositeEmitter.Bit(i)}}) != 0 ? {{TypeExpressions.WriteField(unit.Members[i])}} : CompositeWriter.WriteNull(destination, at);
                    }

                    """);
            }

            writer.Line("return CompositeWriter.End(destination, first, at, count);");
        }
    }
}
