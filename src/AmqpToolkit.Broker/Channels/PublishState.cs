using System.Buffers;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Channels;

/// <summary>
/// What a channel knows of the message that is being published: its way, and the parts that have arrived.
/// Made when a channel first publishes. Used by the connection's reader.
/// </summary>
internal sealed class PublishState(BrokerChannel channel) : PublishWay
{
    private byte[] _partial = [];

    /// <summary>The channel that publishes.</summary>
    public BrokerChannel Channel => channel;

    /// <summary>Why this message cannot be published: told when it is whole.</summary>
    public ProtocolError? Refusal { get; set; }

    /// <summary>Why this message cannot be published with its key: told after what is wrong with its properties.</summary>
    public ProtocolError? KeyRefusal { get; set; }

    public MessageFlags Flags { get; set; }

    public bool IsMandatory { get; set; }

    public ulong BodyOctets { get; set; }

    /// <summary>Where the properties lie in the receive buffer, while nothing is put aside.</summary>
    public int PropertiesStart { get; set; }

    public int PropertyOctets { get; set; }

    /// <summary>Whether parts of the message were put aside: it did not arrive in one piece.</summary>
    public bool IsPartial { get; private set; }

    /// <summary>Octets that the connection counts for this message while it is not whole.</summary>
    public long IncompleteOctets { get; set; }

    /// <summary>Octets of a small body that were put aside.</summary>
    public int PartialBodyOctets { get; private set; }

    /// <summary>A large body, as far as it has arrived.</summary>
    public LargeBody? Large { get; set; }

    public ReadOnlySpan<byte> PartialProperties => _partial.AsSpan(0, PropertyOctets);

    public ReadOnlySpan<byte> PartialBody => _partial.AsSpan(PropertyOctets, PartialBodyOctets);

    /// <summary>Copies the properties out of the receive buffer, which goes away.</summary>
    public void PutAside(ReadOnlySpan<byte> properties)
    {
        if (!IsPartial)
        {
            IsPartial = true;
            PartialBodyOctets = 0;
            Grow(properties.Length);
            properties.CopyTo(_partial);
        }
    }

    /// <summary>Copies a part of a small body. The place grows by what arrives.</summary>
    public void AppendBody(ReadOnlySpan<byte> octets)
    {
        int used = PropertyOctets + PartialBodyOctets;
        Grow(used + octets.Length);
        octets.CopyTo(_partial.AsSpan(used));
        PartialBodyOctets += octets.Length;
    }

    /// <summary>Forgets the parts of the message; a large body that nobody took over is given back.</summary>
    public void EndMessage()
    {
        Large?.Release();
        Large = null;
        IsPartial = false;
        PartialBodyOctets = 0;
        Refusal = null;
        KeyRefusal = null;
        if (_partial.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_partial);
            _partial = [];
        }
    }

    private void Grow(int octets)
    {
        if (_partial.Length >= octets && _partial.Length > 0)
        {
            return;
        }

        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(256, Math.Max(octets, _partial.Length * 2)));
        _partial.AsSpan().CopyTo(larger);
        if (_partial.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_partial);
        }

        _partial = larger;
    }
}
