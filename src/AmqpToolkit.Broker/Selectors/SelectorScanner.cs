using System.Text;

namespace AmqpToolkit.Broker.Selectors;

/// <summary>Cuts the text of a selector into tokens, as JMS has them (Jakarta Messaging 3.1, 3.8.1.1). Owned by one parser.</summary>
internal sealed class SelectorScanner(string text, SelectorDialect dialect)
{
    private static readonly HashSet<string> Keywords = ["AND", "OR", "NOT", "BETWEEN", "LIKE", "ESCAPE", "IN", "IS", "NULL", "TRUE", "FALSE"];

    private int _at;

    /// <summary>The next token.</summary>
    /// <exception cref="SelectorSyntaxException">There is none.</exception>
    public SelectorToken Next()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at]))
        {
            _at++;
        }

        int start = _at;
        if (start == text.Length)
        {
            return new SelectorToken(SelectorTokenKind.End, "", start + 1);
        }

        char first = text[start];
        if (first is '\'' or '"')
        {
            bool isName = first == '"' && dialect == SelectorDialect.Jms;
            return new SelectorToken(isName ? SelectorTokenKind.QuotedIdentifier : SelectorTokenKind.Text, Quoted(first), start + 1);
        }

        if (first == '[' && dialect == SelectorDialect.Sql)
        {
            return new SelectorToken(SelectorTokenKind.QuotedIdentifier, Quoted(']'), start + 1);
        }

        if (char.IsAsciiDigit(first) || (first == '.' && start + 1 < text.Length && char.IsAsciiDigit(text[start + 1])))
        {
            return new SelectorToken(SelectorTokenKind.Number, Number(), start + 1);
        }

        return IsIdentifierStart(first) ? Word() : Symbol();
    }

    private static bool IsIdentifierStart(char letter) => char.IsLetter(letter) || letter is '_' or '$';

    private static bool IsIdentifierPart(char letter) => char.IsLetterOrDigit(letter) || letter is '_' or '$' or '.';

    private SelectorToken Word()
    {
        int start = _at;
        while (_at < text.Length && IsIdentifierPart(text[_at]))
        {
            _at++;
        }

        string word = text[start.._at];
        string capitals = word.ToUpperInvariant();
        return Keywords.Contains(capitals)
            ? new SelectorToken(SelectorTokenKind.Keyword, capitals, start + 1)
            : new SelectorToken(SelectorTokenKind.Identifier, word, start + 1);
    }

    private SelectorToken Symbol()
    {
        int start = _at;
        string two = text.Substring(start, Math.Min(2, text.Length - start));
        if (two is "<>" or "<=" or ">=" or "!=")
        {
            _at += 2;
            return new SelectorToken(SelectorTokenKind.Symbol, two == "!=" ? "<>" : two, start + 1);
        }

        if (!"=<>+-*/%(),".Contains(text[start], StringComparison.Ordinal))
        {
            throw new SelectorSyntaxException(start + 1, $"'{text[start]}' has no meaning");
        }

        _at++;
        return new SelectorToken(SelectorTokenKind.Symbol, text[start].ToString(), start + 1);
    }

    /// <summary>What stands between quotes; one that is doubled stands for itself.</summary>
    private string Quoted(char quote)
    {
        int start = _at++;
        var value = new StringBuilder();
        while (_at < text.Length)
        {
            char letter = text[_at++];
            if (letter != quote)
            {
                value.Append(letter);
            }
            else if (_at < text.Length && text[_at] == quote)
            {
                value.Append(text[_at++]);
            }
            else
            {
                return value.ToString();
            }
        }

        throw new SelectorSyntaxException(start + 1, $"{quote} is not closed");
    }

    private string Number()
    {
        int start = _at;
        if (text[_at] == '0' && _at + 1 < text.Length && text[_at + 1] is 'x' or 'X')
        {
            if (dialect == SelectorDialect.Sql)
            {
                throw new SelectorSyntaxException(start + 1, "0x begins a binary, which nothing is compared with,");
            }

            _at += 2;
            Pass(char.IsAsciiHexDigit);
        }
        else
        {
            Pass(char.IsAsciiDigit);
            if (_at < text.Length && text[_at] == '.')
            {
                _at++;
                Pass(char.IsAsciiDigit);
            }

            if (_at < text.Length && text[_at] is 'e' or 'E')
            {
                _at++;
                _at += _at < text.Length && text[_at] is '+' or '-' ? 1 : 0;
                Pass(char.IsAsciiDigit);
            }
        }

        _at += _at < text.Length && text[_at] is 'l' or 'L' or 'd' or 'D' or 'f' or 'F' ? 1 : 0;
        if (_at < text.Length && IsIdentifierPart(text[_at]))
        {
            throw new SelectorSyntaxException(start + 1, $"'{text[start..(_at + 1)]}' is no number");
        }

        return text[start.._at];
    }

    private void Pass(Func<char, bool> isOne)
    {
        while (_at < text.Length && isOne(text[_at]))
        {
            _at++;
        }
    }
}
