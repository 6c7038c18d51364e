using AmqpToolkit.Generator.Linking;
using AmqpToolkit.Generator.Lowering;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>The owned form of a method: holds its fields, writes itself, and writes the same from spans.</summary>
internal static class OwnedEmitter
{
    public static void Emit(SourceWriter writer, MethodPlan method)
    {
        writer.Line($"""
            /// <summary>{Docs.Sentence(method.Label, method.Name)}{Docs.Deprecated(method)} Owned form of {method.Name}.</summary>
            /// <remarks>Wire: {Docs.Escape(method.Layout)}. Reserved fields are written as zero.</remarks>
            {Emitter.GeneratedCode}
            """);
        using (writer.Braces($"public readonly record struct {method.TypeName} : IMethod"))
        {
            writer.Line($"""
                /// <summary>Class and method id of {method.Name}.</summary>
                public const uint MethodKey = {Expressions.Hex(method.Key, 8)};

                /// <summary>Octets of class id, method id and arguments without the contents of strings and tables.</summary>
                public const int OverheadOctets = {Expressions.Number(method.OverheadOctets)};
                """);
            EmitMembers(writer, method);
            writer.Line($"""

                static uint IMethod.MethodKey => MethodKey;

                /// <inheritdoc/>
                public int MaxOctets => {MaxOctets(method)};
                """);
            EmitInstanceWriter(writer, method);
            if (method.Members.Count != 0)
            {
                EmitSpanWriter(writer, method);
            }
        }
    }

    private static void EmitMembers(SourceWriter writer, MethodPlan method)
    {
        MemberPlan[] texts = method.Members.Where(IsText).ToArray();
        if (texts.Length != 0)
        {
            writer.Line();
        }

        foreach (MemberPlan text in texts)
        {
            writer.Line($"private readonly {Expressions.OwnedType(text.Wire)} {Field(text)};");
        }

        foreach (MemberPlan member in method.Members)
        {
            string accessors = !IsText(member) ? " { get; init; }" : $$"""

                {
                    get => {{Field(member)}};
                    init
                    {{{Expressions.RefuseNull(member.Name)}}
                        {{Field(member)}} = value;
                    }
                }
                """;
            writer.Line($$"""

                /// <summary>{{Docs.Member(member.Label, member.RawName, member.Wire)}}</summary>
                public {{Expressions.OwnedType(member.Wire)}} {{member.Name}}{{accessors}}
                """);
        }
    }

    /// <summary>Whether the member may be made of a null reference, which no argument is.</summary>
    private static bool IsText(MemberPlan member) => member.Wire is WireType.ShortString or WireType.LongString;

    private static string Field(MemberPlan member) => "_" + member.Parameter.TrimStart('@');

    private static string MaxOctets(MethodPlan method)
    {
        if (method.MaxOctets is { } bound)
        {
            return Expressions.Number(bound);
        }

        MemberPlan[] variable = method.Members.Where(member => Widths.IsVariable(member.Wire)).ToArray();
        IEnumerable<string> sizes = variable.Select(member => member.Wire == WireType.Table ? $"{member.Name}.Span.Length" : $"{member.Name}.MaxOctets");
        return variable.All(member => member.Wire == WireType.ShortString)
            ? "OverheadOctets" + string.Concat(sizes.Select(size => " + " + size))
            : Expressions.MaxOctets("OverheadOctets", sizes);
    }

    private static void EmitInstanceWriter(SourceWriter writer, MethodPlan method)
    {
        writer.Line();
        writer.Line("/// <inheritdoc/>");
        using (writer.Braces("public int Write(Span<byte> destination)"))
        {
            EmitSteps(writer, method, "destination", isOwned: true);
        }
    }

    private static void EmitSpanWriter(SourceWriter writer, MethodPlan method)
    {
        writer.Line($"""

            /// <summary>Writes class id, method id and the given arguments of {method.Name}.</summary>
            /// <param name="buffer">At least <see cref="OverheadOctets"/> long, and the contents of strings and tables.</param>
            """);
        foreach (MemberPlan member in method.Members)
        {
            string text = Docs.Member(member.Label, member.RawName, member.Wire);
            string suffix = member.Wire == WireType.Table ? " Entries as on the wire, without their length." : "";
            writer.Line($"/// <param name=\"{member.Parameter.TrimStart('@')}\">{text}{suffix}</param>");
        }

        writer.Line("/// <returns>The number of octets written.</returns>");
        string parameters = string.Concat(method.Members.Select(member => $", {Expressions.SpanType(member.Wire)} {member.Parameter}"));
        using (writer.Braces($"public static int Write(Span<byte> buffer{parameters})"))
        {
            EmitSteps(writer, method, "buffer", isOwned: false);
        }
    }

    private static void EmitSteps(SourceWriter writer, MethodPlan method, string buffer, bool isOwned)
    {
        writer.Line($"WireWriter.WriteUInt32({buffer}, MethodKey);");
        bool hasAt = false;
        foreach (WriteStep step in method.Writes)
        {
            var at = new Position(step.AfterVariable ? "at" : null, step.Offset);
            if (step.Kind is WriteKind.ShortString or WriteKind.LongString or WriteKind.Table)
            {
                string written = Variable(method.Members[step.Members[0]], step.Kind, Expressions.From(buffer, at), isOwned);
                string ahead = step.Offset == 0 ? "" : Expressions.Number(step.Offset) + " + ";
                writer.Line(hasAt ? $"at += {ahead}{written};" : $"int at = {ahead}{written};");
                hasAt = true;
            }
            else
            {
                writer.Line(Fixed(method, step, buffer, at, isOwned));
            }
        }

        writer.Line($"return {Expressions.Index(new Position(hasAt ? "at" : null, method.WriteTail))};");
    }

    private static string Value(MemberPlan member, bool isOwned) => isOwned ? member.Name : member.Parameter;

    private static string Variable(MemberPlan member, WriteKind kind, string target, bool isOwned) => (kind, isOwned) switch
    {
        (WriteKind.ShortString, false) => $"WireWriter.WriteShortString({target}, {member.Parameter})",
        (_, false) => $"WireWriter.WriteLongString({target}, {member.Parameter})",
        (WriteKind.Table, true) => $"WireWriter.WriteLongString({target}, {member.Name}.Span)",
        (_, true) => $"{member.Name}.WriteWithLength({target})",
    };

    private static string Fixed(MethodPlan method, WriteStep step, string buffer, Position at, bool isOwned)
    {
        string target = Expressions.From(buffer, at);
        string octet = $"{buffer}[{Expressions.Index(at)}]";
        string value = step.Kind != WriteKind.Bits && step.Members.Count == 1 ? Value(method.Members[step.Members[0]], isOwned) : "0";
        return step.Kind switch
        {
            WriteKind.ZeroOctet => $"{octet} = 0; // {step.RawName}",
            WriteKind.ZeroShort => $"WireWriter.WriteUInt16({target}, 0); // {step.RawName}",
            WriteKind.ZeroLong => $"WireWriter.WriteUInt32({target}, 0); // {step.RawName}",
            WriteKind.ZeroLongLong => $"WireWriter.WriteUInt64({target}, 0); // {step.RawName}",
            WriteKind.Octet => $"{octet} = {value};",
            WriteKind.Short => $"WireWriter.WriteUInt16({target}, {value});",
            WriteKind.Long => $"WireWriter.WriteUInt32({target}, {value});",
            WriteKind.LongLong => $"WireWriter.WriteUInt64({target}, {value});",
            WriteKind.Bits => $"{octet} = WireWriter.Bits({Bits(method, step, isOwned)});",
            _ => throw new ArgumentOutOfRangeException(nameof(step), step.Kind, null),
        };
    }

    private static string Bits(MethodPlan method, WriteStep step, bool isOwned) =>
        string.Join(", ", step.Members.Select(member => member < 0 ? "false" : Value(method.Members[member], isOwned)));
}
