using System.Buffers.Binary;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Messages;

/// <summary>
/// Writes the properties of a 0-9-1 message anew with the headers that a queue gives it; all else keeps its octets. Allocates nothing but its
/// buffer's growth. An answer holds until the next question; owned by one thread.
/// </summary>
/// <remarks>
/// <code>
///   flags(2) content-type? content-encoding? | headers? | delivery-mode? priority? correlation-id? reply-to? | expiration? | the rest
/// </code>
/// </remarks>
internal sealed class HeaderRewriter
{
    private const int HeadersBit = 1 << 13;
    private const int ExpirationBit = 1 << 8;

    [ThreadStatic]
    private static HeaderRewriter? t_ofThread;

    private readonly OctetBuffer _buffer = new();

    /// <summary>The thread's own.</summary>
    public static HeaderRewriter OfThread => t_ofThread ??= new HeaderRewriter();

    /// <summary>The properties with the number of failed deliveries (x-delivery-count).</summary>
    public ReadOnlySpan<byte> WithDeliveryCount(ReadOnlySpan<byte> properties, int count) => WithHeader(properties, "x-delivery-count"u8, count);

    /// <summary>The properties with a message's offset in its stream (x-stream-offset).</summary>
    public ReadOnlySpan<byte> WithStreamOffset(ReadOnlySpan<byte> properties, long offset) => WithHeader(properties, "x-stream-offset"u8, offset);

    /// <summary>The properties with one more death, newest first, and without expiration: the new queue's time is another.</summary>
    public ReadOnlySpan<byte> WithDeath(ReadOnlySpan<byte> properties, in Death death)
    {
        var parts = new Parts(properties);
        int headers = Begin(properties, in parts, (parts.Flags | HeadersBit) & ~ExpirationBit);
        foreach (var entry in parts.Headers)
        {
            bool isOurs = entry.Key.SequenceEqual("x-death"u8) || entry.Key.StartsWith("x-first-death-"u8) || entry.Key.StartsWith("x-last-death-"u8);
            if (!isOurs)
            {
                AddEntry(entry.Key, entry.Value);
            }
        }

        AddKey("x-death"u8, FieldType.Array);
        int deaths = _buffer.BeginLength();
        AddDeaths(parts.Headers, in death, properties[parts.ExpirationStart..parts.ExpirationEnd]);
        _buffer.EndLength(deaths);
        AddFirstDeath(parts.Headers, in death);
        AddText("x-last-death-reason"u8, DeathReasons.TextOf(death.Reason));
        AddText("x-last-death-queue"u8, death.Queue);
        AddText("x-last-death-exchange"u8, death.Exchange);
        _buffer.EndLength(headers);
        _buffer.Add(properties[parts.HeadersEnd..parts.ExpirationStart]);
        _buffer.Add(properties[parts.ExpirationEnd..]);
        return _buffer.Written;
    }

    /// <summary>
    /// Whether a message would come back to a queue that it died in, with nobody's hand in it: from the newest death on to that queue's, no
    /// consumer refused it.
    /// </summary>
    public static bool IsCycle(TableView headers, ReadOnlySpan<byte> queue)
    {
        if (!headers.TryGetValue("x-death"u8, out var value) || !value.TryGetArray(out var deaths))
        {
            return false;
        }

        foreach (var element in deaths)
        {
            if (!element.TryGetTable(out var death))
            {
                continue;
            }

            if (Is(death, "reason"u8, DeathReasons.TextOf(DeathReason.Rejected)))
            {
                return false;
            }

            if (Is(death, "queue"u8, queue))
            {
                return true;
            }
        }

        return false;
    }

    private ReadOnlySpan<byte> WithHeader(ReadOnlySpan<byte> properties, ReadOnlySpan<byte> key, long value)
    {
        var parts = new Parts(properties);
        int headers = Begin(properties, in parts, parts.Flags | HeadersBit);
        foreach (var entry in parts.Headers)
        {
            if (!entry.Key.SequenceEqual(key))
            {
                AddEntry(entry.Key, entry.Value);
            }
        }

        AddInteger(key, value);
        _buffer.EndLength(headers);
        _buffer.Add(properties[parts.HeadersEnd..]);
        return _buffer.Written;
    }

    private static bool Is(TableView table, ReadOnlySpan<byte> key, ReadOnlySpan<byte> text) =>
        table.TryGetValue(key, out var value) && value.TryGetString(out var found) && found.SequenceEqual(text);

    private int Begin(ReadOnlySpan<byte> properties, in Parts parts, int flags)
    {
        _buffer.Clear();
        _buffer.AddInt16(flags);
        _buffer.Add(properties[sizeof(ushort)..parts.HeadersStart]);
        return _buffer.BeginLength();
    }

    private void AddDeaths(TableView headers, in Death death, ReadOnlySpan<byte> expiration)
    {
        ArrayView earlier = default;
        if (death.KeepsEarlier && headers.TryGetValue("x-death"u8, out var value))
        {
            value.TryGetArray(out earlier);
        }

        var reason = DeathReasons.TextOf(death.Reason);
        bool isCounted = false;
        foreach (var element in earlier)
        {
            if (element.TryGetTable(out var one) && Is(one, "queue"u8, death.Queue) && Is(one, "reason"u8, reason))
            {
                AddAgain(one);
                isCounted = true;
                break;
            }
        }

        if (!isCounted)
        {
            AddNew(headers, in death, expiration);
        }

        foreach (var element in earlier)
        {
            if (element.TryGetTable(out var one) && !(Is(one, "queue"u8, death.Queue) && Is(one, "reason"u8, reason)))
            {
                AddValue(element);
            }
        }
    }

    /// <summary>It died there, and so, before: one more, and all else is as it was the first time.</summary>
    private void AddAgain(TableView earlier)
    {
        int start = BeginTable();
        long count = earlier.TryGetValue("count"u8, out var value) && value.TryGetInt64(out long before) ? before : 0;
        AddInteger("count"u8, count + 1);
        foreach (var entry in earlier)
        {
            if (!entry.Key.SequenceEqual("count"u8))
            {
                AddEntry(entry.Key, entry.Value);
            }
        }

        _buffer.EndLength(start);
    }

    private void AddNew(TableView headers, in Death death, ReadOnlySpan<byte> expiration)
    {
        int start = BeginTable();
        AddInteger("count"u8, 1);
        AddText("reason"u8, DeathReasons.TextOf(death.Reason));
        AddText("queue"u8, death.Queue);
        AddKey("time"u8, FieldType.Timestamp);
        _buffer.AddInt64(death.Seconds);
        AddText("exchange"u8, death.Exchange);
        AddKey("routing-keys"u8, FieldType.Array);
        int keys = _buffer.BeginLength();
        AddString(death.RoutingKey);
        if (death.HasCopies && headers.TryGetValue("CC"u8, out var value) && value.TryGetArray(out var copies))
        {
            foreach (var copy in copies)
            {
                if (copy.TryGetString(out var key))
                {
                    AddString(key);
                }
            }
        }

        _buffer.EndLength(keys);
        if (!expiration.IsEmpty)
        {
            AddText("original-expiration"u8, expiration[1..]);
        }

        _buffer.EndLength(start);
    }

    /// <summary>The first death is told for good.</summary>
    private void AddFirstDeath(TableView headers, in Death death)
    {
        bool isFirst = !death.KeepsEarlier || !headers.ContainsKey("x-first-death-reason"u8);
        AddFirst("x-first-death-reason"u8, headers, isFirst, DeathReasons.TextOf(death.Reason));
        AddFirst("x-first-death-queue"u8, headers, isFirst, death.Queue);
        AddFirst("x-first-death-exchange"u8, headers, isFirst, death.Exchange);
    }

    private void AddFirst(ReadOnlySpan<byte> key, TableView headers, bool isFirst, ReadOnlySpan<byte> text)
    {
        if (isFirst)
        {
            AddText(key, text);
        }
        else if (headers.TryGetValue(key, out var value))
        {
            AddEntry(key, value);
        }
    }

    private int BeginTable()
    {
        _buffer.Add((byte)FieldType.Table);
        return _buffer.BeginLength();
    }

    private void AddKey(ReadOnlySpan<byte> key, FieldType type)
    {
        _buffer.Add((byte)key.Length);
        _buffer.Add(key);
        _buffer.Add((byte)type);
    }

    private void AddText(ReadOnlySpan<byte> key, ReadOnlySpan<byte> text)
    {
        AddKey(key, FieldType.LongString);
        _buffer.AddInt32(text.Length);
        _buffer.Add(text);
    }

    private void AddInteger(ReadOnlySpan<byte> key, long value)
    {
        AddKey(key, FieldType.Int64);
        _buffer.AddInt64(value);
    }

    private void AddString(ReadOnlySpan<byte> text)
    {
        _buffer.Add((byte)FieldType.LongString);
        _buffer.AddInt32(text.Length);
        _buffer.Add(text);
    }

    private void AddEntry(ReadOnlySpan<byte> key, FieldValueView value)
    {
        _buffer.Add((byte)key.Length);
        _buffer.Add(key);
        AddValue(value);
    }

    private void AddValue(FieldValueView value)
    {
        _buffer.Add(value.Tag);
        if (value.Type is FieldType.LongString or FieldType.Binary or FieldType.Array or FieldType.Table)
        {
            _buffer.AddInt32(value.Payload.Length);
        }

        _buffer.Add(value.Payload);
    }

    /// <summary>Where the properties stand that are changed. The octets are well-formed: they were checked when they came.</summary>
    private readonly ref struct Parts
    {
        public Parts(ReadOnlySpan<byte> properties)
        {
            Flags = BinaryPrimitives.ReadUInt16BigEndian(properties);
            int at = sizeof(ushort);
            Skip(properties, ref at, 15);
            Skip(properties, ref at, 14);
            HeadersStart = at;
            if ((Flags & HeadersBit) != 0)
            {
                int octets = BinaryPrimitives.ReadInt32BigEndian(properties[at..]);
                at += sizeof(int);
                Headers = new TableView(properties.Slice(at, octets));
                at += octets;
            }

            HeadersEnd = at;
            at += (Flags >> 12 & 1) + (Flags >> 11 & 1);
            Skip(properties, ref at, 10);
            Skip(properties, ref at, 9);
            ExpirationStart = at;
            Skip(properties, ref at, 8);
            ExpirationEnd = at;
        }

        public int Flags { get; }

        public TableView Headers { get; }

        public int HeadersStart { get; }

        public int HeadersEnd { get; }

        public int ExpirationStart { get; }

        public int ExpirationEnd { get; }

        /// <summary>Skips a short string if its property is there.</summary>
        private void Skip(ReadOnlySpan<byte> properties, ref int at, int bit)
        {
            if ((Flags >> bit & 1) != 0)
            {
                at += 1 + properties[at];
            }
        }
    }
}
