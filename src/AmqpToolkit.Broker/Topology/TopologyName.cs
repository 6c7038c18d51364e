using System.Text;
using System.Text.Unicode;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Topology;

/// <summary>What holds for the names of exchanges and queues.</summary>
internal static class TopologyName
{
    /// <summary>How the names begin that the server gives to queues which came without.</summary>
    public const string NewQueuePrefix = "amq.gen-";

    /// <summary>The longest prefix of a server's name that a client may choose, in octets.</summary>
    private const int MaxPrefixOctets = 64;

    private static ReadOnlySpan<byte> PrefixArgument => "x-name-prefix"u8;

    private static ReadOnlySpan<byte> ReservedPrefix => "amq."u8;

    /// <summary>True when only the server may give the name.</summary>
    public static bool IsReserved(ReadOnlySpan<byte> name) => name.StartsWith(ReservedPrefix);

    /// <summary>How the name of a queue begins that came without: as x-name-prefix says, where the release knows it (RabbitMQ's mistakes table, row 77).</summary>
    public static ProtocolError? PrefixOf(TableView arguments, ProfileRules rules, out string prefix)
    {
        prefix = NewQueuePrefix;
        if (!rules.TakesNamePrefix || !arguments.TryGetValue(PrefixArgument, out FieldValueView value)
            || !value.TryGetString(out ReadOnlySpan<byte> given) || given.IsEmpty || !Utf8.IsValid(given))
        {
            return null;
        }

        if (given.Length > MaxPrefixOctets)
        {
            return ProtocolError.PreconditionFailed($"Queue name prefix '{Encoding.UTF8.GetString(Clean(given))}' exceeds the {MaxPrefixOctets}-byte limit");
        }

        if (given.StartsWith(DirectReplyTo.QueueName))
        {
            // A queue of that name could not be told from a consumer's replies.
            return TopologyErrors.ReservedName("queue", given);
        }

        prefix = Encoding.UTF8.GetString(Clean(given)) + "-";
        return null;
    }

    /// <summary>The name without carriage returns and line feeds, which RabbitMQ drops, so that they cannot forge lines of logs and replies.</summary>
    public static ReadOnlySpan<byte> Clean(ReadOnlySpan<byte> name) => name.ContainsAny((byte)'\r', (byte)'\n') ? WithoutLineBreaks(name) : name;

    private static byte[] WithoutLineBreaks(ReadOnlySpan<byte> name)
    {
        byte[] clean = new byte[name.Length];
        int length = 0;
        foreach (byte octet in name)
        {
            if (octet is not ((byte)'\r' or (byte)'\n'))
            {
                clean[length++] = octet;
            }
        }

        return clean[..length];
    }
}
