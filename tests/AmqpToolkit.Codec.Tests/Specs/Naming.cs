using System.Text;
using System.Xml.Linq;

namespace AmqpToolkit.Codec.Tests.Specs;

/// <summary>How names of a definition become names of C#, and where the definitions are.</summary>
internal static class Naming
{
    internal static string Pascal(string name)
    {
        var result = new StringBuilder();
        foreach (string word in name.Split(' ', '-', '_', '.'))
        {
            result.Append(char.ToUpperInvariant(word[0])).Append(word.AsSpan(1));
        }

        return result.ToString();
    }

    internal static XElement Document(string file) => XDocument.Load(Path.Combine(AppContext.BaseDirectory, "spec", file)).Root!;
}
