using System.Globalization;
using System.Text;
using AmqpToolkit.Decode.Values;

namespace AmqpToolkit.Decode.Output;

/// <summary>Values for people, on one line. What a terminal would obey is escaped.</summary>
internal static class TextValues
{
    /// <summary>Longer text is cut.</summary>
    public const int MaxTextLength = 256;

    private const int MaxShownOctets = 32;

    public static void Append(StringBuilder line, DecodedValue value)
    {
        switch (value)
        {
            case DecodedValue.Null:
                line.Append("null");
                break;
            case DecodedValue.Boolean boolean:
                line.Append(boolean.Value ? "true" : "false");
                break;
            case DecodedValue.Integer integer:
                line.Append(CultureInfo.InvariantCulture, $"{integer.Value}");
                break;
            case DecodedValue.Float number:
                line.Append(number.IsSingle ? ((float)number.Value).ToString(CultureInfo.InvariantCulture) : number.Value.ToString(CultureInfo.InvariantCulture));
                break;
            case DecodedValue.Number number:
                line.Append(number.Digits);
                break;
            case DecodedValue.Instant instant:
                line.Append(instant.Format());
                break;
            case DecodedValue.Text text:
                AppendQuoted(line, text.Value);
                break;
            case DecodedValue.Name name:
                AppendEscaped(line, name.Value);
                break;
            case DecodedValue.Octets octets:
                AppendOctets(line, octets);
                break;
            case DecodedValue.Choice choice:
                line.Append(choice.Value);
                if (choice.Of is DecodedValue.Integer)
                {
                    line.Append('(');
                    Append(line, choice.Of);
                    line.Append(')');
                }

                break;
            case DecodedValue.Secret secret:
                AppendSecret(line, secret);
                break;
            case DecodedValue.Elided:
                line.Append('…');
                break;
            default:
                AppendCompound(line, value);
                break;
        }
    }

    /// <summary>Fields, each after a space.</summary>
    public static void AppendFields(StringBuilder line, IReadOnlyList<DecodedField> fields)
    {
        foreach (DecodedField field in fields)
        {
            line.Append(' ');
            if (field.Value is not DecodedValue.Octets || field.Name != "octets")
            {
                AppendEscaped(line, field.Name);
                line.Append('=');
            }

            Append(line, field.Value);
        }
    }

    private static void AppendCompound(StringBuilder line, DecodedValue value)
    {
        switch (value)
        {
            case DecodedValue.List list:
                line.Append('[');
                for (int i = 0; i < list.Items.Count; i++)
                {
                    line.Append(i == 0 ? "" : ", ");
                    Append(line, list.Items[i]);
                }

                line.Append(']');
                break;
            case DecodedValue.Map map:
                line.Append('{');
                for (int i = 0; i < map.Entries.Count; i++)
                {
                    line.Append(i == 0 ? "" : ", ");
                    AppendKey(line, map.Entries[i].Key);
                    line.Append('=');
                    Append(line, map.Entries[i].Value);
                }

                line.Append('}');
                break;
            case DecodedValue.Struct structure:
                line.Append(structure.Type).Append('(');
                int start = line.Length;
                AppendFields(line, structure.Fields);
                if (line.Length > start)
                {
                    line.Remove(start, 1);
                }

                line.Append(')');
                break;
            case DecodedValue.Described described:
                line.Append('@');
                Append(line, described.Descriptor);
                line.Append(' ');
                Append(line, described.Value);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(value), value, null);
        }
    }

    /// <summary>Keys are names nearly always, and read better without quotes.</summary>
    private static void AppendKey(StringBuilder line, DecodedValue key)
    {
        if (key is DecodedValue.Text { Value.Length: > 0 } text && text.Value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or ':'))
        {
            line.Append(text.Value);
        }
        else
        {
            Append(line, key);
        }
    }

    private static void AppendSecret(StringBuilder line, DecodedValue.Secret secret)
    {
        line.Append("***");
        if (secret.User is { } user)
        {
            line.Append(" (user ");
            AppendQuoted(line, user);
            line.Append(')');
        }
    }

    private static void AppendOctets(StringBuilder line, DecodedValue.Octets octets)
    {
        line.Append(Words.Octets(octets.Count));
        if (octets.First.Length == 0)
        {
            return;
        }

        line.Append(' ');
        bool isAll = octets.First.Length == octets.Count;
        ReadOnlySpan<byte> readable = WholeCharacters(octets.First, isAll);
        if (!readable.IsEmpty && OctetText.IsReadable(readable))
        {
            AppendQuoted(line, Encoding.UTF8.GetString(readable));
            line.Append(isAll ? "" : "…");
            return;
        }

        int shown = Math.Min(octets.First.Length, MaxShownOctets);
        for (int i = 0; i < shown; i++)
        {
            line.Append(i == 0 ? "" : " ").Append(CultureInfo.InvariantCulture, $"{octets.First[i]:x2}");
        }

        line.Append(shown == octets.Count ? "" : " …");
    }

    /// <summary>Without the beginning of a character whose end was cut off.</summary>
    private static ReadOnlySpan<byte> WholeCharacters(ReadOnlySpan<byte> octets, bool isAll)
    {
        int end = octets.Length;
        for (int back = 1; !isAll && back <= 3 && back <= octets.Length; back++)
        {
            if (octets[^back] >= 0xC0)
            {
                end = octets.Length - back;
                break;
            }
        }

        ReadOnlySpan<byte> shorter = octets[..end];
        return OctetText.IsReadable(octets) ? octets : shorter;
    }

    private static void AppendQuoted(StringBuilder line, string text)
    {
        line.Append('"');
        AppendEscaped(line, text.Length > MaxTextLength ? text[..MaxTextLength] : text, isQuoted: true);
        line.Append('"');
        if (text.Length > MaxTextLength)
        {
            line.Append(CultureInfo.InvariantCulture, $"…({text.Length} characters)");
        }
    }

    private static void AppendEscaped(StringBuilder line, string text, bool isQuoted = false)
    {
        foreach (char c in text)
        {
            switch (c)
            {
                case '"' or '\\' when isQuoted:
                    line.Append('\\').Append(c);
                    break;
                case '\n':
                    line.Append("\\n");
                    break;
                case '\r':
                    line.Append("\\r");
                    break;
                case '\t':
                    line.Append("\\t");
                    break;
                default:
                    if (IsObeyed(c))
                    {
                        line.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
                    }
                    else
                    {
                        line.Append(c);
                    }

                    break;
            }
        }
    }

    /// <summary>Control characters of either kind, line separators, and what turns the direction of writing.</summary>
    private static bool IsObeyed(char c) =>
        char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
