using AmqpToolkit.Generator.Lowering;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>An archetype: a value that is one of several types, told apart by descriptor or primitive.</summary>
internal static class UnionEmitter
{
    public static void Emit(SourceWriter writer, UnionUnit unit)
    {
        if (HasHandler(unit))
        {
            EmitHandler(writer, unit);
        }

        UnionMemberPlan[] described = unit.Members.Where(member => member.Code is not null).ToArray();
        UnionMemberPlan[] plain = unit.Members.Where(member => member.Code is null).ToArray();
        writer.Line($"""
            /// <summary>A value that provides {unit.RawName}, valid as long as its octets are. The set is open: others are <see cref="Member.Unknown"/>.</summary>
            {Emitter.GeneratedCode}
            """);
        using (writer.Braces($"public readonly ref struct {unit.TypeName}"))
        {
            EmitKinds(writer, unit);
            EmitConstructor(writer, unit, described, plain);
            writer.Line();
            writer.Line("""
                /// <summary>What provides it.</summary>
                public Member Kind { get; }

                /// <summary>The octets of the value, descriptor first; none when there is no value.</summary>
                public ReadOnlySpan<byte> Octets { get; }
                """);
            EmitTryParse(writer, unit);
            if (HasHandler(unit))
            {
                EmitDispatch(writer, unit);
            }

            foreach (UnionMemberPlan member in described)
            {
                writer.Line($"""

                    /// <summary>Reads {Docs.Article(member.RawName)}.</summary>
                    /// <returns><see cref="DecodeError.None"/>, or why it is none.</returns>
                    public DecodeError Parse{member.TypeName}(out {member.TypeName}View view) => {member.TypeName}View.TryParse(Octets, out view, out _);
                    """);
            }

            foreach (UnionMemberPlan member in plain)
            {
                EmitGet(writer, member);
            }

            if (HasHandler(unit))
            {
                EmitDispatchOne(writer, unit);
            }
        }
    }

    private static bool HasHandler(UnionUnit unit) => unit.HandlerTypeName is not null && unit.Options.Has(EmittedParts.Dispatch);

    private static void EmitHandler(SourceWriter writer, UnionUnit unit)
    {
        writer.Line($"""
            /// <summary>Handles whatever provides {unit.RawName}.</summary>
            {Emitter.GeneratedCode}
            """);
        using (writer.Braces($"public interface {unit.HandlerTypeName}"))
        {
            foreach (UnionMemberPlan member in unit.Members)
            {
                writer.Gap();
                writer.Line($"""
                    /// <summary>Handles {Docs.Article(member.RawName)}.</summary>
                    /// <param name="value">What was decoded.</param>
                    /// <param name="rest">The octets after it.</param>
                    void Handle{member.TypeName}(in {member.TypeName}View value, ReadOnlySpan<byte> rest);
                    """);
            }
        }

        writer.Line();
    }

    private static void EmitDispatch(SourceWriter writer, UnionUnit unit)
    {
        writer.Line($"""

            /// <summary>Decodes the value at the start of octets and calls the handler.</summary>
            /// <param name="handler">A struct, or a class: the calls are direct for a struct.</param>
            /// <param name="source">A value that provides {unit.RawName}, and whatever comes after it.</param>
            /// <returns>
            /// <see cref="DecodeError.None"/> when the handler was called; else why not, and it was not called. <see cref="DecodeError.UnexpectedDescriptor"/>
            /// for what does not provide {unit.RawName}.
            /// </returns>
            public static DecodeError Dispatch<THandler>(ref THandler handler, ReadOnlySpan<byte> source)
                where THandler : {unit.HandlerTypeName}
            """);
        writer.Line("{");
        using (writer.Indented())
        {
            writer.Line("""
                DecodeError error = DescriptorReader.Read(source, out ulong code, out ReadOnlySpan<byte> symbol, out _);
                if (error != DecodeError.None)
                {
                    return error;
                }

                """);
            using (writer.Braces("switch (symbol.IsEmpty ? code : Descriptors.CodeOf(symbol))"))
            {
                foreach (UnionMemberPlan member in unit.Members)
                {
                    writer.Line($"""
                        case {member.TypeName}View.DescriptorCode:
                            return Dispatch{member.TypeName}(ref handler, source);
                        """);
                }

                writer.Line("""
                    default:
                        return DecodeError.UnexpectedDescriptor;
                    """);
            }
        }

        writer.Line("}");
    }

    private static void EmitDispatchOne(SourceWriter writer, UnionUnit unit)
    {
        foreach (UnionMemberPlan member in unit.Members)
        {
            writer.Line($$"""

                private static DecodeError Dispatch{{member.TypeName}}<THandler>(ref THandler handler, ReadOnlySpan<byte> source)
                    where THandler : {{unit.HandlerTypeName}}
                {
                    DecodeError error = {{member.TypeName}}View.TryParse(source, out {{member.TypeName}}View value, out int octets);
                    if (error == DecodeError.None)
                    {
                        handler.Handle{{member.TypeName}}(in value, source[octets..]);
                    }

                    return error;
                }
                """);
        }
    }

    private static void EmitKinds(SourceWriter writer, UnionUnit unit)
    {
        writer.Line($"""
            /// <summary>What can provide {unit.RawName}.</summary>
            """);
        using (writer.Braces("public enum Member : byte"))
        {
            writer.Line("""
                /// <summary>There is no value.</summary>
                None,

                /// <summary>A value of another type.</summary>
                Unknown,
                """);
            foreach (UnionMemberPlan member in unit.Members)
            {
                writer.Line($"""

                    /// <summary>{member.RawName}{(member.Code is { } code ? $" ({CompositeEmitter.Code(code)})" : "")}.</summary>
                    {member.Name},
                    """);
            }
        }
    }

    private static void EmitConstructor(SourceWriter writer, UnionUnit unit, UnionMemberPlan[] described, UnionMemberPlan[] plain)
    {
        writer.Line();
        writer.Line("/// <summary>Looks at the constructor of a value whose octets are all there.</summary>");
        using (writer.Braces($"public {unit.TypeName}(ReadOnlySpan<byte> octets)"))
        {
            writer.Line("""
                Octets = octets;
                if (octets.IsEmpty || octets[0] == 0x40)
                {
                    return;
                }

                """);
            writer.Line(plain.Length == 0 ? "Kind = Member.Unknown;" : "Kind = AmqpReader.TypeOf(octets[0]) switch");
            if (plain.Length != 0)
            {
                writer.Line("{");
                using (writer.Indented())
                {
                    foreach (UnionMemberPlan member in plain)
                    {
                        writer.Line($"AmqpType.{TypeExpressions.Suffix(member.Primitive)} => Member.{member.Name},");
                    }

                    writer.Line("_ => Member.Unknown,");
                }

                writer.Line("};");
            }

            if (described.Length != 0)
            {
                writer.Line("if (DescriptorReader.Read(octets, out ulong code, out ReadOnlySpan<byte> symbol, out _) == DecodeError.None)");
                writer.Line("{");
                using (writer.Indented())
                {
                    writer.Line("Kind = (symbol.IsEmpty ? code : Descriptors.CodeOf(symbol)) switch");
                    writer.Line("{");
                    using (writer.Indented())
                    {
                        foreach (UnionMemberPlan member in described)
                        {
                            writer.Line($"{CompositeEmitter.Code(member.Code!.Value)} => Member.{member.Name},");
                        }

                        writer.Line("_ => Member.Unknown,");
                    }

                    writer.Line("};");
                }

                writer.Line("}");
            }
        }
    }

    private static void EmitTryParse(SourceWriter writer, UnionUnit unit) => writer.Line($$"""

        /// <summary>Finds the extent of the value at the start of octets; what it holds is checked when it is read.</summary>
        /// <param name="source">A value, and whatever comes after it.</param>
        /// <param name="value">The value.</param>
        /// <returns><see cref="DecodeError.None"/>, or what is wrong with the octets.</returns>
        public static DecodeError TryParse(ReadOnlySpan<byte> source, out {{unit.TypeName}} value)
        {
            DecodeError error = AmqpReader.Measure(source, 0, out int end);
            value = error == DecodeError.None ? new {{unit.TypeName}}(source[..end]) : default;
            return error;
        }
        """);

    private static void EmitGet(SourceWriter writer, UnionMemberPlan member)
    {
        (string type, string get) = member.Primitive switch
        {
            "ubyte" or "ushort" or "uint" or "ulong" => ("ulong", "UInt64"),
            "byte" or "short" or "int" or "long" => ("long", "Int64"),
            "binary" or "string" or "symbol" => ("ReadOnlySpan<byte>", TypeExpressions.Suffix(member.Primitive)),
            "list" or "map" or "array" => ($"Encoded{TypeExpressions.Suffix(member.Primitive)}View", TypeExpressions.Suffix(member.Primitive)),
            _ => (TypeExpressions.ScalarType(member.Primitive), TypeExpressions.Suffix(member.Primitive)),
        };
        if (member.Primitive == "null")
        {
            return;
        }

        writer.Line($$"""

            /// <summary>Reads {{Docs.Article(member.RawName)}}.</summary>
            public bool TryGet{{member.Name}}(out {{type}} value)
            {
                value = default;
                return Kind == Member.{{member.Name}} && new EncodedValueView(Octets).TryGet{{get}}(out value);
            }
            """);
    }
}
