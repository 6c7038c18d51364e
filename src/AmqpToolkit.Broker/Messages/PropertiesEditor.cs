using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Messages;

/// <summary>
/// Changes single properties of a 0-9-1 message in their wire form, by cutting and splicing; what is not changed keeps its octets. The answers
/// lie in the editor's own buffers, in turn: an answer holds until the edit after the next. Allocates only to grow. Owned by one thread.
/// </summary>
internal sealed class PropertiesEditor
{
    private byte[] _last = [];
    private byte[] _spare = [];

    /// <summary>Replaces the property reply-to, which is there.</summary>
    public ReadOnlySpan<byte> ReplaceReplyTo(ReadOnlySpan<byte> properties, ReadOnlySpan<byte> replyTo)
    {
        BasicPropertiesView.TryParse(properties, out var view);
        int start = OffsetOf(properties, view.ReplyTo);
        var octets = Splice(properties, start, view.ReplyTo.Length, replyTo);
        octets[start - 1] = (byte)replyTo.Length;
        return octets;
    }

    /// <summary>Removes all headers of this name; the headers property itself stays, empty if need be.</summary>
    public ReadOnlySpan<byte> RemoveHeader(ReadOnlySpan<byte> properties, ReadOnlySpan<byte> key)
    {
        if (!TryFindHeader(properties, key, out int start, out int end))
        {
            return properties;
        }

        var octets = ReplaceInHeaders(properties, start, end, []);
        while (TryFindHeader(octets, key, out start, out end))
        {
            // In place: an answer of before this edit must stay whole.
            int lengthAt = LengthAt(octets, out int length);
            BinaryPrimitives.WriteUInt32BigEndian(octets[lengthAt..], (uint)(length - (end - start)));
            octets[end..].CopyTo(octets[start..]);
            octets = octets[..^(end - start)];
        }

        return octets;
    }

    /// <summary>Gives the first header of this name, which is there, another value.</summary>
    public ReadOnlySpan<byte> ReplaceHeader(ReadOnlySpan<byte> properties, ReadOnlySpan<byte> key, long value)
    {
        if (!TryFindHeader(properties, key, out int start, out int end))
        {
            return properties;
        }

        Span<byte> tagged = stackalloc byte[1 + sizeof(long)];
        if (value is >= int.MinValue and <= int.MaxValue)
        {
            tagged = tagged[..(1 + sizeof(int))];
            tagged[0] = (byte)FieldType.Int32;
            BinaryPrimitives.WriteInt32BigEndian(tagged[1..], (int)value);
        }
        else
        {
            tagged[0] = (byte)FieldType.Int64;
            BinaryPrimitives.WriteInt64BigEndian(tagged[1..], value);
        }

        return ReplaceInHeaders(properties, start + 1 + key.Length, end, tagged);
    }

    /// <summary>Where a span of the properties begins in them.</summary>
    private static int OffsetOf(ReadOnlySpan<byte> properties, ReadOnlySpan<byte> part) =>
        (int)Unsafe.ByteOffset(ref MemoryMarshal.GetReference(properties), ref MemoryMarshal.GetReference(part));

    /// <summary>Finds a header: its entry lies from <paramref name="start"/>, where the key's length stands, to <paramref name="end"/>.</summary>
    private static bool TryFindHeader(ReadOnlySpan<byte> properties, ReadOnlySpan<byte> key, out int start, out int end)
    {
        start = end = 0;
        if (BasicPropertiesView.TryParse(properties, out var view) != DecodeError.None || !view.HasHeaders)
        {
            return false;
        }

        int at = OffsetOf(properties, view.Headers.Span);
        foreach (var entry in view.Headers)
        {
            int next = OffsetOf(properties, entry.Value.Payload) + entry.Value.Payload.Length;
            if (entry.Key.SequenceEqual(key))
            {
                (start, end) = (at, next);
                return true;
            }

            at = next;
        }

        return false;
    }

    /// <summary>Where the length of the headers property stands, and what it is.</summary>
    private static int LengthAt(ReadOnlySpan<byte> properties, out int length)
    {
        BasicPropertiesView.TryParse(properties, out var view);
        length = view.Headers.Span.Length;
        return OffsetOf(properties, view.Headers.Span) - sizeof(uint);
    }

    private Span<byte> ReplaceInHeaders(ReadOnlySpan<byte> properties, int start, int end, scoped ReadOnlySpan<byte> replacement)
    {
        int lengthAt = LengthAt(properties, out int length);
        var edited = Splice(properties, start, end - start, replacement);
        BinaryPrimitives.WriteUInt32BigEndian(edited[lengthAt..], (uint)(length - (end - start) + replacement.Length));
        return edited;
    }

    private Span<byte> Splice(ReadOnlySpan<byte> octets, int start, int length, scoped ReadOnlySpan<byte> replacement)
    {
        int total = octets.Length - length + replacement.Length;
        if (_spare.Length < total)
        {
            _spare = new byte[Math.Max(256, total + (total / 2))];
        }

        octets[..start].CopyTo(_spare);
        replacement.CopyTo(_spare.AsSpan(start));
        octets[(start + length)..].CopyTo(_spare.AsSpan(start + replacement.Length));
        (_last, _spare) = (_spare, _last);
        return _last.AsSpan(0, total);
    }
}
