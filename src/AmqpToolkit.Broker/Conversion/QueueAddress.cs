using System.Buffers.Text;

namespace AmqpToolkit.Broker.Conversion;

/// <summary>
/// The reply-to of 0-9-1, which names a queue, and that of 1.0, which is an address: <c>/queues/</c> and the name, percent-encoded (RFC 3986, 2.1). An address of another
/// form stands for itself.
/// </summary>
internal static class QueueAddress
{
    /// <summary>Octets of the longest address that <see cref="Write"/> makes.</summary>
    public const int MaxOctets = 8 + (3 * byte.MaxValue);

    private static ReadOnlySpan<byte> Path => "/queues/"u8;

    private static ReadOnlySpan<byte> Digits => "0123456789ABCDEF"u8;

    /// <summary>Writes the address of a queue.</summary>
    /// <returns>Octets written.</returns>
    public static int Write(Span<byte> destination, ReadOnlySpan<byte> name)
    {
        Path.CopyTo(destination);
        int at = Path.Length;
        foreach (byte octet in name)
        {
            if (char.IsAsciiLetterOrDigit((char)octet) || octet is (byte)'-' or (byte)'.' or (byte)'_' or (byte)'~')
            {
                destination[at++] = octet;
                continue;
            }

            destination[at++] = (byte)'%';
            destination[at++] = Digits[octet >> 4];
            destination[at++] = Digits[octet & 15];
        }

        return at;
    }

    /// <summary>What a reply-to of 0-9-1 says for an address.</summary>
    /// <param name="address">The address.</param>
    /// <param name="scratch">At least 255 octets, where a name is decoded.</param>
    /// <param name="text">The name, or the address itself.</param>
    /// <returns>False when it is longer than a short string can be.</returns>
    public static bool TryRead(ReadOnlySpan<byte> address, Span<byte> scratch, out ReadOnlySpan<byte> text)
    {
        text = address;
        if (address.StartsWith(Path) && address[Path.Length..] is { IsEmpty: false } name && !name.Contains((byte)'/') && TryDecode(name, scratch, out int octets))
        {
            text = scratch[..octets];
        }

        return text.Length <= byte.MaxValue;
    }

    private static bool TryDecode(ReadOnlySpan<byte> name, Span<byte> destination, out int octets)
    {
        octets = 0;
        for (int at = 0; at < name.Length; at++)
        {
            byte octet = name[at];
            if (octet == '%')
            {
                if (name.Length - at < 3 || !Utf8Parser.TryParse(name.Slice(at + 1, 2), out octet, out int read, 'X') || read != 2)
                {
                    return false;
                }

                at += 2;
            }

            if (octets == byte.MaxValue)
            {
                return false;
            }

            destination[octets++] = octet;
        }

        return true;
    }
}
