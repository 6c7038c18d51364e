using System.Text.Json;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Access;

/// <summary>What is asked of a thing in definitions: a key that is there is of its type, or the whole thing is refused. Null is as nothing, as in RabbitMQ's exports.</summary>
internal static class DefinitionElement
{
    /// <summary>The text under a key that has to be there.</summary>
    /// <exception cref="DefinitionException">There is none.</exception>
    public static string Text(JsonElement element, string name) => OptionalText(element, name) ?? throw new DefinitionException($"it has no text '{name}'");

    /// <summary>The text under a key; null without it.</summary>
    /// <exception cref="DefinitionException">It is no text.</exception>
    public static string? OptionalText(JsonElement element, string name) => Find(element, name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw Wrong(name, "text", value);

    /// <summary>The texts under a key, in a list or with commas between them; null without it.</summary>
    /// <exception cref="DefinitionException">They are none.</exception>
    public static IReadOnlyList<string>? OptionalTexts(JsonElement element, string name) => Find(element, name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? [.. value.GetString()!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)]
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(one => one.ValueKind == JsonValueKind.String ? one.GetString()! : throw Wrong(name, "list of texts", one))]
        : throw Wrong(name, "list of texts", value);

    /// <summary>The truth under a key.</summary>
    /// <param name="element">The thing.</param>
    /// <param name="name">The key.</param>
    /// <param name="unsaid">What holds without it.</param>
    /// <exception cref="DefinitionException">It is neither true nor false.</exception>
    public static bool Flag(JsonElement element, string name, bool unsaid) => Find(element, name) is not { } value ? unsaid
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw Wrong(name, "true or false", value);

    /// <summary>The number under a key; null without it.</summary>
    /// <exception cref="DefinitionException">It is none of 32 bits.</exception>
    public static int? OptionalNumber(JsonElement element, string name) => Find(element, name) is not { } value ? null : Number(name, value);

    /// <summary>The names and numbers under a key, in an object or, as RabbitMQ 3.10 has the limits of virtual hosts, in a list of pairs; null without it.</summary>
    /// <exception cref="DefinitionException">They are none.</exception>
    public static Dictionary<string, int>? OptionalNumbers(JsonElement element, string name)
    {
        if (Find(element, name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Object)
        {
            return value.EnumerateObject().ToDictionary(one => one.Name, one => Number(one.Name, one.Value));
        }

        // One without any is written as an empty list by all releases: nothing is said.
        var pairs = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().ToList() : throw Wrong(name, "object", value);
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var pair in pairs)
        {
            if (pair.ValueKind != JsonValueKind.Array || pair.GetArrayLength() != 2 || pair[0].ValueKind != JsonValueKind.String)
            {
                throw Wrong(name, "object, or list of pairs of name and number,", value);
            }

            numbers[pair[0].GetString()!] = Number(pair[0].GetString()!, pair[1]);
        }

        return numbers.Count > 0 ? numbers : null;
    }

    /// <summary>The object under a key; nothing without it. Exporters that have one kind of list for both write an empty array.</summary>
    /// <exception cref="DefinitionException">It is none.</exception>
    public static JsonElement OptionalObject(JsonElement element, string name) => Find(element, name) is not { } value || value is { ValueKind: JsonValueKind.Array } && value.GetArrayLength() == 0 ? default
        : value.ValueKind == JsonValueKind.Object ? value
        : throw Wrong(name, "object", value);

    /// <summary>The keys of an object, or of nothing.</summary>
    public static IEnumerable<JsonProperty> KeysOf(JsonElement element) => element.ValueKind == JsonValueKind.Object ? element.EnumerateObject() : [];

    /// <summary>An object, or nothing, as the field table that a client would have sent.</summary>
    /// <exception cref="DefinitionException">A number in it is too large.</exception>
    public static Table ReadTable(JsonElement json) => json.ValueKind == JsonValueKind.Object ? Table.Create(json.EnumerateObject().Select(one => KeyValuePair.Create(one.Name, Value(one.Value)))) : Table.Empty;

    /// <summary>A value as one of a field table.</summary>
    /// <exception cref="DefinitionException">It is a number that is too large.</exception>
    public static object? Value(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => json.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => Number(json),
        JsonValueKind.Object => ReadTable(json),
        JsonValueKind.Array => json.EnumerateArray().Select(Value).ToList(),
        _ => null,
    };

    /// <summary>An integer is never taken for a fraction that is near it.</summary>
    private static object Number(JsonElement json)
    {
        if (json.TryGetInt64(out long number))
        {
            return number;
        }

        double fraction = json.GetDouble();
        return double.IsFinite(fraction) && json.GetRawText().AsSpan().ContainsAny('.', 'e', 'E') ? fraction : throw new DefinitionException($"the number {Short(json)} is too large");
    }

    private static int Number(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) ? number : throw Wrong(name, "integer of 32 bits", value);

    private static JsonElement? Find(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static DefinitionException Wrong(string name, string expected, JsonElement value) => new($"'{name}' should be {expected} and is {Short(value)}");

    /// <summary>Texts are not told: one may be a password in the wrong place.</summary>
    private static string Short(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a text",
        JsonValueKind.True or JsonValueKind.False => value.GetBoolean() ? "true" : "false",
        _ => value.GetRawText() is { Length: > 40 } text ? $"{text[..40]}..." : value.GetRawText(),
    };
}
