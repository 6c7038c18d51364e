using AmqpToolkit.Generator.Linking;
using AmqpToolkit.Generator.Lowering;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>The owned form of content properties: values and a mask of those that are present.</summary>
internal static class PropertiesEmitter
{
    public static void Emit(SourceWriter writer, PropertiesPlan plan)
    {
        writer.Line($"""
            /// <summary>The content properties of the class {plan.ClassName}, to be written. What an initializer sets is present.</summary>
            /// <remarks>Wire: flags short, then of those that are present: {Docs.Escape(plan.Layout)}.</remarks>
            {Emitter.GeneratedCode}
            """);
        using (writer.Braces($"public readonly record struct {plan.TypeName}"))
        {
            writer.Line($"""
                /// <summary>Id of the class {plan.ClassName}.</summary>
                public const ushort ClassId = {Expressions.Number(plan.ClassId)};

                private readonly ushort _flags;
                """);
            foreach (PropertyPlan property in plan.Properties.Where(property => property.Wire != WireType.Bit))
            {
                writer.Line($"private readonly {Expressions.OwnedType(property.Wire)} {property.Field};");
            }

            EmitConstructor(writer, plan);
            writer.Line("""

                /// <summary>Which properties are present: the first one is the highest bit.</summary>
                public ushort Flags => _flags;
                """);
            foreach (PropertyPlan property in plan.Properties)
            {
                EmitMember(writer, property);
            }

            EmitMaxOctets(writer, plan);
            EmitWrite(writer, plan);
        }
    }

    private static string Flag(PropertyPlan property) => Expressions.Hex((uint)property.Flag, 4);

    private static void EmitConstructor(SourceWriter writer, PropertiesPlan plan)
    {
        writer.Line();
        using (writer.Braces($"internal {plan.TypeName}(in {plan.TypeName}View view)"))
        {
            writer.Line("_flags = view.Flags;");
            foreach (PropertyPlan property in plan.Properties.Where(property => property.Wire != WireType.Bit))
            {
                writer.Line($"{property.Field} = {Expressions.ToOwned(property.Wire, "view." + property.Name)};");
            }
        }
    }

    private static void EmitMember(SourceWriter writer, PropertyPlan property)
    {
        string docs = Docs.Member(property.Label, property.RawName, property.Wire);
        string flag = Flag(property);
        if (property.Wire == WireType.Bit)
        {
            writer.Line($$"""

                /// <summary>{{docs}}</summary>
                public bool {{property.Name}}
                {
                    get => (_flags & {{flag}}) != 0;
                    init => _flags = (ushort)(value ? _flags | {{flag}} : _flags & ~{{flag}});
                }
                """);
            return;
        }

        string present = property.Wire is WireType.ShortString or WireType.LongString
            ? $"_flags = (ushort)(value.IsNull ? _flags & ~{flag} : _flags | {flag});"
            : $"_flags |= {flag};";
        writer.Line($$"""

            /// <summary>Whether {{property.RawName}} is present.</summary>
            public bool Has{{property.Name}} => (_flags & {{flag}}) != 0;

            /// <summary>{{docs}} Empty or zero when absent.</summary>
            public {{Expressions.OwnedType(property.Wire)}} {{property.Name}}
            {
                get => {{property.Field}};
                init
                {
                    {{property.Field}} = value;
                    {{present}}
                }
            }
            """);
    }

    private static void EmitMaxOctets(SourceWriter writer, PropertiesPlan plan)
    {
        writer.Line();
        writer.Line("/// <summary>Upper bound of what <see cref=\"Write\"/> writes, in octets.</summary>");
        using (writer.Braces("public int MaxOctets"))
        using (writer.Braces("get"))
        {
            writer.Line("long octets = sizeof(ushort);");
            foreach (PropertyPlan property in plan.Properties.Where(property => property.Wire != WireType.Bit))
            {
                string size = Expressions.Number(property.FixedOctets) + property.Wire switch
                {
                    WireType.ShortString or WireType.LongString => $" + {property.Field}.MaxOctets",
                    WireType.Table => $" + {property.Field}.Span.Length",
                    _ => "",
                };
                writer.Line($$"""
                    if (Has{{property.Name}})
                    {
                        octets += {{size}};
                    }

                    """);
            }

            writer.Line("return SizeBound.Of(octets);");
        }
    }

    private static void EmitWrite(SourceWriter writer, PropertiesPlan plan)
    {
        writer.Line("""

            /// <summary>Writes the flags and the properties that are present.</summary>
            /// <param name="destination">At least <see cref="MaxOctets"/> long.</param>
            /// <returns>The number of octets written.</returns>
            """);
        using (writer.Braces("public int Write(Span<byte> destination)"))
        {
            writer.Line("""
                WireWriter.WriteUInt16(destination, _flags);
                int at = sizeof(ushort);
                """);
            foreach (PropertyPlan property in plan.Properties.Where(property => property.Wire != WireType.Bit))
            {
                writer.Line($$"""
                    if (Has{{property.Name}})
                    {
                        {{Write(property)}}
                    }

                    """);
            }

            writer.Line("return at;");
        }
    }

    private static string Write(PropertyPlan property) => property.Wire switch
    {
        WireType.ShortString or WireType.LongString => $"at += {property.Field}.WriteWithLength(destination[at..]);",
        WireType.Table => $"at += WireWriter.WriteLongString(destination[at..], {property.Field}.Span);",
        WireType.Octet => $"destination[at++] = {property.Field};",
        WireType.Short => $"at += WireWriter.WriteUInt16(destination[at..], {property.Field});",
        WireType.Long => $"at += WireWriter.WriteUInt32(destination[at..], {property.Field});",
        _ => $"at += WireWriter.WriteUInt64(destination[at..], {property.Field});",
    };
}
