using AmqpToolkit.Generator.Linking;
using AmqpToolkit.Generator.Lowering;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>The view of content properties: validated once; an accessor walks over the properties ahead of it.</summary>
internal static class PropertiesViewEmitter
{
    public static void Emit(SourceWriter writer, PropertiesPlan plan)
    {
        string view = plan.TypeName + "View";
        writer.Line($"""
            /// <summary>The content properties of the class {plan.ClassName}. View over their octets, valid as long as these are.</summary>
            /// <remarks>Wire: flags short, then of those that are present: {Docs.Escape(plan.Layout)}.</remarks>
            {Emitter.GeneratedCode}
            """);
        using (writer.Braces($"public readonly ref struct {view}"))
        {
            EmitFixedMembers(writer, plan, view);
            bool isFirst = true;
            foreach (PropertyPlan property in plan.Properties)
            {
                EmitMember(writer, property, isFirst ? "0" : OffsetOf(property));
                isFirst &= property.Wire == WireType.Bit;
            }

            EmitIsTextValid(writer, plan);
            EmitTryParse(writer, plan, view);
            EmitToOwned(writer, plan);
            EmitOffsets(writer, plan);
        }
    }

    private static string Flag(PropertyPlan property) => Expressions.Hex((uint)property.Flag, 4);

    private static string Has(PropertyPlan property) => $"(_flags & {Flag(property)}) != 0";

    private static void EmitFixedMembers(SourceWriter writer, PropertiesPlan plan, string view) => writer.Line($$"""
        /// <summary>Id of the class {{plan.ClassName}}.</summary>
        public const ushort ClassId = {{Expressions.Number(plan.ClassId)}};

        private const ushort KnownFlags = {{Expressions.Hex((uint)plan.KnownFlags, 4)}};

        private readonly ReadOnlySpan<byte> _list;
        private readonly ushort _flags;

        private {{view}}(ReadOnlySpan<byte> list, ushort flags)
        {
            _list = list;
            _flags = flags;
        }

        /// <summary>Which properties are present: the first one is the highest bit.</summary>
        public ushort Flags => _flags;
        """);

    private static string OffsetOf(PropertyPlan property) => "OffsetOf" + property.Name;

    private static void EmitMember(SourceWriter writer, PropertyPlan property, string offset)
    {
        string docs = Docs.Member(property.Label, property.RawName, property.Wire);
        if (property.Wire == WireType.Bit)
        {
            writer.Line($"""

                /// <summary>{docs}</summary>
                public bool {property.Name} => {Has(property)};
                """);
            return;
        }

        string value = property.Wire switch
        {
            WireType.Octet => $"_list[{offset}]",
            WireType.ShortString => $"WireReader.ShortStringAt(_list, {offset})",
            WireType.LongString => $"WireReader.LongStringAt(_list, {offset})",
            WireType.Table => $"new TableView(WireReader.LongStringAt(_list, {offset}))",
            _ => Expressions.Read(property.Wire, $"_list[{offset}..]"),
        };
        string absent = Widths.IsVariable(property.Wire) ? "default" : "(" + Expressions.ViewType(property.Wire) + ")0";
        writer.Line($"""

            /// <summary>Whether {property.RawName} is present.</summary>
            public bool Has{property.Name} => {Has(property)};

            /// <summary>{docs} Empty or zero when absent.</summary>
            public {Expressions.ViewType(property.Wire)} {property.Name} => Has{property.Name} ? {value} : {absent};
            """);
    }

    private static void EmitIsTextValid(SourceWriter writer, PropertiesPlan plan)
    {
        writer.Line("""

            /// <summary>Whether every short string is well-formed UTF-8.</summary>
            """);
        int last = plan.Properties.ToList().FindLastIndex(property => property.Wire == WireType.ShortString);
        if (last < 0)
        {
            writer.Line("public bool IsTextValid => true;");
            return;
        }

        using (writer.Braces("public bool IsTextValid"))
        using (writer.Braces("get"))
        {
            writer.Line("int at = 0;");
            foreach (PropertyPlan property in plan.Properties.Take(last + 1))
            {
                if (property.Wire == WireType.ShortString)
                {
                    writer.Line($$"""
                        if ({{Has(property)}} && !WireReader.PassText(_list, ref at))
                        {
                            return false;
                        }

                        """);
                }
                else
                {
                    EmitPass(writer, property, "_flags");
                }
            }

            writer.Line("return true;");
        }
    }

    private static void EmitTryParse(SourceWriter writer, PropertiesPlan plan, string view)
    {
        writer.Line("""

            /// <summary>Checks all properties in one pass.</summary>
            /// <param name="flagsAndList">What comes after the body size in a content header.</param>
            /// <param name="view">The view, or one without properties when the result is an error.</param>
            /// <returns><see cref="DecodeError.None"/>, or what is wrong with the octets.</returns>
            """);
        using (writer.Braces($"public static DecodeError TryParse(ReadOnlySpan<byte> flagsAndList, out {view} view)"))
        {
            writer.Line("""
                view = default;
                DecodeError error = WireReader.ReadPropertyFlags(flagsAndList, KnownFlags, out ushort flags, out ReadOnlySpan<byte> list);
                if (error != DecodeError.None)
                {
                    return error;
                }

                int at = 0;
                """);
            foreach (PropertyPlan property in plan.Properties)
            {
                EmitSkip(writer, property);
            }

            writer.Line($$"""
                if (at != list.Length)
                {
                    return at > list.Length ? DecodeError.Truncated : DecodeError.TrailingOctets;
                }

                view = new {{view}}(list, flags);
                return DecodeError.None;
                """);
        }
    }

    /// <summary>Walks over octets that may be anything.</summary>
    private static void EmitSkip(SourceWriter writer, PropertyPlan property)
    {
        string has = $"(flags & {Flag(property)}) != 0";
        switch (property.Wire)
        {
            case WireType.Bit:
                break;
            case WireType.ShortString:
            case WireType.LongString:
                string kind = property.Wire == WireType.ShortString ? "Short" : "Long";
                writer.Line($$"""
                    if ({{has}} && !WireReader.TrySkip{{kind}}String(list, ref at)) // {{property.RawName}}
                    {
                        return DecodeError.Truncated;
                    }

                    """);
                break;
            case WireType.Table:
                writer.Line($$"""
                    if ({{has}} && (error = WireReader.SkipTable(list, ref at)) != DecodeError.None) // {{property.RawName}}
                    {
                        return error;
                    }

                    """);
                break;
            default:
                writer.Line($$"""
                    if ({{has}}) // {{property.RawName}}
                    {
                        at += {{Expressions.Number(property.FixedOctets)}};
                    }

                    """);
                break;
        }
    }

    private static void EmitToOwned(SourceWriter writer, PropertiesPlan plan) => writer.Line($"""

        /// <summary>Copies the properties that are present.</summary>
        public {plan.TypeName} ToOwned() => new(this);
        """);

    /// <summary>Each property stands after the one ahead of it, so that a property looks at the flags ahead of its own and no others.</summary>
    private static void EmitOffsets(SourceWriter writer, PropertiesPlan plan)
    {
        PropertyPlan? ahead = null;
        string aheadOffset = "0";
        foreach (PropertyPlan property in plan.Properties.Where(property => property.Wire != WireType.Bit))
        {
            if (ahead is not null)
            {
                writer.Line($$"""

                    private int {{OffsetOf(property)}}
                    {
                        get
                        {
                            int at = {{aheadOffset}};
                            return {{Has(ahead)}} ? at + {{PassedOctets(ahead)}} : at;
                        }
                    }
                    """);
                aheadOffset = OffsetOf(property);
            }

            ahead = property;
        }
    }

    private static string PassedOctets(PropertyPlan property) => property.Wire switch
    {
        WireType.ShortString => "1 + _list[at]",
        WireType.LongString or WireType.Table => "4 + (int)WireReader.ReadUInt32(_list[at..])",
        _ => Expressions.Number(property.FixedOctets),
    };

    /// <summary>Walks over octets that were checked before.</summary>
    private static void EmitPass(SourceWriter writer, PropertyPlan property, string flags)
    {
        if (property.Wire == WireType.Bit)
        {
            return;
        }

        writer.Line($$"""
            if (({{flags}} & {{Flag(property)}}) != 0) // {{property.RawName}}
            {
                at += {{PassedOctets(property)}};
            }

            """);
    }
}
