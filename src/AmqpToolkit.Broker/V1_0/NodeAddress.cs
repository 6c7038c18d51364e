using System.Text;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Broker.V1_0;

/// <summary>
/// What an address means. RabbitMQ's paths come first, their parts percent-encoded; then, as with Broker-J, the name of a queue, the name of an exchange, and an
/// exchange and a key with a slash between them. A URI means what its path does: there are libraries that send nothing else.
/// <code>
///   /queues/:queue    /exchanges/:exchange    /exchanges/:exchange/:key    queue    exchange    exchange/key    amqps://host:port/...
/// </code>
/// Where the options say so, RabbitMQ's older addresses stand between the two:
/// <code>
///   /queue/:queue    /queue    /amq/queue/:queue    /topic/:key    /exchange/:exchange    /exchange/:exchange/:key
/// </code>
/// </summary>
/// <param name="Queue">The queue; null for an exchange.</param>
/// <param name="Exchange">The exchange; empty for a queue.</param>
/// <param name="Key">The routing key; null where each message's subject is.</param>
internal sealed record NodeAddress(byte[]? Queue, byte[] Exchange, byte[]? Key)
{
    /// <summary>Whether the link that names it has it made where it is not there.</summary>
    public bool IsMade { get; init; }

    /// <summary>Whether that may be an exchange, as the link says.</summary>
    public bool MayBeTopic { get; init; }

    private const int MaxNameOctets = byte.MaxValue;

    private static ReadOnlySpan<byte> QueuesPath => "/queues/"u8;

    private static ReadOnlySpan<byte> ExchangesPath => "/exchanges/"u8;

    private static ReadOnlySpan<byte> OlderQueuePath => "/queue"u8;

    private static ReadOnlySpan<byte> OlderTopicPath => "/topic/"u8;

    private static ReadOnlySpan<byte> OlderDeclaredPath => "/amq/queue/"u8;

    private static ReadOnlySpan<byte> OlderExchangePath => "/exchange/"u8;

    /// <summary>Reads an address.</summary>
    /// <param name="text">Its octets.</param>
    /// <param name="virtualHost">Where names are looked up.</param>
    /// <param name="options">Whether older addresses are understood, and missing nodes made.</param>
    /// <param name="address">What it means.</param>
    /// <returns>Why it means nothing; null when it does.</returns>
    public static AmqpFault? Read(ReadOnlySpan<byte> text, VirtualHost virtualHost, AmqpBrokerOptions options, out NodeAddress? address)
    {
        address = null;
        if (TryReadUri(text, virtualHost, out var path))
        {
            return ReadUri(text, path, virtualHost, options, out address);
        }

        if (text.StartsWith(QueuesPath))
        {
            var rest = text[QueuesPath.Length..];
            address = rest.IsEmpty || rest.Contains((byte)'/') || Decode(rest) is not { } queue ? null : OfQueue(queue);
        }
        else if (text.StartsWith(ExchangesPath))
        {
            address = ReadExchange(text[ExchangesPath.Length..], keyOfNone: []);
        }
        else if (!options.LegacyAddresses || !TryReadOlder(text, out address))
        {
            return ReadName(text, virtualHost, options, out address);
        }

        return address is null ? Invalid(text) : null;
    }

    /// <summary>Whether it is a URI of AMQP, and not the name of a queue that somebody has called so.</summary>
    private static bool TryReadUri(ReadOnlySpan<byte> text, VirtualHost virtualHost, out ReadOnlySpan<byte> path)
    {
        path = default;
        var authority = text.StartsWith("amqp://"u8) ? text["amqp://"u8.Length..] : text.StartsWith("amqps://"u8) ? text["amqps://"u8.Length..] : default;
        if (authority.IsEmpty || virtualHost.FindQueue(text) is not null)
        {
            return false;
        }

        int slash = authority.IndexOf((byte)'/');
        path = slash < 0 ? default : authority[slash..];
        return true;
    }

    private static AmqpFault? ReadUri(ReadOnlySpan<byte> text, ReadOnlySpan<byte> path, VirtualHost virtualHost, AmqpBrokerOptions options, out NodeAddress? address)
    {
        address = null;
        if (path.Length < 2)
        {
            return Invalid(text);
        }

        bool isOlder = options.LegacyAddresses && TryReadOlder(path, out _);
        if (path.StartsWith(QueuesPath) || path.StartsWith(ExchangesPath) || isOlder)
        {
            return Read(path, virtualHost, options, out address);
        }

        return Decode(path[1..]) is { } name ? ReadName(name, virtualHost, options, out address) : Invalid(text);
    }

    private static NodeAddress? ReadExchange(ReadOnlySpan<byte> rest, byte[]? keyOfNone)
    {
        int slash = rest.IndexOf((byte)'/');
        var exchange = Decode(slash < 0 ? rest : rest[..slash]);
        if (exchange is not { Length: > 0 } || (slash >= 0 && rest[(slash + 1)..].Contains((byte)'/')))
        {
            return null;
        }

        var key = slash < 0 ? keyOfNone : Decode(rest[(slash + 1)..]);
        return slash >= 0 && key is null ? null : new NodeAddress(null, exchange, key);
    }

    /// <returns>Whether it begins like an older address; then it is one, or broken.</returns>
    private static bool TryReadOlder(ReadOnlySpan<byte> text, out NodeAddress? address)
    {
        address = null;
        if (text.SequenceEqual(OlderQueuePath))
        {
            address = new NodeAddress(null, [], null);
        }
        else if (text.StartsWith(OlderQueuePath) && text[OlderQueuePath.Length] == '/')
        {
            address = Decode(text[(OlderQueuePath.Length + 1)..]) is { Length: > 0 } queue ? OfQueue(queue) with { IsMade = true } : null;
        }
        else if (text.StartsWith(OlderDeclaredPath))
        {
            address = Decode(text[OlderDeclaredPath.Length..]) is { Length: > 0 } queue ? OfQueue(queue) : null;
        }
        else if (text.StartsWith(OlderTopicPath))
        {
            address = Decode(text[OlderTopicPath.Length..]) is { } key ? new NodeAddress(null, [.. "amq.topic"u8], key) : null;
        }
        else if (text.StartsWith(OlderExchangePath))
        {
            address = ReadExchange(text[OlderExchangePath.Length..], keyOfNone: null);
        }
        else
        {
            return false;
        }

        return true;
    }

    private static AmqpFault? ReadName(ReadOnlySpan<byte> text, VirtualHost virtualHost, AmqpBrokerOptions options, out NodeAddress? address)
    {
        address = null;
        if (text.IsEmpty || text.Length > (2 * MaxNameOctets) + 1)
        {
            return Invalid(text);
        }

        if (virtualHost.FindQueue(text) is not null)
        {
            address = OfQueue(text.ToArray());
            return null;
        }

        if (virtualHost.FindExchange(text) is not null)
        {
            address = new NodeAddress(null, text.ToArray(), null);
            return null;
        }

        int slash = text.IndexOf((byte)'/');
        if (slash > 0 && text.Length - slash - 1 <= MaxNameOctets && virtualHost.FindExchange(text[..slash]) is not null)
        {
            address = new NodeAddress(null, text[..slash].ToArray(), text[(slash + 1)..].ToArray());
            return null;
        }

        if (options.AutoCreateNodes && text[0] != '/' && text.Length <= MaxNameOctets)
        {
            address = OfQueue(text.ToArray()) with { IsMade = true, MayBeTopic = true };
            return null;
        }

        return new AmqpFault(AmqpError.Texts.NotFound, $"there is no node '{Encoding.UTF8.GetString(text)}' in vhost '{virtualHost.Name}'");
    }

    /// <summary>The address of a queue.</summary>
    public static NodeAddress OfQueue(byte[] name) => new(name, [], name);

    private static AmqpFault Invalid(ReadOnlySpan<byte> text) =>
        new(AmqpError.Texts.InvalidField, $"'{Encoding.UTF8.GetString(text[..Math.Min(text.Length, MaxNameOctets)])}' is no address");

    /// <summary>A part of a path without its percent-encoding; null when that is broken, or the name is longer than any can be.</summary>
    private static byte[]? Decode(ReadOnlySpan<byte> part)
    {
        byte[] octets = new byte[part.Length];
        int count = 0;
        for (int at = 0; at < part.Length; at++)
        {
            byte octet = part[at];
            if (octet == '%')
            {
                if (at + 2 >= part.Length || !char.IsAsciiHexDigit((char)part[at + 1]) || !char.IsAsciiHexDigit((char)part[at + 2]))
                {
                    return null;
                }

                octet = (byte)((Convert.FromHexString([(char)part[at + 1], (char)part[at + 2]]))[0]);
                at += 2;
            }

            octets[count++] = octet;
        }

        return count > MaxNameOctets ? null : octets[..count];
    }
}
