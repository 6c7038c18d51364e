using AmqpToolkit.Generator.Lowering;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>The switch of one role.</summary>
internal static class DispatchEmitter
{
    public static void Emit(SourceWriter writer, DispatchUnit unit)
    {
        DispatchParts.EmitWholeHandler(writer, "method", unit.Role, unit.HandlerTypeName, unit.Classes.Select(item => item.HandlerTypeName).ToArray());
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
                    DispatchParts.EmitDecode(writer, item.HandlerTypeName, typeName, "method", "arguments", hasSync: false);
                }
            }
        }
    }

    private static void EmitDispatch(
        SourceWriter writer, DispatchUnit unit, string name, string handler, string summary, string unexpected, IEnumerable<string> hot, IEnumerable<string> others)
    {
        DispatchParts.EmitSignature(writer, name, handler, summary, "method", "Class id, method id, arguments.", unexpected);
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
}
