using AmqpToolkit.Generator.Linking;
using AmqpToolkit.Generator.Lowering;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>The view of a method: one validating pass, then accessors that cannot fail.</summary>
internal static class ViewEmitter
{
    public static void Emit(SourceWriter writer, MethodPlan method, EmissionOptions options)
    {
        string view = method.TypeName + "View";
        writer.Line($"""
            /// <summary>{Docs.Sentence(method.Label, method.Name)}{Docs.Deprecated(method)} View over the octets of {method.Name}, valid as long as they are.</summary>
            /// <remarks>Wire: {Docs.Escape(method.Layout)}.</remarks>
            {Emitter.GeneratedCode}
            """);
        using (writer.Braces($"public readonly ref struct {view}"))
        {
            writer.Line($"""
                /// <summary>Class and method id of {method.Name}.</summary>
                public const uint MethodKey = {Expressions.Hex(method.Key, 8)};
                """);
            EmitFields(writer, method, view);
            EmitMembers(writer, method);
            EmitIsTextValid(writer, method);
            EmitTryParse(writer, method, view);
            EmitValidate(writer, method);
            if (options.Has(EmittedParts.Owned))
            {
                EmitToOwned(writer, method);
            }
        }
    }

    private static void EmitFields(SourceWriter writer, MethodPlan method, string view)
    {
        if (method.Members.Count == 0)
        {
            return;
        }

        writer.Gap();
        writer.Line("private readonly ReadOnlySpan<byte> _arguments;");
        foreach (string end in method.StoredEnds)
        {
            writer.Line($"private readonly int _{end};");
        }

        writer.Gap();
        string parameters = string.Concat(method.StoredEnds.Select(end => $", int {end}"));
        using (writer.Braces($"private {view}(ReadOnlySpan<byte> arguments{parameters})"))
        {
            writer.Line("_arguments = arguments;");
            foreach (string end in method.StoredEnds)
            {
                writer.Line($"_{end} = {end};");
            }
        }
    }

    private static void EmitMembers(SourceWriter writer, MethodPlan method)
    {
        foreach (MemberPlan member in method.Members)
        {
            writer.Gap();
            writer.Line($"""
                /// <summary>{Docs.Member(member.Label, member.RawName, member.Wire)}</summary>
                public {Expressions.ViewType(member.Wire)} {member.Name} => {Accessor(member)};
                """);
        }
    }

    private static string Accessor(MemberPlan member) => member.Wire switch
    {
        WireType.Bit => $"(_arguments[{Expressions.Index(member.At, "_")}] & {Expressions.Hex((uint)member.BitMask, 2)}) != 0",
        WireType.Octet => $"_arguments[{Expressions.Index(member.At, "_")}]",
        WireType.ShortString or WireType.LongString => Expressions.Between("_arguments", member.At, member.To!, "_"),
        WireType.Table => $"new({Expressions.Between("_arguments", member.At, member.To!, "_")})",
        _ => Expressions.Read(member.Wire, Expressions.From("_arguments", member.At, "_")),
    };

    private static void EmitIsTextValid(SourceWriter writer, MethodPlan method)
    {
        string[] texts = method.Members
            .Where(member => member.Wire == WireType.ShortString)
            .Select(member => $"WireReader.IsText({member.Name})")
            .ToArray();
        writer.Gap();
        writer.Line($"""
            /// <summary>Whether every short string is well-formed UTF-8.</summary>
            public bool IsTextValid => {(texts.Length == 0 ? "true" : string.Join(" && ", texts))};
            """);
    }

    private static void EmitTryParse(SourceWriter writer, MethodPlan method, string view)
    {
        writer.Gap();
        writer.Line("""
            /// <summary>Checks all arguments in one pass.</summary>
            /// <param name="arguments">What comes after class and method id.</param>
            /// <param name="view">The view, or an empty one that must not be read when the result is an error.</param>
            /// <returns><see cref="DecodeError.None"/>, or what is wrong with the octets.</returns>
            """);
        using (writer.Braces($"public static DecodeError TryParse(ReadOnlySpan<byte> arguments, out {view} view)"))
        {
            writer.Line("view = default;");
            foreach (ReadStep read in method.Reads)
            {
                EmitRead(writer, read);
            }

            using (writer.Braces($"if (arguments.Length != {Expressions.Index(method.End)})"))
            {
                writer.Line(method.End is { After: null, Octets: 0 }
                    ? "return DecodeError.TrailingOctets;"
                    : $"return arguments.Length < {Expressions.Index(method.End)} ? DecodeError.Truncated : DecodeError.TrailingOctets;");
            }

            writer.Line();
            if (method.Members.Count != 0)
            {
                writer.Line($"view = new {view}(arguments{string.Concat(method.StoredEnds.Select(end => ", " + end))});");
            }

            writer.Line("return DecodeError.None;");
        }
    }

    private static void EmitRead(SourceWriter writer, ReadStep read)
    {
        Position contents = read.Prefix.Plus(read.PrefixOctets);
        writer.Line($"""

            // {read.RawName}
            if (arguments.Length < {Expressions.Index(contents)})
            """);
        EmitReturnTruncated(writer);
        if (read.PrefixOctets == 1)
        {
            writer.Line($"int {read.EndName} = {Expressions.Index(contents)} + arguments[{Expressions.Index(read.Prefix)}];");
            return;
        }

        string octets = read.Local + "Octets";
        writer.Line($"""
            uint {octets} = WireReader.ReadUInt32({Expressions.From("arguments", read.Prefix)});
            if ({octets} > (uint)(arguments.Length - ({Expressions.Index(contents)})))
            """);
        EmitReturnTruncated(writer);
        writer.Line($"int {read.EndName} = {Expressions.Index(contents)} + (int){octets};");
        if (read.IsTable)
        {
            string error = read.Local + "Error";
            writer.Line($$"""
                DecodeError {{error}} = TableView.Validate({{Expressions.Between("arguments", contents, new Position(read.EndName, 0))}});
                if ({{error}} != DecodeError.None)
                {
                    return {{error}};
                }

                """);
        }
    }

    private static void EmitReturnTruncated(SourceWriter writer) => writer.Line("""
        {
            return DecodeError.Truncated;
        }

        """);

    private static void EmitValidate(SourceWriter writer, MethodPlan method)
    {
        writer.Gap();
        writer.Line("""
            /// <summary>Checks what the definition asserts about the fields, which decoding does not.</summary>
            /// <returns>The first violation, or none.</returns>
            """);
        if (method.Members.All(member => member.Checks.Count == 0))
        {
            writer.Line("public AssertViolation Validate() => default;");
            return;
        }

        using (writer.Braces("public AssertViolation Validate()"))
        {
            foreach (MemberPlan member in method.Members)
            {
                foreach (CheckModel check in member.Checks)
                {
                    (string condition, string name, string text) = Violation(member, check);
                    writer.Line($$"""
                        if ({{condition}})
                        {
                            return new AssertViolation("{{member.RawName}}", "{{name}}", "{{member.RawName}} {{text}}");
                        }

                        """);
                }
            }

            writer.Line("return default;");
        }
    }

    private static (string Condition, string Check, string Text) Violation(MemberPlan member, CheckModel check)
    {
        string number = Expressions.Number(check.Number);
        switch (check.Kind)
        {
            case CheckKind.Length:
                return ($"{member.Name}.Length > {number}", "length", $"has more than {number} octets");
            case CheckKind.NotEqual:
                return ($"{member.Name} == {number}", "ne", $"is {number}");
            case CheckKind.Empty:
                bool isNumber = member.To is null;
                return (isNumber ? $"{member.Name} != 0" : $"!{member.Name}.IsEmpty", "null", isNumber ? "is not 0" : "is not empty");
            default:
                CharacterSet set = check.Characters!;
                string masks = $"0x{set.Low:X16}, 0x{set.High:X16}";
                string characters = $"!WireReader.HasOnly({member.Name}, {masks})";
                return (set.AllowsEmpty ? characters : $"{member.Name}.IsEmpty || {characters}", "regexp", set.AllowsEmpty ? "has a character that is not allowed" : "is empty or has a character that is not allowed");
        }
    }

    private static void EmitToOwned(SourceWriter writer, MethodPlan method)
    {
        writer.Gap();
        writer.Line("/// <summary>Copies all fields.</summary>");
        if (method.Members.Count == 0)
        {
            writer.Line($"public {method.TypeName} ToOwned() => default;");
            return;
        }

        writer.Line($$"""
            public {{method.TypeName}} ToOwned() => new()
            {
            """);
        using (writer.Indented())
        {
            foreach (MemberPlan member in method.Members)
            {
                writer.Line($"{member.Name} = {Expressions.ToOwned(member.Wire, member.Name)},");
            }
        }

        writer.Line("};");
    }
}
