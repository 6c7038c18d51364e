using System.Globalization;
using AmqpToolkit.Generator.Lowering;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>The files of the command grammar.</summary>
internal static class CommandEmitter
{
    public static void Emit(SourceWriter writer, CommandUnit unit)
    {
        switch (unit)
        {
            case PackedUnit packed:
                PackedEmitter.Emit(writer, packed);
                break;
            case CommandDispatchUnit dispatch:
                CommandDispatchEmitter.Emit(writer, dispatch);
                break;
            case CommandInfosUnit infos:
                EmitInfos(writer, infos);
                break;
            default:
                EmitNames(writer, (CommandNamesUnit)unit);
                break;
        }
    }

    private static string Hex(int code) => "0x" + code.ToString("X4", CultureInfo.InvariantCulture);

    private static string Bool(bool value) => value ? "true" : "false";

    private static void EmitNames(SourceWriter writer, CommandNamesUnit unit)
    {
        EmitHead(writer, unit.Kind, unit.Edition);
        using (writer.Braces($"public static class {unit.TypeName}"))
        {
            EmitConstants(writer, unit.Items.Select(item => (item.Name, item.RawName, item.Label, item.Value)));
            EmitNameOf(writer, unit.Kind, unit.Items.Select(item => (item.Name, item.RawName)));
        }
    }

    private static void EmitInfos(SourceWriter writer, CommandInfosUnit unit)
    {
        EmitHead(writer, unit.Kind, unit.Edition);
        using (writer.Braces($"public static class {unit.TypeName}"))
        {
            EmitConstants(writer, unit.Items.Select(item => (item.TypeName, item.RawName, item.Label, Hex(item.Code))));
            EmitTryGetInfo(writer, unit);
            EmitNameOf(writer, unit.Kind, unit.Items.Select(item => (item.TypeName, item.RawName)));
            EmitWhyNotReceived(writer, unit);
        }
    }

    private static void EmitHead(SourceWriter writer, string kind, string edition) => writer.Line($"""
        /// <summary>The codes of every {kind} of AMQP {Docs.Edition(edition)}: class, then its own.</summary>
        {Emitter.GeneratedCode}
        """);

    private static void EmitConstants(SourceWriter writer, IEnumerable<(string Name, string RawName, string? Label, string Value)> items)
    {
        foreach ((string name, string rawName, string? label, string value) in items)
        {
            writer.Gap();
            writer.Line($"""
                /// <summary>{Docs.Sentence(label, rawName)} ({rawName})</summary>
                public const ushort {name} = {value};
                """);
        }
    }

    private static void EmitTryGetInfo(SourceWriter writer, CommandInfosUnit unit)
    {
        writer.Gap();
        writer.Line($"""
            /// <summary>Looks up a {unit.Kind}.</summary>
            /// <param name="code">Code of the class in the upper, own code in the lower eight bits.</param>
            /// <param name="info">What is known of it.</param>
            /// <returns>Whether this edition has it.</returns>
            """);
        using (writer.Braces("public static bool TryGetInfo(ushort code, out CommandInfo info)"))
        using (writer.Braces("switch (code)"))
        {
            foreach (CommandFacts item in unit.Items)
            {
                string facts = string.Join(", ", new[] { item.HasHeader, item.HasBody, item.ServerReceives, item.ClientReceives }.Select(Bool));
                writer.Line($"""
                    case {item.TypeName}:
                        info = new CommandInfo("{item.RawName}", code, {facts}, {(item.ResultCode == 0 ? "0" : Hex(item.ResultCode))});
                        return true;
                    """);
            }

            writer.Line("""
                default:
                    info = default;
                    return false;
                """);
        }
    }

    private static void EmitNameOf(SourceWriter writer, string kind, IEnumerable<(string Name, string RawName)> items)
    {
        writer.Gap();
        writer.Line($"""
            /// <summary>The name of a {kind}; empty when this edition does not have it.</summary>
            """);
        writer.Line("public static string NameOf(ushort code) => code switch");
        writer.Line("{");
        using (writer.Indented())
        {
            foreach ((string name, string rawName) in items)
            {
                writer.Line($"{name} => \"{rawName}\",");
            }

            writer.Line("_ => \"\",");
        }

        writer.Line("};");
    }

    private static void EmitWhyNotReceived(SourceWriter writer, CommandInfosUnit unit)
    {
        string classes = unit.ClassCodes.Count == 0 ? "false" : "code >> 8 is " + string.Join(" or ", unit.ClassCodes.Select(code => code.ToString(CultureInfo.InvariantCulture)));
        writer.Gap();
        writer.Line($$"""
            internal static DecodeError WhyNotReceived(ushort code)
            {
                if (TryGetInfo(code, out _))
                {
                    return DecodeError.UnexpectedMethod;
                }

                return {{classes}}
                    ? DecodeError.UnknownMethod
                    : DecodeError.UnknownClass;
            }
            """);
    }
}
