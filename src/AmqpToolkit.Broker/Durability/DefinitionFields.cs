using System.Security.Cryptography;
using System.Text;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker.Durability;

/// <summary>
/// Names and values of definitions, as octets in the journal (docs/journal.md). Numbers are big-endian, as everywhere in 0-9-1. A value begins with the version of
/// its form. What is returned is the thread's own and holds until its next call.
/// </summary>
internal static class DefinitionFields
{
    /// <summary>The form that is written.</summary>
    public const byte Version = 1;

    [ThreadStatic]
    private static OctetBuffer? t_name;

    [ThreadStatic]
    private static OctetBuffer? t_value;

    /// <summary>A buffer for a name.</summary>
    public static OctetBuffer Name => Cleared(ref t_name);

    /// <summary>A buffer for a value.</summary>
    public static OctetBuffer Value => Cleared(ref t_value);

    /// <summary>A thing of a virtual host: <c>number of the virtual host (long), name</c>.</summary>
    public static ReadOnlySpan<byte> NameIn(uint virtualHost, ReadOnlySpan<byte> name)
    {
        var octets = Name;
        octets.AddInt32((int)virtualHost);
        octets.Add(name);
        return octets.Written;
    }

    /// <summary>Names, each behind its length (short).</summary>
    public static ReadOnlySpan<byte> Names(params ReadOnlySpan<string> names)
    {
        var octets = Name;
        foreach (string name in names)
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(name);
            octets.AddInt16(checked((ushort)utf8.Length));
            octets.Add(utf8);
        }

        return octets.Written;
    }

    /// <summary>
    /// What a binding is known by: <c>numbers of virtual host, source and destination (3 * long), key (shortstr), SHA-256 of the arguments unless there are none</c>. Numbers, because
    /// the bindings of a queue that was deleted may be taken apart while another of its name gets some.
    /// </summary>
    public static ReadOnlySpan<byte> NameOf(Binding binding)
    {
        var octets = Name;
        octets.AddInt32((int)binding.Source.VirtualHost.StoreNumber);
        octets.AddInt32((int)binding.Source.StoreNumber);
        octets.AddInt32((int)binding.Destination.StoreNumber);
        octets.Add((byte)binding.RoutingKey.Length);
        octets.Add(binding.RoutingKey);
        if (binding.Arguments.Length > 0)
        {
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(binding.Arguments, hash);
            octets.Add(hash);
        }

        return octets.Written;
    }

    private static OctetBuffer Cleared(ref OctetBuffer? buffer)
    {
        buffer ??= new OctetBuffer();
        buffer.Clear();
        return buffer;
    }
}
