using System.Text;
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

    /// <summary>Text in XML, on one line: C# ends one at more characters than XML does.</summary>
    public static string Escape(string text)
    {
        var line = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            line.Append(c is '\u2028' or '\u2029' || char.IsControl(c) ? ' ' : c);
        }

        return line.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;").ToString();
    }

    /// <summary>A name with its indefinite article.</summary>
    public static string Article(string rawName) => ("aeiou".IndexOf(rawName[0]) >= 0 ? "an " : "a ") + Escape(rawName);

    /// <summary>The number of an edition as its users write it.</summary>
    public static string Edition(string edition) => edition == "1-0" ? "1.0" : edition;

    /// <summary>What a member is, and its type on the wire.</summary>
    public static string Member(string? label, string rawName, WireType wire) =>
        $"{Sentence(label, rawName)} ({rawName}, {BaseTypes.NameOf(wire)})";

    public static string Deprecated(MethodPlan method) => method.Deprecated ? " The definition deprecates it." : "";
}
