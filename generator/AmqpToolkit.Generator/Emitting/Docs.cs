using AmqpToolkit.Generator.Linking;
using AmqpToolkit.Generator.Lowering;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>Words of the emitted documentation.</summary>
internal static class Docs
{
    /// <summary>The label as a sentence in XML, or the other words without one.</summary>
    public static string Sentence(string? label, string otherwise)
    {
        string text = Escape((label ?? otherwise).Trim());
        return text.EndsWith(".", StringComparison.Ordinal) ? text : text + ".";
    }

    public static string Escape(string text) => text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;").Replace("\r", "").Replace("\n", " ");

    /// <summary>What a member is, and its type on the wire.</summary>
    public static string Member(string? label, string rawName, WireType wire) =>
        $"{Sentence(label, rawName)} ({rawName}, {BaseTypes.NameOf(wire)})";

    public static string Deprecated(MethodPlan method) => method.Deprecated ? " The definition deprecates it." : "";
}
