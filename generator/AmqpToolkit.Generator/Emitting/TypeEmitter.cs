using System.Globalization;
using AmqpToolkit.Generator.Lowering;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>What an edition of the type grammar has beside composites: described values, choices, archetypes, numbers.</summary>
internal static class TypeEmitter
{
    public static void Emit(SourceWriter writer, TypeUnit unit)
    {
        switch (unit)
        {
            case CompositeUnit composite:
                CompositeEmitter.Emit(writer, composite);
                break;
            case DescribedUnit described:
                EmitDescribed(writer, described);
                break;
            case ChoicesUnit { Primitive: "string" or "symbol" } choices:
                EmitNames(writer, choices);
                break;
            case ChoicesUnit choices:
                EmitEnumeration(writer, choices);
                break;
            case UnionUnit union:
                UnionEmitter.Emit(writer, union);
                break;
            case DescriptorsUnit descriptors:
                EmitDescriptors(writer, descriptors);
                break;
            default:
                EmitDefinitions(writer, (DefinitionsUnit)unit);
                break;
        }
    }

    private static void EmitDescribed(SourceWriter writer, DescribedUnit unit)
    {
        if (unit.Options.Has(EmittedParts.Views))
        {
            EmitDescribedView(writer, unit);
        }

        if (unit.Options.Parts.HasFlag(EmittedParts.Views | EmittedParts.Owned))
        {
            writer.Line();
        }

        if (unit.Options.Has(EmittedParts.Owned))
        {
            EmitDescribedOwned(writer, unit);
        }
    }

    private static void EmitDescribedView(SourceWriter writer, DescribedUnit unit)
    {
        CompositeMember value = unit.Value;
        string viewType = TypeExpressions.ViewType(value);
        string text = Docs.Sentence(unit.Label, unit.RawName);
        string get = value.Primitive switch
        {
            "boolean" or "float" or "double" or "decimal32" or "decimal64" or "decimal128" or "char" or "timestamp" or "uuid" or "binary" or "string" or "symbol" or "list" or "map" or "array" => TypeExpressions.Suffix(value.Primitive),
            "ubyte" or "ushort" or "uint" or "ulong" => "UInt64",
            _ => "Int64",
        };
        string gotten = get switch
        {
            "UInt64" => "ulong",
            "Int64" or "Timestamp" => "long",
            "Boolean" => "bool",
            _ => viewType,
        };
        string read = gotten == viewType ? "value" : gotten == "bool" ? $"({viewType})(value ? 1 : 0)" : $"({viewType})value";
        string body = value.Shape == MemberShape.Any
            ? $"public {viewType} Value => _value;"
            : $$"""
                public {{viewType}} Value
                {
                    get
                    {
                        _value.TryGet{{get}}(out {{(value.Shape is MemberShape.Scalar or MemberShape.Enumeration ? gotten : viewType)}} value);
                        return {{read}};
                    }
                }
                """;
        writer.Line($"""
            /// <summary>{text} View over the octets of {Docs.Article(unit.RawName)}, valid as long as they are.</summary>
            /// <remarks>Wire: a descriptor, then {Article(value.Primitive)}.</remarks>
            {Emitter.GeneratedCode}
            """);
        using (writer.Braces($"public readonly ref struct {unit.TypeName}View"))
        {
            writer.Line($"""
                /// <summary>The numeric descriptor of {unit.RawName}.</summary>
                public const ulong DescriptorCode = {CompositeEmitter.Code(unit.Descriptor.Code)};

                private readonly EncodedValueView _value;

                private {unit.TypeName}View(EncodedValueView value) => _value = value;

                /// <summary>The symbolic descriptor of {unit.RawName}.</summary>
                public static ReadOnlySpan<byte> DescriptorSymbol => "{unit.Descriptor.Symbol}"u8;

                /// <summary>The value.</summary>
                {body}

                /// <summary>Checks the value.</summary>
                /// <param name="source">Descriptor and value, and whatever comes after them.</param>
                /// <param name="view">The view, or an empty one when the result is an error.</param>
                /// <param name="octets">Octets of descriptor and value.</param>
                /// <returns><see cref="DecodeError.None"/>, or what is wrong with the octets.</returns>
                """);
            using (writer.Braces($"public static DecodeError TryParse(ReadOnlySpan<byte> source, out {unit.TypeName}View view, out int octets)"))
            {
                writer.Line("""
                    view = default;
                    octets = 0;
                    DecodeError error = DescriptorReader.Pass(source, DescriptorCode, DescriptorSymbol, out int at);
                    if (error != DecodeError.None)
                    {
                        return error;
                    }

                    error = EncodedValueView.TryParse(source[at..], out EncodedValueView value, out int length);
                    if (error != DecodeError.None)
                    {
                        return error;
                    }

                    """);
                if (value.Shape != MemberShape.Any)
                {
                    writer.Line($$"""
                        if (value.Type != AmqpType.{{TypeExpressions.Suffix(value.Primitive)}})
                        {
                            return DecodeError.UnexpectedType;
                        }

                        """);
                }

                writer.Line($"""
                    view = new {unit.TypeName}View(value);
                    octets = at + length;
                    return DecodeError.None;
                    """);
            }

            if (unit.Options.Has(EmittedParts.Owned))
            {
                EmitDescribedToOwned(writer, unit);
            }
        }
    }

    private static void EmitDescribedToOwned(SourceWriter writer, DescribedUnit unit)
    {
        string owned = unit.Value.Shape switch
        {
            MemberShape.Scalar or MemberShape.Enumeration => "Value",
            MemberShape.Variable => "LongString.CopyOf(Value)",
            _ => "_value.ToOwned()",
        };
        writer.Gap();
        writer.Line($$"""
            /// <summary>Copies the value.</summary>
            public {{unit.TypeName}} ToOwned() => new() { Value = {{owned}} };
            """);
    }

    private static void EmitDescribedOwned(SourceWriter writer, DescribedUnit unit)
    {
        CompositeMember value = unit.Value;
        string ownedType = TypeExpressions.OwnedType(value);
        string text = Docs.Sentence(unit.Label, unit.RawName);
        writer.Line($"""
            /// <summary>{text} Owned form of {unit.RawName}.</summary>
            /// <remarks>Wire: a descriptor, then {Article(value.Primitive)}.</remarks>
            {Emitter.GeneratedCode}
            """);
        using (writer.Braces($"public readonly record struct {unit.TypeName} : IDescribedType"))
        {
            string max = TypeExpressions.IsKept(value) ? "27" : Expressions.MaxOctets("15", ["_value.MaxOctets"]);
            writer.Line($$"""
                /// <summary>The numeric descriptor of {{unit.RawName}}.</summary>
                public const ulong DescriptorCode = {{CompositeEmitter.Code(unit.Descriptor.Code)}};

                private readonly {{ownedType}} _value;

                /// <summary>The value.</summary>
                public {{ownedType}} Value
                {
                    get => _value;
                    init
                    {{{(value.Shape == MemberShape.Variable ? Expressions.RefuseNull("Value") : "")}}
                        _value = value;
                    }
                }

                static ulong IDescribedType.DescriptorCode => DescriptorCode;

                /// <inheritdoc/>
                public int MaxOctets => {{max}};

                /// <summary>The same, encoded once and for all.</summary>
                public static implicit operator EncodedValue({{unit.TypeName}} value) => EncodedValue.Of(value);

                /// <inheritdoc/>
                public int Write(Span<byte> destination)
                {
                    int at = AmqpWriter.WriteDescriptor(destination, DescriptorCode);
                    return at + {{TypeExpressions.WriteValue(value)}};
                }
                """);
        }
    }

    private static string Article(string primitive) => primitive == "*" ? "any value" : $"the {primitive}";

    private static void EmitEnumeration(SourceWriter writer, ChoicesUnit unit)
    {
        writer.Line($"""
            /// <summary>{Docs.Sentence(unit.Label, unit.RawName)} ({unit.RawName}, {unit.Primitive}) A peer may send values that have no name here.</summary>
            {Emitter.GeneratedCode}
            """);
        using (writer.Braces($"public enum {unit.TypeName} : {TypeExpressions.StorageType(unit.Primitive)}"))
        {
            foreach (ChoicePlan item in unit.Items)
            {
                string value = unit.Primitive == "boolean" ? item.Value == "true" ? "1" : "0" : item.Value;
                writer.Gap();
                writer.Line($"""
                    /// <summary>{Docs.Sentence(item.Label, item.RawName)} ({Docs.Escape(item.Value)})</summary>
                    {item.Name} = {value},
                    """);
            }
        }
    }

    private static void EmitNames(SourceWriter writer, ChoicesUnit unit)
    {
        writer.Line($"""
            /// <summary>{Docs.Sentence(unit.Label, unit.RawName)} ({unit.RawName}, {unit.Primitive}) The set is open: a peer may send others.</summary>
            {Emitter.GeneratedCode}
            """);
        using (writer.Braces($"public static class {unit.TypeName}"))
        {
            writer.Line("""
                /// <summary>The values that are known.</summary>
                public enum Known : byte
                {
                    /// <summary>Another value.</summary>
                    None,
                """);
            foreach (ChoicePlan item in unit.Items)
            {
                writer.Line($"""

                        /// <summary>{Docs.Escape(item.Value)}</summary>
                        {item.Name},
                    """);
            }

            writer.Line("}");
            foreach (ChoicePlan item in unit.Items)
            {
                writer.Line($"""

                    /// <summary>{Docs.Sentence(item.Label, item.RawName)} ({Docs.Escape(item.Value)})</summary>
                    public static ReadOnlySpan<byte> {item.Name} => "{item.Value}"u8;
                    """);
            }

            EmitTryGetKnown(writer, unit);
            writer.Line();
            writer.Line("""
                /// <summary>The same values as text.</summary>
                public static class Texts
                {
                """);
            using (writer.Indented())
            {
                for (int i = 0; i < unit.Items.Count; i++)
                {
                    ChoicePlan item = unit.Items[i];
                    writer.Line($"""
                        {(i == 0 ? "" : "\n")}/// <summary>{Docs.Sentence(item.Label, item.RawName)}</summary>
                        public const string {item.Name} = "{item.Value}";
                        """);
                }
            }

            writer.Line("}");
        }
    }

    private static void EmitTryGetKnown(SourceWriter writer, ChoicesUnit unit)
    {
        writer.Line();
        writer.Line("/// <summary>Tells which of the known values this is.</summary>");
        using (writer.Braces("public static bool TryGetKnown(ReadOnlySpan<byte> value, out Known known)"))
        {
            writer.Line("known = Known.None;");
            using (writer.Braces("switch (value.Length)"))
            {
                foreach (IGrouping<int, ChoicePlan> group in unit.Items.GroupBy(item => item.Value.Length).OrderBy(group => group.Key))
                {
                    writer.Line($"case {group.Key.ToString(CultureInfo.InvariantCulture)}:");
                    using (writer.Indented())
                    {
                        string known = string.Concat(group.Select(item => $"value.SequenceEqual({item.Name}) ? Known.{item.Name} : "));
                        writer.Line($"known = {known}Known.None;");
                        writer.Line("break;");
                    }
                }

                writer.Line("""
                    default:
                        break;
                    """);
            }

            writer.Line();
            writer.Line("return known != Known.None;");
        }
    }

    private static void EmitDescriptors(SourceWriter writer, DescriptorsUnit unit)
    {
        writer.Line($"""
            /// <summary>The descriptors of AMQP {Docs.Edition(unit.Edition)}: numbers, and the symbols that mean the same.</summary>
            {Emitter.GeneratedCode}
            """);
        using (writer.Braces("public static class Descriptors"))
        {
            writer.Line("""
                /// <summary>Stands for a descriptor that is unknown.</summary>
                public const ulong Unknown = ulong.MaxValue;
                """);
            foreach (DescriptorPlan descriptor in unit.Descriptors)
            {
                writer.Line($"""

                    /// <summary>{descriptor.RawName}: {Docs.Escape(descriptor.Symbol)}.</summary>
                    public const ulong {descriptor.Name} = {CompositeEmitter.Code(descriptor.Code)};
                    """);
            }

            writer.Line();
            writer.Line("""
                /// <summary>The number of a symbol, or <see cref="Unknown"/>.</summary>
                """);
            using (writer.Braces("public static ulong CodeOf(ReadOnlySpan<byte> symbol)"))
            {
                using (writer.Braces("switch (symbol.Length)"))
                {
                    foreach (IGrouping<int, DescriptorPlan> group in unit.Descriptors.GroupBy(item => item.Symbol.Length).OrderBy(group => group.Key))
                    {
                        writer.Line($"case {group.Key.ToString(CultureInfo.InvariantCulture)}:");
                        using (writer.Indented())
                        {
                            string codes = string.Concat(group.Select(item => $"symbol.SequenceEqual(\"{item.Symbol}\"u8) ? {item.Name} : "));
                            writer.Line($"return {codes}Unknown;");
                        }
                    }

                    writer.Line("""
                        default:
                            return Unknown;
                        """);
                }
            }
        }
    }

    private static void EmitDefinitions(SourceWriter writer, DefinitionsUnit unit)
    {
        writer.Line($"""
            /// <summary>{unit.Summary} AMQP {Docs.Edition(unit.Edition)}.</summary>
            {Emitter.GeneratedCode}
            """);
        using (writer.Braces($"public static class {unit.TypeName}"))
        {
            foreach (DefinitionPlan definition in unit.Definitions)
            {
                writer.Gap();
                writer.Line($"""
                    /// <summary>{Docs.Sentence(definition.Label, definition.RawName)} ({definition.RawName})</summary>
                    public const {definition.Type} {definition.Name} = {definition.Value};
                    """);
            }
        }
    }
}
