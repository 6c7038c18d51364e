using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;

namespace AmqpToolkit.Decode.Tests.Oracles;

/// <summary>Our frames of 0-9-1 beside tshark's: names, channels, sizes, every field.</summary>
internal static class ClassicComparison
{
    private const string Arguments = "amqp.method.arguments.";
    private const string Properties = "amqp.method.properties.";

    /// <summary>Names that fields had in older editions, which tshark kept.</summary>
    private static readonly Dictionary<string, string> Aliases = new(StringComparer.Ordinal) { ["arguments"] = "filter", ["reserved"] = "cluster-id" };

    /// <summary>What tshark 4.0 does not know, or under another number.</summary>
    private static readonly string[] UnknownThere = ["connection.update-secret", "connection.update-secret-ok", "exchange.unbind-ok"];

    /// <summary>Compares two frames.</summary>
    /// <returns>How many fields were compared.</returns>
    public static int Compare(JsonElement ours, TsharkFrame theirs)
    {
        string name = ours.GetProperty("name").GetString()!;
        Assert.Equal(theirs.Show("amqp.channel"), ours.GetProperty("channel").GetInt32().ToString(CultureInfo.InvariantCulture));
        Assert.Equal(theirs.Show("amqp.length"), (ours.GetProperty("octets").GetInt32() - 8).ToString(CultureInfo.InvariantCulture));
        switch (ours.GetProperty("kind").GetString())
        {
            case "method":
                if (NameOf(theirs).EndsWith(".unknown", StringComparison.Ordinal))
                {
                    Assert.Contains(name, UnknownThere);
                    return 0;
                }

                Assert.Equal(NameOf(theirs), name);
                return CompareFields(ours, theirs, Arguments);
            case "header":
                Assert.Equal(theirs.Words("amqp.header.class")!.Split(' ')[0].ToLowerInvariant() + ".header", name);
                Assert.Equal(theirs.Show("amqp.header.body-size"), ours.GetProperty("fields").GetProperty("body-size").GetRawText());
                return CompareFields(ours, theirs, Properties);
            case "body":
                Assert.Equal("3", theirs.Show("amqp.type"));
                return 1;
            default:
                Assert.Equal("8", theirs.Show("amqp.type"));
                return 1;
        }
    }

    /// <summary><c>Basic (60)</c> and <c>Get-Ok (71)</c> are <c>basic.get-ok</c>.</summary>
    public static string NameOf(TsharkFrame frame) =>
        $"{frame.Words("amqp.method.class")!.Split(' ')[0]}.{frame.Words("amqp.method.method")!.Split(' ')[0]}".ToLowerInvariant();

    private static int CompareFields(JsonElement ours, TsharkFrame theirs, string prefix)
    {
        int compared = 0;
        foreach (JsonProperty field in ours.GetProperty("fields").EnumerateObject())
        {
            if (field.Name is "body-size" or "weight" || field.Name.StartsWith("reserved-", StringComparison.Ordinal))
            {
                continue;
            }

            XElement their = theirs.FindAlike(prefix, Aliases.GetValueOrDefault(field.Name, field.Name)) ?? theirs.FindAlike(prefix, field.Name) ?? throw new Xunit.Sdk.XunitException($"tshark has no {field.Name} in {ours}");
            Assert.True(IsSame(field.Value, their), $"{ours.GetProperty("name")} {field.Name}: {field.Value} here, {their} there");
            compared++;
        }

        return compared;
    }

    private static bool IsSame(JsonElement ours, XElement theirs)
    {
        string show = (string)theirs.Attribute("show")!;
        switch (ours.ValueKind)
        {
            case JsonValueKind.True or JsonValueKind.False:
                return show == (ours.GetBoolean() ? "1" : "0");
            case JsonValueKind.Number:
                return show == ours.GetRawText();
            case JsonValueKind.String when show.EndsWith(" UTC", StringComparison.Ordinal):
                return SecondsOf(ours.GetString()!) == Convert.ToUInt64((string)theirs.Attribute("value")!, 16);
            case JsonValueKind.String:
                return show == ours.GetString() || show == Colons(Encoding.UTF8.GetBytes(ours.GetString()!));
            case JsonValueKind.Object when ours.TryGetProperty("value", out JsonElement number):
                return show == number.GetRawText();
            case JsonValueKind.Object when ours.TryGetProperty("hex", out JsonElement hex):
                return show == Colons(Convert.FromHexString(hex.GetString()!));
            default:
                return IsSameTable(ours, theirs);
        }
    }

    /// <summary>Tables: the same keys in the same order, and the same values where these are text, numbers or tables.</summary>
    private static bool IsSameTable(JsonElement ours, XElement theirs)
    {
        XElement[] entries = [.. theirs.Elements("field")];
        JsonElement[] values = ours.ValueKind == JsonValueKind.Array ? [.. ours.EnumerateArray()] : [.. ours.EnumerateObject().Select(entry => entry.Value)];
        string[] keys = ours.ValueKind == JsonValueKind.Array ? [.. values.Select((_, i) => $"[{i}]")] : [.. ours.EnumerateObject().Select(entry => entry.Name)];
        if (entries.Length != keys.Length)
        {
            return false;
        }

        for (int i = 0; i < keys.Length; i++)
        {
            string show = (string)entries[i].Attribute("showname")!; // key (type): value
            string value = show.Contains("): ", StringComparison.Ordinal) ? show[(show.IndexOf("): ", StringComparison.Ordinal) + 3)..] : "";
            bool isSame = show.StartsWith(keys[i] + " (", StringComparison.Ordinal) && values[i].ValueKind switch
            {
                JsonValueKind.String => value == values[i].GetString() || !show.Contains("(string)", StringComparison.Ordinal),
                JsonValueKind.True or JsonValueKind.False => value == (values[i].GetBoolean() ? "true" : "false"),
                JsonValueKind.Number => value == values[i].GetRawText() || !show.Contains("integer", StringComparison.Ordinal),
                JsonValueKind.Object or JsonValueKind.Array when show.EndsWith("(array)", StringComparison.Ordinal) || show.EndsWith("(field table)", StringComparison.Ordinal) => IsSameTable(values[i], entries[i]),
                _ => true,
            };
            if (!isSame)
            {
                return false;
            }
        }

        return true;
    }

    private static ulong SecondsOf(string time) => ulong.TryParse(time, out ulong number)
        ? number
        : (ulong)DateTimeOffset.Parse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).ToUnixTimeSeconds();

    private static string Colons(byte[] octets) => string.Join(':', octets.Select(octet => octet.ToString("x2", CultureInfo.InvariantCulture)));
}
