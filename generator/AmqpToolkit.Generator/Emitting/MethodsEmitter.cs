using AmqpToolkit.Generator.Lowering;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>What is known of each method.</summary>
internal static class MethodsEmitter
{
    public static void Emit(SourceWriter writer, MethodsUnit unit)
    {
        writer.Line($"""
            /// <summary>The methods of AMQP {unit.Edition}.</summary>
            {Emitter.GeneratedCode}
            """);
        using (writer.Braces("public static class Methods"))
        {
            EmitTryGetInfo(writer, unit);
            EmitNameOf(writer, unit);
            EmitWhyNotReceived(writer, unit);
        }
    }

    private static string Bool(bool value) => value ? "true" : "false";

    private static void EmitTryGetInfo(SourceWriter writer, MethodsUnit unit)
    {
        writer.Line("""
            /// <summary>Looks up a method.</summary>
            /// <param name="methodKey">Class id in the upper, method id in the lower 16 bits.</param>
            /// <param name="info">What is known of it.</param>
            /// <returns>Whether there is such a method.</returns>
            """);
        using (writer.Braces("public static bool TryGetInfo(uint methodKey, out MethodInfo info)"))
        using (writer.Braces("switch (methodKey)"))
        {
            foreach (MethodFacts method in unit.Methods)
            {
                string flags = string.Join(", ", new[] { method.Synchronous, method.HasContent, method.ServerReceives, method.ClientReceives }.Select(Bool));
                writer.Line($"""
                    case {Expressions.Hex(method.Key, 8)}:
                        info = new MethodInfo("{method.Name}", {Expressions.Number(method.ClassId)}, {Expressions.Number(method.MethodId)}, {flags});
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

    private static void EmitNameOf(SourceWriter writer, MethodsUnit unit)
    {
        writer.Line("""

            /// <summary>The name of a method, <c>basic.publish</c>; its numbers, <c>60.999</c>, when it is unknown.</summary>
            /// <param name="methodKey">Class id in the upper, method id in the lower 16 bits.</param>
            """);
        writer.Line("public static string NameOf(uint methodKey) => methodKey switch");
        writer.Line("{");
        using (writer.Indented())
        {
            foreach (MethodFacts method in unit.Methods)
            {
                writer.Line($"{Expressions.Hex(method.Key, 8)} => \"{method.Name}\",");
            }

            writer.Line("_ => WireReader.NameOfUnknown(methodKey),");
        }

        writer.Line("};");
    }

    private static void EmitWhyNotReceived(SourceWriter writer, MethodsUnit unit)
    {
        string classes = unit.ClassIds.Count == 0 ? "false" : "methodKey >> 16 is " + string.Join(" or ", unit.ClassIds.Select(id => Expressions.Number(id)));
        writer.Line($$"""

            internal static DecodeError WhyNotReceived(uint methodKey)
            {
                if (TryGetInfo(methodKey, out _))
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
