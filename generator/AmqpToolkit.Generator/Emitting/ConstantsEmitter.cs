using AmqpToolkit.Generator.Linking;
using AmqpToolkit.Generator.Lowering;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>Constants, and what each reply code closes.</summary>
internal static class ConstantsEmitter
{
    public static void Emit(SourceWriter writer, ConstantsUnit unit)
    {
        writer.Line($"""
            /// <summary>The constants of AMQP {unit.Edition}.</summary>
            {Emitter.GeneratedCode}
            """);
        using (writer.Braces("public static class Constants"))
        {
            foreach (ConstantPlan constant in unit.Constants)
            {
                string closes = constant.Scope switch
                {
                    ConstantScope.Channel => " Closes the channel.",
                    ConstantScope.Connection => " Closes the connection.",
                    _ => "",
                };
                writer.Gap();
                writer.Line($"""
                    /// <summary>{Docs.Sentence(constant.Label, constant.RawName)}{closes} ({constant.RawName})</summary>
                    public const {constant.Type} {constant.Name} = {Expressions.Number(constant.Value)};
                    """);
            }

            EmitScopeOf(writer, unit);
            EmitNameOf(writer, unit);
        }
    }

    /// <summary>A value that two constants share is the first one's.</summary>
    private static IEnumerable<ConstantPlan> Distinct(IEnumerable<ConstantPlan> constants) => constants.GroupBy(constant => constant.Value).Select(group => group.First());

    private static void EmitScopeOf(SourceWriter writer, ConstantsUnit unit)
    {
        writer.Gap();
        writer.Line("""
            /// <summary>What a reply code closes; nothing when it is no error of this edition.</summary>
            public static ErrorScope ScopeOf(ushort replyCode) => replyCode switch
            {
            """);
        using (writer.Indented())
        {
            foreach (ConstantPlan constant in Distinct(unit.Constants.Where(constant => constant.IsReplyCode && constant.Scope != ConstantScope.None)))
            {
                writer.Line($"{constant.Name} => ErrorScope.{constant.Scope},");
            }

            writer.Line("_ => ErrorScope.None,");
        }

        writer.Line("};");
    }

    private static void EmitNameOf(SourceWriter writer, ConstantsUnit unit)
    {
        writer.Gap();
        writer.Line("""
            /// <summary>The name of a reply code, <c>not-found</c>; empty when this edition does not have it.</summary>
            public static string NameOf(ushort replyCode) => replyCode switch
            {
            """);
        using (writer.Indented())
        {
            foreach (ConstantPlan constant in Distinct(unit.Constants.Where(constant => constant.IsReplyCode)))
            {
                writer.Line($"{constant.Name} => \"{constant.RawName}\",");
            }

            writer.Line("_ => \"\",");
        }

        writer.Line("};");
    }
}
