using AmqpToolkit.Generator.Linking;
using Microsoft.CodeAnalysis.CSharp;

namespace AmqpToolkit.Generator.Reading;

/// <summary>Namespaces that a project names.</summary>
internal static class Namespaces
{
    /// <summary>With the name of a type behind it, it names a file.</summary>
    private const int MaxCharacters = 200;

    /// <summary>Why code cannot be emitted into a namespace; null when it can.</summary>
    public static string? WhyNot(string text)
    {
        if (text.Length > MaxCharacters)
        {
            return FormattableString.Invariant($"it has more than {MaxCharacters} characters");
        }

        foreach (string part in text.Split('.'))
        {
            if (!SyntaxFacts.IsValidIdentifier(part))
            {
                return $"'{part}' is no name";
            }

            if (SyntaxFacts.GetKeywordKind(part) != SyntaxKind.None)
            {
                return $"'{part}' is a keyword";
            }

            if (ReservedNames.IsReservedInNamespaces(part))
            {
                return $"'{part}' would hide the type of that name";
            }
        }

        return null;
    }
}
