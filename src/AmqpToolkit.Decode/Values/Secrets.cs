using System.Text;

namespace AmqpToolkit.Decode.Values;

/// <summary>
/// Hides what holds a password, or what one can be guessed with: both sides of a SASL exchange (a challenge of SCRAM and the proof that follows it are enough for that), new secrets.
/// </summary>
internal static class Secrets
{
    private static readonly HashSet<string> _secrets = new(StringComparer.Ordinal)
    {
        "connection.start-ok response", "connection.secure-ok response", "connection.update-secret new-secret",
        "sasl-init initial-response", "sasl-response response",
        "connection.secure challenge", "sasl-challenge challenge", "sasl-outcome additional-data",
    };

    /// <summary>The fields, with what is secret replaced.</summary>
    public static IReadOnlyList<DecodedField> Hide(string shape, IReadOnlyList<DecodedField> fields)
    {
        if (!fields.Any(field => IsSecret(shape, field.Name)))
        {
            return fields;
        }

        bool isPlain = fields.Any(field => field.Name == "mechanism" && field.Value is DecodedValue.Text { Value: "PLAIN" } or DecodedValue.Name { Value: "PLAIN" });
        return [.. fields.Select(field => IsSecret(shape, field.Name) && field.Value is not DecodedValue.Null ? new DecodedField(field.Name, Hidden(field.Value, isPlain)) : field)];
    }

    private static bool IsSecret(string shape, string field) => _secrets.Contains($"{shape} {field}");

    /// <summary>PLAIN (RFC 4616) is three texts with zeros between; the middle one is who it is, and no secret.</summary>
    private static DecodedValue.Secret Hidden(DecodedValue value, bool isPlain)
    {
        if (!isPlain || value is not DecodedValue.Octets { First: var octets })
        {
            return new DecodedValue.Secret();
        }

        string[] parts = Encoding.UTF8.GetString(octets).Split('\0');
        return new DecodedValue.Secret(parts.Length == 3 ? parts[1] : null);
    }
}
