using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Interop.Tests.Matrix;

/// <summary>What the readers of the matrix say as lines, and what each of them can see of the expected ones: many know numbers, and not their types.</summary>
internal static partial class MatrixViews
{
    /// <summary>Annotations that the broker adds to whatever came by an exchange.</summary>
    private static readonly string[] OfTheBroker = ["x-exchange", "x-routing-key"];

    public static string[] OlderLines(JsonNode message) =>
    [
        .. message["properties"]!.AsObject().Select(entry => $"p {entry.Key}={entry.Value}"),
        .. message["headers"]!.AsObject().Select(entry => $"h {entry.Key}={entry.Value}"),
        $"body={BodyText((string)message["body"]!, (string?)message["properties"]!["type"] == "amqp-1.0")}",
    ];

    public static string[] NewerLines(JsonNode message)
    {
        var lines = new List<string>();
        AddIf("durable", (bool)message["durable"]!);
        AddIf("priority=3", message["priority"] is { } priority && (int)priority == 3);
        AddIf("ttl", (bool)message["hasTtl"]!);
        lines.AddRange(message["properties"]!.AsObject().Select(entry => $"p {entry.Key}={entry.Value}"));
        lines.AddRange(message["application"]!.AsObject().Select(entry => $"a {entry.Key}={entry.Value}"));
        lines.AddRange(message["annotations"]!.AsObject().Where(entry => !OfTheBroker.Contains(entry.Key)).Select(entry => $"n {entry.Key}={entry.Value}"));
        lines.Add($"body={message["body"]}");
        return [.. lines];

        void AddIf(string line, bool isThere)
        {
            if (isThere)
            {
                lines.Add(line);
            }
        }
    }

    /// <summary>What a reader sees of an expected line.</summary>
    public static string SeenBy(string reader, string line) => reader switch
    {
        "pika" when line.StartsWith("h ", StringComparison.Ordinal) => PikaNumbers().Replace(line, match => $"int:{Math.Truncate(double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)):0}"),
        "rabbitmq" when line.StartsWith("h ", StringComparison.Ordinal) => line.Replace("L:", "l:", StringComparison.Ordinal),
        "proton" when line.StartsWith("body=", StringComparison.Ordinal) && line.Contains('+', StringComparison.Ordinal) => "body=*",
        "rhea" when line.StartsWith("body=data", StringComparison.Ordinal) => line,
        "rhea" when line.Contains("array[", StringComparison.Ordinal) => SeenBy(reader, line.Replace("array[", "list[", StringComparison.Ordinal)),
        "rhea" => RheaOctets().Replace(RheaTexts().Replace(RheaNumbers().Replace(RheaLetters().Replace(line, match => $"number:{(int)match.Groups[1].Value[0]}"), "number:"), "string:"), RheaOctetsOf),
        _ => line,
    };

    /// <summary>What a reader says beside what it sees: Proton shows one of several sections.</summary>
    public static string SaidBy(string reader, string line, bool hasSeveralSections) =>
        reader == "proton" && hasSeveralSections && line.StartsWith("body=", StringComparison.Ordinal) ? "body=*" : line;

    /// <summary>Sections of 1.0 in a body of 0-9-1, or its octets.</summary>
    private static string BodyText(string hex, bool isSections)
    {
        if (!isSections || MessageSections.TryParse(Convert.FromHexString(hex), out var sections) != DecodeError.None)
        {
            return hex;
        }

        var parts = new List<string>();
        foreach (var part in sections)
        {
            parts.Add(EncodedValueView.TryParse(part, out var value, out _) == DecodeError.None ? $"{(sections.BodyKind == MessageBodyKind.AmqpValue ? "value" : "sequence")} {TextOf(value)}" : "malformed");
        }

        return string.Join(' ', parts);
    }

    private static string TextOf(EncodedValueView value)
    {
        string name = value.Type.ToString().ToLowerInvariant();
        byte[] octets = new byte[value.Octets];
        value.CopyTo(octets);
        switch (value.Type)
        {
            case AmqpType.Null:
                return "null:";
            case AmqpType.Boolean when value.TryGetBoolean(out bool flag):
                return $"boolean:{(flag ? "true" : "false")}";
            case AmqpType.String when value.TryGetString(out var text):
                return $"string:{System.Text.Encoding.UTF8.GetString(text)}";
            case AmqpType.Symbol when value.TryGetSymbol(out var symbol):
                return $"symbol:{System.Text.Encoding.ASCII.GetString(symbol)}";
            case AmqpType.Binary when value.TryGetBinary(out var binary):
                return $"binary:{Convert.ToHexStringLower(binary)}";
            case AmqpType.Float when value.TryGetFloat(out float single):
                return string.Create(CultureInfo.InvariantCulture, $"float:{single}");
            case AmqpType.Double when value.TryGetDouble(out double number):
                return string.Create(CultureInfo.InvariantCulture, $"double:{number}");
            case AmqpType.Timestamp when value.TryGetTimestamp(out long milliseconds):
                return $"timestamp:{milliseconds}";
            case AmqpType.Uuid when value.TryGetUuid(out var uuid):
                return $"uuid:{uuid}";
            case AmqpType.Char when value.TryGetChar(out var letter):
                return $"char:{letter}";
            case AmqpType.Decimal32 or AmqpType.Decimal64 or AmqpType.Decimal128:
                return $"{name}:{Convert.ToHexStringLower(octets.AsSpan(1))}";
            case AmqpType.List when value.TryGetList(out var list):
                var elements = new List<string>();
                foreach (var element in list)
                {
                    elements.Add(TextOf(element));
                }

                return $"list[{string.Join(',', elements)}]";
            case AmqpType.Array when value.TryGetArray(out var array):
                var items = new List<string>();
                foreach (var item in array)
                {
                    items.Add(TextOf(item));
                }

                return $"array[{string.Join(',', items)}]";
            case AmqpType.Map when value.TryGetMap(out var map):
                var entries = new List<string>();
                foreach (var entry in map)
                {
                    entries.Add($"{TextOf(entry.Key)[(TextOf(entry.Key).IndexOf(':', StringComparison.Ordinal) + 1)..]}={TextOf(entry.Value)}");
                }

                return $"map[{string.Join(',', entries)}]";
            default:
                return value.TryGetInt64(out long integer) ? $"{name}:{integer}" : value.TryGetUInt64(out ulong large) ? $"{name}:{large}" : $"{name}?";
        }
    }

    private static string RheaOctetsOf(Match match) => $"octets:{match.Groups[1].Value.Replace("-", "", StringComparison.Ordinal)}";

    [GeneratedRegex(@"\b[bBsuIilLfd]:(-?[0-9.]+)")]
    private static partial Regex PikaNumbers();

    [GeneratedRegex(@"\bchar:(.)")]
    private static partial Regex RheaLetters();

    [GeneratedRegex(@"\b(ubyte|ushort|uint|ulong|byte|short|int|long|float|double|timestamp):")]
    private static partial Regex RheaNumbers();

    [GeneratedRegex(@"\bsymbol:")]
    private static partial Regex RheaTexts();

    [GeneratedRegex(@"\b(?:binary|uuid|decimal32|decimal64|decimal128):([0-9a-f-]*)")]
    private static partial Regex RheaOctets();
}
