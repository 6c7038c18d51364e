using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;

namespace AmqpToolkit.Decode.Tests.Oracles;

/// <summary>Our frames of 1.0 beside tshark's: names, channels, sizes, every field.</summary>
internal static class TypeComparison
{
    /// <summary>Fields to which tshark gives a name of its own.</summary>
    private static readonly Dictionary<string, string> Aliases = new(StringComparer.Ordinal)
    {
        ["sasl-server-mechanisms"] = "mechanisms", ["initial-response"] = "initResponse", ["additional-data"] = "addData", ["code"] = "saslCode", ["durable"] = "terminusDurable",
        ["initial-delivery-count"] = "initDeliveryCount", ["amqp-value"] = "value", ["amqp-sequence"] = "sequence", ["absolute-expiry-time"] = "expiryTime",
    };

    /// <summary>Compares two frames.</summary>
    /// <returns>How many fields were compared.</returns>
    public static int Compare(JsonElement ours, TsharkFrame theirs)
    {
        string name = ours.GetProperty("name").GetString()!;
        Assert.Equal(theirs.Show("amqp.length"), ours.GetProperty("octets").GetInt32().ToString(CultureInfo.InvariantCulture));
        if (ours.GetProperty("kind").GetString() == "sasl")
        {
            Assert.Equal(theirs.Words("amqp.sasl.method")!.Split(' ')[0].Replace('.', '-'), name);
        }
        else
        {
            Assert.Equal(theirs.Show("amqp.channel"), ours.GetProperty("channel").GetInt32().ToString(CultureInfo.InvariantCulture));
            Assert.Equal(theirs.Words("amqp.performative")!.Split(' ')[0], name);
        }

        return CompareFields(ours.GetProperty("fields"), [.. theirs.Arguments], name);
    }

    private static int CompareFields(JsonElement ours, XElement[] theirs, string where)
    {
        int compared = 0;
        foreach (JsonProperty field in ours.EnumerateObject())
        {
            if (field.Name == "payload")
            {
                continue; // the middle of a message: tshark tries to read it as sections
            }

            XElement their = theirs.FirstOrDefault(element => IsNameOf(element, field.Name) || IsStateOf(element, field))
                ?? throw new Xunit.Sdk.XunitException($"tshark has no {field.Name} in {where}: {ours}\n{string.Join('\n', theirs.Select(element => (string?)element.Attribute("name")))}");
            compared += CompareValue(field.Value, their, $"{where} {field.Name}");
        }

        return compared;
    }

    private static int CompareValue(JsonElement ours, XElement their, string where)
    {
        if (ours.ValueKind == JsonValueKind.Object && ours.TryGetProperty("type", out _) && ours.TryGetProperty("fields", out JsonElement inner))
        {
            return 1 + CompareFields(inner, [.. their.Elements("field")], where);
        }

        string show = (string?)their.Attribute("show") ?? "";
        string showname = (string)their.Attribute("showname")!;
        if (show.Length == 0 && showname.Contains(" of ", StringComparison.Ordinal)) // (map of 2 elements)
        {
            int count = ours.ValueKind == JsonValueKind.Array ? ours.GetArrayLength() : ours.EnumerateObject().Count();
            Assert.True(showname.Contains($" of {count} element", StringComparison.Ordinal) && their.Elements("field").Count() == count, $"{where}: {ours} here, {their} there");
            return 1 + (ours.ValueKind == JsonValueKind.Object ? CompareKeys(ours, their, where) : 0);
        }

        if (ours.ValueKind == JsonValueKind.Object && ours.EnumerateObject().All(field => their.Elements("field").Any(element => IsNameOf(element, field.Name))))
        {
            return 1 + CompareFields(ours, [.. their.Elements("field")], where); // a section
        }

        Assert.True(Spellings(ours).Any(spelling => spelling == show || showname.EndsWith(": " + spelling, StringComparison.Ordinal)) || IsSameTime(ours, their) || IsSameNumber(ours, their), $"{where}: {ours} here, {their} there");
        return 1;
    }

    private static int CompareKeys(JsonElement ours, XElement theirs, string where)
    {
        string[] names = [.. theirs.Elements("field").Select(element => ((string)element.Attribute("showname")!).Split([" (", " :", ":"], StringSplitOptions.None)[0])];
        Assert.True(names.SequenceEqual(ours.EnumerateObject().Select(entry => entry.Name.Split(':')[0])), $"{where}: {ours} here, {theirs} there");
        return names.Length;
    }

    /// <summary>How tshark might write a value.</summary>
    private static IEnumerable<string> Spellings(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.True or JsonValueKind.False:
                yield return value.GetBoolean() ? "1" : "0";
                yield return value.GetBoolean() ? "true" : "false";
                break;
            case JsonValueKind.Number:
                yield return value.GetRawText();
                break;
            case JsonValueKind.String:
                yield return value.GetString()!;
                break;
            case JsonValueKind.Object when value.TryGetProperty("value", out JsonElement number):
                foreach (string spelling in Spellings(number))
                {
                    yield return spelling;
                }

                break;
            case JsonValueKind.Object when value.TryGetProperty("text", out JsonElement text):
                yield return Colons(Encoding.UTF8.GetBytes(text.GetString()!));
                break;
            case JsonValueKind.Object when value.TryGetProperty("hex", out JsonElement hex):
                yield return Colons(Convert.FromHexString(hex.GetString()!));
                break;
            case JsonValueKind.Object:
                yield return ""; // nothing within
                break;
        }
    }

    /// <summary>Of some numbers of eight octets tshark 4.0 shows the upper half; the octets beside it are right.</summary>
    private static bool IsSameNumber(JsonElement ours, XElement their) =>
        ours.ValueKind == JsonValueKind.Number
        && (string?)their.Attribute("value") is { Length: 16 } octets
        && ours.TryGetUInt64(out ulong number) && number == Convert.ToUInt64(octets, 16);

    private static bool IsSameTime(JsonElement ours, XElement their) =>
        ours.ValueKind == JsonValueKind.String
        && DateTimeOffset.TryParse(ours.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
        && ((string)their.Attribute("show")!).StartsWith(time.ToString("MMM d, yyyy HH:mm:ss.fff", CultureInfo.InvariantCulture).Replace("  ", " ", StringComparison.Ordinal), StringComparison.Ordinal);

    private static bool IsNameOf(XElement element, string field)
    {
        string[] parts = ((string)element.Attribute("name")!).Replace("_sym", "", StringComparison.Ordinal).Split('.');
        string[] names = [Plain(field), .. Aliases.TryGetValue(field, out string? alias) ? new[] { Plain(alias) } : []];
        return names.Contains(Plain(parts[^1])) || (parts.Length > 2 && names.Contains(Plain(parts[^2])));
    }

    /// <summary>tshark calls the state of a delivery by its type.</summary>
    private static bool IsStateOf(XElement element, JsonProperty field) =>
        field.Name is "state" or "default-outcome" && field.Value.TryGetProperty("type", out JsonElement type) && (string?)element.Attribute("name") == $"amqp.delivery-state.{type.GetString()}";

    private static string Plain(string name) => name.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();

    private static string Colons(byte[] octets) => string.Join(':', octets.Select(octet => octet.ToString("x2", CultureInfo.InvariantCulture)));
}
