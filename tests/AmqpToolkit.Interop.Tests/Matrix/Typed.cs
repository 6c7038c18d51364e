using System.Globalization;
using System.Text.Json.Nodes;

namespace AmqpToolkit.Interop.Tests.Matrix;

/// <summary>A value of either version: its type, and what it is. As JSON it goes to the programs that send, as text ("type:value") it is what those that receive have to say.</summary>
/// <param name="Type">The letter of a field table, or the name of a type of 1.0.</param>
/// <param name="What">A bool, a number, a text (octets as hex), a list of values, or a list of names and values.</param>
internal sealed record Typed(string Type, object? What)
{
    public static implicit operator Typed((string Type, object? What) value) => new(value.Type, value.What);

    public JsonNode ToJson() => new JsonArray(Type, What switch
    {
        null => null,
        bool flag => flag,
        string text => text,
        Typed[] list => new JsonArray([.. list.Select(one => one.ToJson())]),
        (string Key, Typed Value)[] map => new JsonArray([.. map.Select(entry => (JsonNode)new JsonArray(entry.Key, entry.Value.ToJson()))]),
        int[] array => new JsonArray([.. array.Select(one => (JsonNode)one)]),
        double number => number,
        _ => Convert.ToDecimal(What, CultureInfo.InvariantCulture),
    });

    public override string ToString() => What switch
    {
        null => $"{Type}:",
        bool flag => $"{Type}:{(flag ? "true" : "false")}",
        Typed[] list => $"{Type}[{string.Join(',', (IEnumerable<Typed>)list)}]",
        (string Key, Typed Value)[] map => $"{Type}[{string.Join(',', map.Select(entry => $"{entry.Key}={entry.Value}"))}]",
        int[] array => $"{Type}[{string.Join(',', array.Select(one => $"int:{one}"))}]",
        _ => string.Create(CultureInfo.InvariantCulture, $"{Type}:{What}"),
    };
}
