using System.Buffers;
using System.Buffers.Binary;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Topology;

/// <summary>Brings the arguments of a binding into one form, so that equal content is equal octets: their order does not tell bindings apart, their types do.</summary>
internal static class BindingArguments
{
    public static byte[] Canonical(TableView arguments)
    {
        if (arguments.IsEmpty)
        {
            return [];
        }

        var entries = new List<(byte[] Key, byte[] Wire)>();
        foreach (TableEntryView entry in arguments)
        {
            entries.Add((entry.Key.ToArray(), Encode(entry)));
        }

        var wire = new ArrayBufferWriter<byte>(arguments.Span.Length);
        foreach ((_, byte[] entry) in entries.OrderBy(static entry => entry.Key, Octetwise.Instance))
        {
            wire.Write(entry);
        }

        return wire.WrittenSpan.ToArray();
    }

    /// <summary><c>octet length, key, tag, [long length,] value</c>; "L" becomes "l" and true becomes 1, which are the same to every peer.</summary>
    private static byte[] Encode(TableEntryView entry)
    {
        FieldType type = entry.Value.Type == FieldType.Int64Alternative ? FieldType.Int64 : entry.Value.Type;
        bool hasLength = type is FieldType.LongString or FieldType.Binary or FieldType.Table or FieldType.Array;
        ReadOnlySpan<byte> payload = entry.Value.Payload;
        byte[] wire = new byte[1 + entry.Key.Length + 1 + (hasLength ? sizeof(uint) : 0) + payload.Length];
        wire[0] = (byte)entry.Key.Length;
        entry.Key.CopyTo(wire.AsSpan(1));
        wire[1 + entry.Key.Length] = (byte)type;
        if (hasLength)
        {
            BinaryPrimitives.WriteUInt32BigEndian(wire.AsSpan(2 + entry.Key.Length), (uint)payload.Length);
        }

        payload.CopyTo(wire.AsSpan(wire.Length - payload.Length));
        if (entry.Value.TryGetBoolean(out bool boolean))
        {
            wire[^1] = boolean ? (byte)1 : (byte)0;
        }

        return wire;
    }

    private sealed class Octetwise : IComparer<byte[]>
    {
        public static readonly Octetwise Instance = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
