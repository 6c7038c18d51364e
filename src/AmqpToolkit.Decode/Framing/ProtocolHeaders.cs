using AmqpToolkit.Decode.Output;
using AmqpToolkit.Decode.Values;

namespace AmqpToolkit.Decode.Framing;

/// <summary>The eight octets that open a connection, or a layer of it.</summary>
internal static class ProtocolHeaders
{
    public const int Octets = 8;

    private const byte Sasl = 3;
    private const byte Tls = 2;

    /// <summary>Whether octets are the header, or the beginning of one.</summary>
    public static bool StartsLike(ReadOnlySpan<byte> input)
    {
        ReadOnlySpan<byte> name = "AMQP"u8;
        int common = Math.Min(input.Length, name.Length);
        return input[..common].SequenceEqual(name[..common]);
    }

    /// <summary>Says which edition a header asks for.</summary>
    /// <param name="header">Eight octets.</param>
    /// <param name="startsTls">What comes after is TLS.</param>
    public static Edition EditionOf(ReadOnlySpan<byte> header, out bool startsTls)
    {
        (byte id, byte major, byte minor, byte revision) = (header[4], header[5], header[6], header[7]);
        startsTls = id == Tls && major == 1;
        return (id, major, minor, revision) switch
        {
            (0 or Sasl or Tls, 1, 0, 0) => Edition.V1_0,
            (0, 0, 9, 1) => Edition.V0_9_1,
            (1, 1, 0, 10) => Edition.V0_10,
            (1, 1, 0, 9) => Edition.V0_9,
            (1, 1, 8, 0) or (1, 1, 9, 1) => Edition.V0_8, // the latter is what old clients send for it
            _ => Edition.Unknown,
        };
    }

    /// <summary>Decodes a header.</summary>
    public static DecodedFrame Decode(ReadOnlySpan<byte> header)
    {
        Edition edition = EditionOf(header, out _);
        string layer = header[4] switch
        {
            Sasl when edition == Edition.V1_0 => " SASL",
            Tls when edition == Edition.V1_0 => " TLS",
            _ => "",
        };
        string octets = $"{header[4]} {header[5]} {header[6]} {header[7]}";
        return new DecodedFrame
        {
            Kind = "protocol-header",
            Name = edition == Edition.Unknown ? "AMQP" : $"AMQP {Editions.NameOf(edition)}{layer}",
            Octets = Octets,
            Fields = [new DecodedField("header", new DecodedValue.Name(octets))],
            Problem = edition == Edition.Unknown ? new Problem($"no edition has the header AMQP {octets}", 4) : null,
        };
    }
}
