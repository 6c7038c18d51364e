using System.Buffers.Binary;
using AmqpToolkit.Codec.Classic;

namespace AmqpToolkit.Broker.Testing.Traffic;

/// <summary>What goes one way as a whole: a frame, or a method with all of its content; a frame of 1.0; a protocol header.</summary>
/// <param name="octets">All of it as it came.</param>
/// <param name="channel">Its channel.</param>
/// <param name="key">Class and method id; of 1.0 the performative's code; 0 for what is neither.</param>
/// <param name="isClassic">Whether it is of 0-9-1.</param>
/// <param name="breach">Where it is no unit of 0-9-1 that there should be: why.</param>
internal sealed class TrafficUnit(byte[] octets, ushort channel, uint key, bool isClassic, FramingBreach breach = FramingBreach.None)
{
    public byte[] Octets => octets;

    public ushort Channel => channel;

    public uint Key => key;

    public bool IsClassic => isClassic;

    public FramingBreach Breach => breach;

    /// <summary>Of a method of 0-9-1 the payload of its frame: ids, then arguments.</summary>
    public ReadOnlySpan<byte> Payload => octets.AsSpan(FrameReader.HeaderOctets, (int)BinaryPrimitives.ReadUInt32BigEndian(octets.AsSpan(3)));

    /// <summary>Of a method of 0-9-1 its arguments.</summary>
    public ReadOnlySpan<byte> Arguments => Payload[4..];

    /// <summary>Of a method with content what follows it.</summary>
    public ReadOnlySpan<byte> Content => octets.AsSpan(Payload.Length + FrameWriter.OverheadOctets);
}
