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
            EmitDispatch(writer, unit);
            foreach (string typeName in unit.HotTypeNames.Concat(unit.TypeNames))
            {
                EmitOne(writer, unit, typeName);
            }
        }
    }

    private static void EmitInterface(SourceWriter writer, DispatchUnit unit)
    {
        writer.Line($"""
            /// <summary>Handles every method that a {unit.Role} receives.</summary>
            {Emitter.GeneratedCode}
            """);
        if (unit.HandlerTypeNames.Count == 0)
        {
            writer.Line($"public interface {unit.HandlerTypeName};");
            return;
        }

        writer.Line($"public interface {unit.HandlerTypeName} :");
        using (writer.Indented())
        {
            for (int i = 0; i < unit.HandlerTypeNames.Count; i++)
            {
                writer.Line(unit.HandlerTypeNames[i] + (i + 1 < unit.HandlerTypeNames.Count ? "," : ";"));
            }
        }
    }

    private static void EmitDispatch(SourceWriter writer, DispatchUnit unit)
    {
        writer.Line($"""
            /// <summary>Decodes a method, checks its text, and calls the handler.</summary>
            /// <param name="handler">A struct, or a class: the calls are direct for a struct.</param>
            /// <param name="channel">Channel that the method came on.</param>
            /// <param name="payload">Class id, method id, arguments.</param>
            /// <returns>
            /// <see cref="DecodeError.None"/> when the handler was called; else why not, and it was not called. <see cref="DecodeError.UnexpectedMethod"/>
            /// for a method that a {unit.Role} does not receive.
            /// </returns>
            """);
        writer.Line("public static DecodeError Dispatch<THandler>(ref THandler handler, ushort channel, ReadOnlySpan<byte> payload)");
        using (writer.Indented())
        {
            writer.Line($"where THandler : {unit.HandlerTypeName}");
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
            foreach (string typeName in unit.HotTypeNames)
            {
                writer.Line($$"""
                    if (methodKey == {{typeName}}View.MethodKey)
                    {
                        return Dispatch{{typeName}}(ref handler, channel, arguments);
                    }

                    """);
            }

            using (writer.Braces("switch (methodKey)"))
            {
                foreach (string typeName in unit.TypeNames)
                {
                    writer.Line($"""
                        case {typeName}View.MethodKey:
                            return Dispatch{typeName}(ref handler, channel, arguments);
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

    private static void EmitOne(SourceWriter writer, DispatchUnit unit, string typeName) => writer.Line($$"""

        private static DecodeError Dispatch{{typeName}}<THandler>(ref THandler handler, ushort channel, ReadOnlySpan<byte> arguments)
            where THandler : {{unit.HandlerTypeName}}
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
