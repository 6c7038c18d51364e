using System.Globalization;
using System.Text;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.V1_0;

/// <summary>
/// What a filter picks, as text that is the same for filters that say the same: of selectors their own text, of the maps of the draft's property filters the entries in the order of their names, whatever the type of
/// text is, and however wide numbers and octets are encoded.
/// </summary>
internal static class FilterMeaning
{
    /// <summary>The meaning of a filter that was found to be one.</summary>
    /// <param name="code">The code of its descriptor.</param>
    /// <param name="value">Its value.</param>
    public static string Of(ulong code, EncodedValueView value)
    {
        if (!value.TryGetMap(out var map))
        {
            return $"{code:X} {(value.TryGetString(out var text) ? Encoding.UTF8.GetString(text) : string.Empty)}";
        }

        var entries = new List<string>();
        foreach (var entry in map)
        {
            entries.Add($"{TextOf(entry.Key)}={TextOf(entry.Value)}");
        }

        entries.Sort(StringComparer.Ordinal);
        return $"{code:X} {string.Join(' ', entries)}";
    }

    /// <summary>Texts have their length before them: no other value reads like one, whatever they say.</summary>
    private static string TextOf(EncodedValueView value)
    {
        if (value.TryGetString(out var octets) || value.TryGetSymbol(out octets))
        {
            string text = Encoding.UTF8.GetString(octets);
            return $"{text.Length}:{text}";
        }

        return value.TryGetInt64(out long integer) ? integer.ToString(CultureInfo.InvariantCulture)
            : value.TryGetUInt64(out ulong unsigned) ? $"u{unsigned.ToString(CultureInfo.InvariantCulture)}"
            : value.TryGetFloat(out float few) ? ((double)few).ToString("R", CultureInfo.InvariantCulture)
            : value.TryGetDouble(out double number) ? number.ToString("R", CultureInfo.InvariantCulture)
            : value.TryGetBoolean(out bool truth) ? $"{truth}"
            : value.TryGetTimestamp(out long time) ? time.ToString(CultureInfo.InvariantCulture)
            : value.TryGetBinary(out var binary) ? $"b{Convert.ToHexString(binary)}"
            : OctetsOf(value);
    }

    private static string OctetsOf(EncodedValueView value)
    {
        byte[] octets = new byte[value.Octets];
        value.CopyTo(octets);
        return $"x{Convert.ToHexString(octets)}";
    }
}
