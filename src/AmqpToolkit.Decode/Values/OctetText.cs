using System.Text;
using System.Text.Unicode;

namespace AmqpToolkit.Decode.Values;

/// <summary>Octets that are text by convention.</summary>
internal static class OctetText
{
    /// <summary>Text where the octets are UTF-8 without control characters, otherwise the octets.</summary>
    public static DecodedValue Value(ReadOnlySpan<byte> octets) =>
        IsReadable(octets) ? new DecodedValue.Text(Encoding.UTF8.GetString(octets)) : new DecodedValue.Octets(octets.ToArray(), octets.Length);

    /// <summary>Whether a person can read it as text.</summary>
    public static bool IsReadable(ReadOnlySpan<byte> octets) => !octets.ContainsAnyInRange((byte)0, (byte)8) && !octets.ContainsAnyInRange((byte)14, (byte)31)
        && !octets.Contains((byte)0x7F) && Utf8.IsValid(octets);
}
