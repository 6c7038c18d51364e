using System.Buffers.Binary;

namespace AmqpToolkit.Storage.Journaling;

/// <summary><code>name's octets (ushort), kind (ushort), value's octets (uint), name, value</code></summary>
internal readonly ref struct DefinitionPayload
{
    public const int FixedOctets = 8;

    public ushort Kind { get; private init; }

    public ReadOnlySpan<byte> Name { get; private init; }

    public ReadOnlySpan<byte> Value { get; private init; }

    public static void Write(Span<byte> payload, ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(payload, (ushort)name.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(payload[2..], kind);
        BinaryPrimitives.WriteInt32LittleEndian(payload[4..], value.Length);
        name.CopyTo(payload[FixedOctets..]);
        value.CopyTo(payload[(FixedOctets + name.Length)..]);
    }

    /// <returns>False when the lengths contradict each other.</returns>
    public static bool TryRead(ReadOnlySpan<byte> payload, out DefinitionPayload definition)
    {
        definition = default;
        if (payload.Length < FixedOctets)
        {
            return false;
        }

        int nameOctets = BinaryPrimitives.ReadUInt16LittleEndian(payload);
        if (nameOctets + (long)BinaryPrimitives.ReadUInt32LittleEndian(payload[4..]) != payload.Length - FixedOctets)
        {
            return false;
        }

        definition = new DefinitionPayload
        {
            Kind = BinaryPrimitives.ReadUInt16LittleEndian(payload[2..]),
            Name = payload.Slice(FixedOctets, nameOctets),
            Value = payload[(FixedOctets + nameOctets)..],
        };
        return true;
    }
}
