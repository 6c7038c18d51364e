using AmqpToolkit.Generator.Lowering;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>Everything with fields as data, for code that decodes what it was not compiled for.</summary>
internal static class DescriptionsEmitter
{
    public static void Emit(SourceWriter writer, DescriptionsUnit unit)
    {
        writer.Line($"""
            /// <summary>What the definition of AMQP {unit.Edition} says about everything that has fields.</summary>
            {Emitter.GeneratedCode}
            """);
        using (writer.Braces("public static class Descriptions"))
        {
            foreach (ChoicesPlan choices in unit.Choices)
            {
                string items = string.Join(", ", choices.Items.Select(item => $"(\"{item.RawName}\", \"{item.Value}\")"));
                writer.Line($"private static readonly ChoicesDescription {choices.Field} = new(\"{choices.RawName}\", [{items}]);");
            }

            writer.Gap();
            writer.Line("""
                /// <summary>All of them, in the order of the definition.</summary>
                public static IReadOnlyList<ShapeDescription> All { get; } =
                [
                """);
            using (writer.Indented())
            {
                foreach (ShapePlan shape in unit.Shapes)
                {
                    Emit(writer, shape);
                }
            }

            writer.Line("];");
        }
    }

    private static void Emit(SourceWriter writer, ShapePlan shape)
    {
        string settings = Settings(
        [
            .. shape.Symbol is null ? Array.Empty<string>() : [$"Symbol = \"{shape.Symbol}\""],
            .. shape.PackOctets == 0 ? Array.Empty<string>() : [$"PackOctets = {Expressions.Number(shape.PackOctets)}"],
            .. shape.SizeOctets == 0 ? Array.Empty<string>() : [$"SizeOctets = {Expressions.Number(shape.SizeOctets)}"],
        ]);
        string start = $"new(ShapeKind.{shape.Kind}, \"{shape.RawName}\", {shape.Code}, ";
        if (shape.Fields.Count == 0)
        {
            writer.Line($"{start}[]){settings},");
            return;
        }

        writer.Line(start.TrimEnd());
        writer.Line("[");
        using (writer.Indented())
        {
            foreach (ShapeFieldPlan field in shape.Fields)
            {
                writer.Line($"new(\"{field.RawName}\", \"{field.Type}\"){Settings(field.Settings)},");
            }
        }

        writer.Line($"]){settings},");
    }

    private static string Settings(IReadOnlyCollection<string> settings) => settings.Count == 0 ? "" : $" {{ {string.Join(", ", settings)} }}";
}
