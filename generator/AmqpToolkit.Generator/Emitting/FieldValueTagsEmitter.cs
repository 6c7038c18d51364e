using AmqpToolkit.Generator.Lowering;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>Tags of table values and their widths.</summary>
internal static class FieldValueTagsEmitter
{
    private const int ValuesPerLine = 16;

    public static void Emit(SourceWriter writer, FieldValueTagsUnit unit)
    {
        writer.Line($"""
            /// <summary>The tags of the values in a field table of AMQP {unit.Edition}.</summary>
            {Emitter.GeneratedCode}
            """);
        using (writer.Braces("public static class FieldValueTags"))
        {
            foreach (FieldValuePlan tag in unit.Tags)
            {
                writer.Gap();
                writer.Line($"""
                    /// <summary>{Docs.Sentence(tag.Label, tag.Name)} Wire: {tag.Shape}.</summary>
                    public const byte {tag.Name} = (byte)'{tag.Tag}';
                    """);
            }

            writer.Line("""

                /// <summary>In <see cref="Widths"/>: there is no such tag.</summary>
                public const byte UnknownTag = 0xFF;

                /// <summary>In <see cref="Widths"/>: a length of four octets comes first.</summary>
                public const byte LongLength = 0xFE;

                /// <summary>In <see cref="Widths"/>: a length of one octet comes first.</summary>
                public const byte ShortLength = 0xFD;

                /// <summary>The octets that the value of each tag takes, or one of the marks above. 256 values, indexed by tag.</summary>
                public static ReadOnlySpan<byte> Widths =>
                [
                """);
            using (writer.Indented())
            {
                for (int i = 0; i < unit.Widths.Count; i += ValuesPerLine)
                {
                    IEnumerable<string> values = unit.Widths.Skip(i).Take(ValuesPerLine).Select(width => width >= 0xFD ? Expressions.Hex(width, 2) : Expressions.Number(width));
                    writer.Line(string.Join(", ", values) + ",");
                }
            }

            writer.Line("];");
        }
    }
}
