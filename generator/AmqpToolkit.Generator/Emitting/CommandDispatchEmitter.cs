using AmqpToolkit.Generator.Linking;
using AmqpToolkit.Generator.Lowering;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>The switch of one role over controls or commands, and the interfaces of their handlers.</summary>
internal static class CommandDispatchEmitter
{
    public static void Emit(SourceWriter writer, CommandDispatchUnit unit)
    {
        foreach (HandlerPlan handler in unit.Handlers)
        {
            EmitHandler(writer, unit, handler);
            writer.Line();
        }

        DispatchParts.EmitWholeHandler(writer, unit.Kind, unit.Role, unit.HandlerTypeName, unit.Handlers.Select(handler => handler.TypeName).ToArray());
        writer.Line();
        writer.Line($"""
            /// <summary>Hands the {unit.Kind}s that a {unit.Role} receives to its handler.</summary>
            {Emitter.GeneratedCode}
            """);
        using (writer.Braces($"public static class {unit.TypeName}"))
        {
            EmitDispatch(
                writer,
                unit,
                "Dispatch",
                unit.HandlerTypeName,
                $"Decodes a {unit.Kind}, checks its text, and calls the handler.",
                $"a {unit.Kind} that a {unit.Role} does not receive",
                unit.Handlers.SelectMany(handler => handler.Methods));
            foreach (HandlerPlan handler in unit.Handlers)
            {
                writer.Line();
                EmitDispatch(
                    writer,
                    unit,
                    "Dispatch" + CSharpName.Pascal(handler.ClassName),
                    handler.TypeName,
                    $"The same for who handles the class {handler.ClassName} alone.",
                    $"a {unit.Kind} that is not of that class, or that a {unit.Role} does not receive",
                    handler.Methods);
            }

            foreach (HandlerPlan handler in unit.Handlers)
            {
                foreach (HandledMethod item in handler.Methods)
                {
                    DispatchParts.EmitDecode(writer, handler.TypeName, item.TypeName, unit.Kind, "fields", HasSync(unit));
                }
            }
        }
    }

    private static bool HasSync(CommandDispatchUnit unit) => unit.Kind == "command";

    private static void EmitHandler(SourceWriter writer, CommandDispatchUnit unit, HandlerPlan handler)
    {
        writer.Line($"""
            /// <summary>Handles the {unit.Kind}s of the class {handler.ClassName} that a {unit.Role} receives.</summary>
            {Emitter.GeneratedCode}
            """);
        using (writer.Braces($"public interface {handler.TypeName}"))
        {
            foreach (HandledMethod item in handler.Methods)
            {
                writer.Gap();
                writer.Line($"""
                    /// <summary>{Docs.Sentence(item.Label, $"Handles {item.Name}")} ({item.Name})</summary>
                    void Handle{item.TypeName}(ushort channel, {(HasSync(unit) ? "bool sync, " : "")}in {item.TypeName}View {unit.Kind});
                    """);
            }
        }
    }

    private static void EmitDispatch(
        SourceWriter writer, CommandDispatchUnit unit, string name, string handlerTypeName, string summary, string unexpected, IEnumerable<HandledMethod> handled)
    {
        bool hasSync = HasSync(unit);
        string payload = $"The whole segment: {(hasSync ? "code, session header, presence bits, fields" : "code, presence bits, fields")}.";
        DispatchParts.EmitSignature(writer, name, handlerTypeName, summary, unit.Kind, payload, unexpected);
        writer.Line("{");
        using (writer.Indented())
        {
            writer.Line($$"""
                DecodeError error = PackedReader.{{(hasSync ? "OpenCommand(payload, out ushort code, out bool sync, out ReadOnlySpan<byte> fields)" : "OpenControl(payload, out ushort code, out ReadOnlySpan<byte> fields)")}};
                if (error != DecodeError.None)
                {
                    return error;
                }

                """);
            using (writer.Braces("switch (code)"))
            {
                foreach (HandledMethod item in handled)
                {
                    writer.Line($"""
                        case {item.TypeName}View.Code:
                            return Decode{item.TypeName}(ref handler, channel, {(hasSync ? "sync, " : "")}fields);
                        """);
                }

                writer.Line($"""
                    default:
                        return {unit.NamesTypeName}.WhyNotReceived(code);
                    """);
            }
        }

        writer.Line("}");
    }
}
