using AmqpToolkit.Generator.Lowering;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>The files of the command grammar.</summary>
internal static class CommandEmitter
{
    public static void Emit(SourceWriter writer, CommandUnit unit)
    {
        if (unit is PackedUnit packed)
        {
            PackedEmitter.Emit(writer, packed);
            return;
        }

        var names = (CommandNamesUnit)unit;
        writer.Line($"""
            /// <summary>The codes of every {names.Kind} of AMQP {names.Edition}: class, then its own.</summary>
            {Emitter.GeneratedCode}
            """);
        using (writer.Braces($"public static class {names.TypeName}"))
        {
            foreach (DefinitionPlan item in names.Items)
            {
                writer.Gap();
                writer.Line($"""
                    /// <summary>{Docs.Sentence(item.Label, item.RawName)} ({item.RawName})</summary>
                    public const {item.Type} {item.Name} = {item.Value};
                    """);
            }

            writer.Gap();
            writer.Line($"""
                /// <summary>The name of a {names.Kind}; empty when this edition does not have it.</summary>
                """);
            writer.Line("public static string NameOf(ushort code) => code switch");
            writer.Line("{");
            using (writer.Indented())
            {
                foreach (DefinitionPlan item in names.Items)
                {
                    writer.Line($"{item.Name} => \"{item.RawName}\",");
                }

                writer.Line("_ => \"\",");
            }

            writer.Line("};");
        }
    }
}
