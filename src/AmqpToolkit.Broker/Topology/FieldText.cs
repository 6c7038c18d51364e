using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Topology;

/// <summary>How reply texts show field values: RabbitMQ's names of the types and its way to write values.</summary>
internal static class FieldText
{
    /// <summary>Control characters that count as printable, and the letters that show them after a backslash.</summary>
    private const string Escapes = "\n\r\t\v\b\f\e";

    private const string EscapeLetters = "nrtvbfe";

    public static string TypeOf(FieldValueView value) => value.Type switch
    {
        FieldType.Void => "void",
        FieldType.Boolean => "bool",
        FieldType.Int8 => "byte",
        FieldType.UInt8 => "unsignedbyte",
        FieldType.Int16 => "short",
        FieldType.UInt16 => "unsignedshort",
        FieldType.Int32 => "signedint",
        FieldType.UInt32 => "unsignedint",
        FieldType.Int64 or FieldType.Int64Alternative => "long",
        FieldType.Single => "float",
        FieldType.Double => "double",
        FieldType.Decimal => "decimal",
        FieldType.LongString => "longstr",
        FieldType.Binary => "binary",
        FieldType.Timestamp => "timestamp",
        FieldType.Table => "table",
        FieldType.Array => "array",
        _ => "unknown",
    };

    /// <summary>The value alone, strings without quotes.</summary>
    public static string Of(FieldValueView value) =>
        value.Type is FieldType.LongString or FieldType.Binary ? Encoding.UTF8.GetString(value.Payload) : Term(value);

    /// <summary>The value as a term: strings in <c>&lt;&lt;"..."&gt;&gt;</c>.</summary>
    public static string Term(FieldValueView value)
    {
        if (value.TryGetInt64(out long integer))
        {
            return integer.ToString(CultureInfo.InvariantCulture);
        }

        if (value.TryGetDouble(out double number))
        {
            return Number(number);
        }

        return value.Type switch
        {
            FieldType.Void => "undefined",
            FieldType.Boolean => value.TryGetBoolean(out bool boolean) && boolean ? "true" : "false",
            FieldType.LongString or FieldType.Binary => Text(value.Payload),
            FieldType.Timestamp => BinaryPrimitives.ReadUInt64BigEndian(value.Payload).ToString(CultureInfo.InvariantCulture),
            FieldType.Decimal => $"{{{value.Payload[0]},{BinaryPrimitives.ReadUInt32BigEndian(value.Payload[1..])}}}",
            FieldType.Table when value.TryGetTable(out TableView table) => TableText(table),
            FieldType.Array when value.TryGetArray(out ArrayView array) => ArrayText(array),
            _ => string.Empty,
        };
    }

    /// <summary>Octets as a term, like a string's.</summary>
    public static string Term(ReadOnlySpan<byte> octets) => Text(octets);

    /// <summary>The shortest digits that give the number again, always with a point: 1.0, 1.5, 1.0e30.</summary>
    private static string Number(double number)
    {
        string text = number.ToString("R", CultureInfo.InvariantCulture);
        int exponentAt = text.IndexOf('E', StringComparison.Ordinal);
        string digits = exponentAt < 0 ? text : text[..exponentAt];
        string exponent = exponentAt < 0 ? string.Empty : $"e{int.Parse(text.AsSpan(exponentAt + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)}";
        return (digits.Contains('.', StringComparison.Ordinal) || !double.IsFinite(number) ? digits : digits + ".0") + exponent;
    }

    /// <summary>Octets as text when all of them are printable in Latin-1, and as numbers when not.</summary>
    private static string Text(ReadOnlySpan<byte> octets)
    {
        foreach (byte octet in octets)
        {
            if (octet is < 0x20 or (> 0x7E and < 0xA0) && !Escapes.Contains((char)octet))
            {
                return $"<<{string.Join(',', octets.ToArray())}>>";
            }
        }

        if (octets.IsEmpty)
        {
            return "<<>>";
        }

        var text = new StringBuilder(Encoding.UTF8.GetString(octets)).Replace("\\", "\\\\").Replace("\"", "\\\"");
        for (int index = 0; index < Escapes.Length; index++)
        {
            text.Replace(Escapes[index].ToString(), $"\\{EscapeLetters[index]}");
        }

        return $"<<\"{text}\">>";
    }

    private static string TableText(TableView table)
    {
        var entries = new List<string>();
        foreach (TableEntryView entry in table)
        {
            entries.Add($"{{{Text(entry.Key)},{TypeOf(entry.Value)},{Term(entry.Value)}}}");
        }

        return $"[{string.Join(',', entries)}]";
    }

    private static string ArrayText(ArrayView array)
    {
        var entries = new List<string>();
        foreach (FieldValueView value in array)
        {
            entries.Add($"{{{TypeOf(value)},{Term(value)}}}");
        }

        return $"[{string.Join(',', entries)}]";
    }
}
