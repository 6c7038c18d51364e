using AmqpToolkit.Generator.Lowering;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>The switch of one role.</summary>
internal static class DispatchEmitter
{
    public static void Emit(SourceWriter writer, DispatchUnit unit)
    {
        EmitInterface(writer, unit);
        writer.Line();
        writer.Line($"""
            /// <summary>Hands the methods that a {unit.Role} receives to its handler.</summary>
            {Emitter.GeneratedCode}
            """);
        using (writer.Braces($"public static class {unit.TypeName}"))
        {
            EmitDispatch(writer, unit, "Dispatch", unit.HandlerTypeName, "Decodes a method, checks its text, and calls the handler.", $"a method that a {unit.Role} does not receive", unit.HotTypeNames, unit.TypeNames);
            foreach (DispatchedClass item in unit.Classes)
            {
                string[] hot = item.MethodTypeNames.Where(unit.HotTypeNames.Contains).ToArray();
                writer.Line();
                EmitDispatch(
                    writer,
                    unit,
                    "Dispatch" + item.TypeName,
                    item.HandlerTypeName,
                    $"The same for who handles the class {item.Name} alone.",
                    $"a method that is not of that class, or that a {unit.Role} does not receive",
                    unit.HotTypeNames.Where(hot.Contains),
                    item.MethodTypeNames.Except(hot, StringComparer.Ordinal));
            }

            foreach (DispatchedClass item in unit.Classes)
            {
                foreach (string typeName in item.MethodTypeNames)
                {
                    EmitOne(writer, item.HandlerTypeName, typeName);
                }
            }
        }
    }

    private static void EmitInterface(SourceWriter writer, DispatchUnit unit)
    {
        writer.Line($"""
            /// <summary>Handles every method that a {unit.Role} receives.</summary>
            {Emitter.GeneratedCode}
            """);
        if (unit.Classes.Count == 0)
        {
            writer.Line($"public interface {unit.HandlerTypeName};");
            return;
        }

        writer.Line($"public interface {unit.HandlerTypeName} :");
        using (writer.Indented())
        {
            for (int i = 0; i < unit.Classes.Count; i++)
            {
                writer.Line(unit.Classes[i].HandlerTypeName + (i + 1 < unit.Classes.Count ? "," : ";"));
            }
        }
    }

    private static void EmitDispatch(
        SourceWriter writer, DispatchUnit unit, string name, string handler, string summary, string unexpected, IEnumerable<string> hot, IEnumerable<string> others)
    {
        writer.Line($"""
            /// <summary>{summary}</summary>
            /// <param name="handler">A struct, or a class: the calls are direct for a struct.</param>
            /// <param name="channel">Channel that the method came on.</param>
            /// <param name="payload">Class id, method id, arguments.</param>
            /// <returns>
            /// <see cref="DecodeError.None"/> when the handler was called; else why not, and it was not called. <see cref="DecodeError.UnexpectedMethod"/>
            /// for {unexpected}.
            /// </returns>
            """);
        writer.Line($"public static DecodeError {name}<THandler>(ref THandler handler, ushort channel, ReadOnlySpan<byte> payload)");
        using (writer.Indented())
        {
            writer.Line($"where THandler : {handler}");
        }

        writer.Line("{");
        using (writer.Indented())
        {
            writer.Line("""
                if (payload.Length < sizeof(uint))
                {
                    return DecodeError.Truncated;
                }

                uint methodKey = WireReader.ReadUInt32(payload);
                ReadOnlySpan<byte> arguments = payload[sizeof(uint)..];
                """);
            foreach (string typeName in hot)
            {
                writer.Line($$"""
                    if (methodKey == {{typeName}}View.MethodKey)
                    {
                        return Decode{{typeName}}(ref handler, channel, arguments);
                    }

                    """);
            }

            using (writer.Braces("switch (methodKey)"))
            {
                foreach (string typeName in others)
                {
                    writer.Line($"""
                        case {typeName}View.MethodKey:
                            return Decode{typeName}(ref handler, channel, arguments);
                        """);
                }

                writer.Line("""
                    default:
                        return Methods.WhyNotReceived(methodKey);
                    """);
            }
        }

        writer.Line("}");
    }

    private static void EmitOne(SourceWriter writer, string handler, string typeName) => writer.Line($$"""

        private static DecodeError Decode{{typeName}}<THandler>(ref THandler handler, ushort channel, ReadOnlySpan<byte> arguments)
            where THandler : {{handler}}
        {
            DecodeError error = {{typeName}}View.TryParse(arguments, out {{typeName}}View method);
            if (error != DecodeError.None)
            {
                return error;
            }

            if (!method.IsTextValid)
            {
                return DecodeError.InvalidUtf8;
            }

            handler.Handle{{typeName}}(channel, in method);
            return DecodeError.None;
        }
        """);
}
