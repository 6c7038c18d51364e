using System.Globalization;
using System.Text.Json;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Access;

/// <summary>Values of field tables as RabbitMQ's JSON has them.</summary>
internal static class DefinitionsJson
{
    /// <summary>Whether a value of a field table has a form in JSON that is read as the same value.</summary>
    public static bool CanWrite(object? value) => value switch
    {
        // Octets that are no UTF-8 have become this character.
        string text => !text.Contains('\uFFFD', StringComparison.Ordinal),
        bool or sbyte or byte or short or ushort or int or uint or long => true,
        float number => float.IsFinite(number),
        double number => double.IsFinite(number),
        IReadOnlyDictionary<string, object?> table => table.All(one => CanWrite(one.Key) && CanWrite(one.Value)),
        IEnumerable<object?> list => list.All(CanWrite),
        Table table => CanWrite(table.ToDictionary()),
        _ => false,
    };

    /// <summary>Writes a value that can be written.</summary>
    public static void Write(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case string text:
                json.WriteStringValue(text);
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case float number:
                WriteFraction(json, number);
                break;
            case double number:
                WriteFraction(json, number);
                break;
            case Table table:
                Write(json, table.ToDictionary());
                break;
            case IReadOnlyDictionary<string, object?> table:
                json.WriteStartObject();
                foreach (var (key, one) in table)
                {
                    json.WritePropertyName(key);
                    Write(json, one);
                }

                json.WriteEndObject();
                break;
            case IEnumerable<object?> list:
                json.WriteStartArray();
                foreach (object? one in list)
                {
                    Write(json, one);
                }

                json.WriteEndArray();
                break;
            default:
                json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
        }
    }

    /// <summary>With a point in it: else it would be read as an integer, which is another value.</summary>
    private static void WriteFraction(Utf8JsonWriter json, double number)
    {
        string text = number.ToString("R", CultureInfo.InvariantCulture);
        int exponentAt = text.IndexOf('E', StringComparison.Ordinal);
        json.WriteRawValue(text.Contains('.', StringComparison.Ordinal) ? text : exponentAt < 0 ? $"{text}.0" : text.Insert(exponentAt, ".0"));
    }
}
