using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Broker.Access;

/// <summary>
/// A pattern of a permission or a policy: a regular expression that is searched in a name, so that it is anchored only where it says so.
/// Matching takes time in proportion to the name, whatever the pattern. Any thread may match; nothing but what was logged changes.
/// </summary>
/// <remarks>
/// Three ways, the cheapest that does: most patterns are <c>.*</c>, <c>^name$</c> or <c>^prefix</c> and need no engine; the rest is compiled for
/// .NET's engine that does not backtrack; what that engine has not, as <c>^(?!amq\.)</c>, is left to the other engine with a limit of time.
/// </remarks>
internal sealed class NamePattern
{
    /// <summary>The longest pattern, in characters: what is longer is refused, because compiling takes memory in proportion.</summary>
    public const int MaxCharacters = 2048;

    /// <summary>How long a match may take where the engine backtracks; a name that takes longer does not match.</summary>
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromMilliseconds(100);

    private static readonly (string Posix, string Set)[] PosixSets =
    [
        ("[:alnum:]", "a-zA-Z0-9"), ("[:alpha:]", "a-zA-Z"), ("[:digit:]", "0-9"), ("[:lower:]", "a-z"), ("[:upper:]", "A-Z"),
        ("[:space:]", @"\s"), ("[:word:]", @"\w"), ("[:xdigit:]", "0-9a-fA-F"), ("[:punct:]", @"!-/:-@\[-`{-~"),
    ];

    private readonly Kind _kind;
    private readonly byte[] _literal = [];
    private readonly Regex? _regex;

    /// <summary>1 once a log was told that a name took too long.</summary>
    private int _isTold;

    private NamePattern(string text, Kind kind, byte[] literal)
    {
        Text = text;
        _kind = kind;
        _literal = literal;
    }

    private NamePattern(string text, Regex regex)
    {
        Text = text;
        _kind = Kind.Expression;
        _regex = regex;
    }

    private enum Kind : byte
    {
        Everything,
        Whole,
        Prefix,
        Expression,
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Whether it matches every name.</summary>
    public bool IsEverything => _kind == Kind.Everything;

    /// <summary>Reads a pattern.</summary>
    /// <exception cref="ArgumentException">It is no regular expression, is too long, or would be too large when compiled; the message says what is wrong.</exception>
    public static NamePattern Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > MaxCharacters)
        {
            throw new ArgumentException($"a pattern of {text.Length} characters is longer than {MaxCharacters}");
        }

        if (text is ".*" or "^.*" or "^.*$" or ".*$" or "^")
        {
            return new NamePattern(text, Kind.Everything, []);
        }

        if (text.StartsWith('^'))
        {
            bool isWhole = text.EndsWith('$');
            string middle = isWhole ? text[1..^1] : text.EndsWith(".*", StringComparison.Ordinal) ? text[1..^2] : text[1..];
            if (TryReadLiteral(middle, out byte[] literal))
            {
                return new NamePattern(text, isWhole ? Kind.Whole : Kind.Prefix, literal);
            }
        }

        return new NamePattern(text, Compile(text));
    }

    /// <summary>The same, where the empty pattern stands for nothing at all: a permission.</summary>
    public static NamePattern ParsePermission(string text) => text.Length == 0 ? new NamePattern(text, Kind.Whole, []) : Parse(text);

    /// <summary>Whether the pattern is found in the name.</summary>
    /// <param name="utf8Name">The name.</param>
    /// <param name="logger">Hears of the first name that takes too long; null for nobody.</param>
    public bool IsMatch(ReadOnlySpan<byte> utf8Name, ILogger? logger = null) => _kind switch
    {
        Kind.Everything => true,
        Kind.Whole => utf8Name.SequenceEqual(_literal),
        Kind.Prefix => utf8Name.StartsWith(_literal),
        _ => IsMatchOfExpression(utf8Name, logger),
    };

    private bool IsMatchOfExpression(ReadOnlySpan<byte> utf8Name, ILogger? logger)
    {
        Span<char> name = stackalloc char[256];
        if (utf8Name.Length > name.Length)
        {
            name = new char[utf8Name.Length];
        }

        int length = Encoding.UTF8.GetChars(utf8Name, name);
        try
        {
            return _regex!.IsMatch(name[..length]);
        }
        catch (RegexMatchTimeoutException)
        {
            if (logger is not null && Interlocked.Exchange(ref _isTold, 1) == 0)
            {
                Diagnostics.Log.PatternTimedOut(logger, Text, name[..length].ToString());
            }

            return false;
        }
    }

    private static Regex Compile(string text)
    {
        const RegexOptions Options = RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;
        string dialect = text;
        foreach (var (posix, set) in PosixSets)
        {
            dialect = dialect.Replace(posix, set, StringComparison.Ordinal);
        }

        try
        {
            return new Regex(dialect, Options | RegexOptions.NonBacktracking);
        }
        catch (NotSupportedException) when (dialect.Contains("(?", StringComparison.Ordinal))
        {
            return new Regex(dialect, Options, MatchTimeout);
        }
        catch (NotSupportedException exception)
        {
            throw new ArgumentException(exception.Message, exception);
        }
    }

    /// <summary>A text without any character that means something else; a dot may be escaped.</summary>
    private static bool TryReadLiteral(string text, out byte[] literal)
    {
        var plain = new StringBuilder(text.Length);
        for (int index = 0; index < text.Length; index++)
        {
            char character = text[index];
            if (character == '\\' && index + 1 < text.Length && text[index + 1] is '.' or '-' or '/' or '_')
            {
                character = text[++index];
            }
            else if (!char.IsAsciiLetterOrDigit(character) && character is not ('-' or '_' or '/' or ':' or '@' or ',' or '~' or '%'))
            {
                literal = [];
                return false;
            }

            plain.Append(character);
        }

        literal = Encoding.UTF8.GetBytes(plain.ToString());
        return true;
    }
}
