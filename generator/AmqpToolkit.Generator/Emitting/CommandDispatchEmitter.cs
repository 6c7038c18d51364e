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

        EmitAll(writer, unit);
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
                    EmitOne(writer, unit, handler.TypeName, item.TypeName);
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

    private static void EmitAll(SourceWriter writer, CommandDispatchUnit unit)
    {
        writer.Line($"""
            /// <summary>Handles every {unit.Kind} that a {unit.Role} receives.</summary>
            {Emitter.GeneratedCode}
            """);
        if (unit.Handlers.Count == 0)
        {
            writer.Line($"public interface {unit.HandlerTypeName};");
            return;
        }

        writer.Line($"public interface {unit.HandlerTypeName} :");
        using (writer.Indented())
        {
            for (int i = 0; i < unit.Handlers.Count; i++)
            {
                writer.Line(unit.Handlers[i].TypeName + (i + 1 < unit.Handlers.Count ? "," : ";"));
            }
        }
    }

    private static void EmitDispatch(
        SourceWriter writer, CommandDispatchUnit unit, string name, string handlerTypeName, string summary, string unexpected, IEnumerable<HandledMethod> handled)
    {
        bool hasSync = HasSync(unit);
        writer.Line($"""
            /// <summary>{summary}</summary>
            /// <param name="handler">A struct, or a class: the calls are direct for a struct.</param>
            /// <param name="channel">Channel that the {unit.Kind} came on.</param>
            /// <param name="payload">The whole segment: {(hasSync ? "code, session header, presence bits, fields" : "code, presence bits, fields")}.</param>
            /// <returns>
            /// <see cref="DecodeError.None"/> when the handler was called; else why not, and it was not called. <see cref="DecodeError.UnexpectedMethod"/>
            /// for {unexpected}.
            /// </returns>
            """);
        writer.Line($"public static DecodeError {name}<THandler>(ref THandler handler, ushort channel, ReadOnlySpan<byte> payload)");
        using (writer.Indented())
        {
            writer.Line($"where THandler : {handlerTypeName}");
        }

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

    private static void EmitOne(SourceWriter writer, CommandDispatchUnit unit, string handlerTypeName, string typeName) => writer.Line($$"""

        private static DecodeError Decode{{typeName}}<THandler>(ref THandler handler, ushort channel, {{(HasSync(unit) ? "bool sync, " : "")}}ReadOnlySpan<byte> fields)
            where THandler : {{handlerTypeName}}
        {
            DecodeError error = {{typeName}}View.TryParse(fields, out {{typeName}}View {{unit.Kind}});
            if (error != DecodeError.None)
            {
                return error;
            }

            if (!{{unit.Kind}}.IsTextValid)
            {
                return DecodeError.InvalidUtf8;
            }

            handler.Handle{{typeName}}(channel, {{(HasSync(unit) ? "sync, " : "")}}in {{unit.Kind}});
            return DecodeError.None;
        }
        """);
}
