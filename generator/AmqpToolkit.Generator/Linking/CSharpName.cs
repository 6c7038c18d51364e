using System.Text;

namespace AmqpToolkit.Generator.Linking;

/// <summary>Turns the names of a definition into names of C#.</summary>
internal static class CSharpName
{
    private static readonly HashSet<string> s_keywords = new(StringComparer.Ordinal)
    {
        "abstract", "as", "base", "bool", "break", "byte", "case", "catch", "char", "checked", "class", "const", "continue", "decimal", "default",
        "delegate", "do", "double", "else", "enum", "event", "explicit", "extern", "false", "finally", "fixed", "float", "for", "foreach", "goto", "if",
        "implicit", "in", "int", "interface", "internal", "is", "lock", "long", "namespace", "new", "null", "object", "operator", "out", "override",
        "params", "private", "protected", "public", "readonly", "ref", "return", "sbyte", "sealed", "short", "sizeof", "stackalloc", "static", "string",
        "struct", "switch", "this", "throw", "true", "try", "typeof", "uint", "ulong", "unchecked", "unsafe", "ushort", "using", "virtual", "void",
        "volatile", "while",
    };

    /// <summary><c>delivery-tag</c> and <c>delivery tag</c> become <c>DeliveryTag</c>.</summary>
    public static string Pascal(string name)
    {
        var result = new StringBuilder(name.Length);
        bool start = true;
        foreach (char c in name)
        {
            if (c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9'))
            {
                result.Append(start ? char.ToUpperInvariant(c) : c);
                start = false;
            }
            else
            {
                start = true;
            }
        }

        return result.Length == 0 || result[0] is >= '0' and <= '9' ? "_" + result : result.ToString();
    }

    /// <summary><c>delivery-tag</c> becomes <c>deliveryTag</c>; may be a keyword.</summary>
    public static string Camel(string name)
    {
        string pascal = Pascal(name);
        return char.ToLowerInvariant(pascal[0]) + pascal.Substring(1);
    }

    /// <summary><c>MIN-MAX-FRAME-SIZE</c> becomes <c>MinMaxFrameSize</c>.</summary>
    public static string Constant(string name) => Pascal(name.Any(c => c is >= 'a' and <= 'z') ? name : name.ToLowerInvariant());

    /// <summary>The name as a parameter: a keyword gets its <c>@</c>.</summary>
    public static string Parameter(string camel) => s_keywords.Contains(camel) ? "@" + camel : camel;
}
