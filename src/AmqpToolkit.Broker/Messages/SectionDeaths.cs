using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Messages;

/// <summary>
/// The deaths of a message of 1.0, which its annotations tell: x-opt-deaths, an array of maps, newest first, and first and last of them by themselves, as with
/// RabbitMQ. The bare message keeps its octets. An answer holds until the next question; owned by one thread.
/// </summary>
internal sealed class SectionDeaths
{
    private const int MaxTextOctets = 2 + byte.MaxValue;

    [ThreadStatic]
    private static SectionDeaths? t_ofThread;

    private readonly EncodedValueBuilder _annotations = new();
    private readonly OctetBuffer _buffer = new();

    /// <summary>The thread's own.</summary>
    public static SectionDeaths OfThread => t_ofThread ??= new SectionDeaths();

    private static ReadOnlySpan<byte> DeathsKey => "x-opt-deaths"u8;

    /// <summary>The sections before the body with one more death, and without a time to live: the new queue's is another.</summary>
    public ReadOnlySpan<byte> WithDeath(in MessageContent message, in Death death)
    {
        MessageSections.TryParse(message.Properties, out var sections);
        var earlier = AnnotationsOf(in sections);
        _annotations.Clear().Describe(MessageAnnotationsView.DescriptorCode).BeginMap();
        foreach (var entry in earlier)
        {
            bool isOurs = entry.Key.TryGetSymbol(out var key)
                && (key.SequenceEqual(DeathsKey) || key.StartsWith("x-first-death-"u8) || key.StartsWith("x-last-death-"u8));
            if (!isOurs)
            {
                _annotations.Add(entry.Key).Add(entry.Value);
            }
        }

        AddDeaths(earlier, in death, SectionHeader.Of(in message).Milliseconds);
        AddEnds(earlier, in death);
        _annotations.End();

        var header = SectionHeader.Of(in message);
        Span<byte> written = stackalloc byte[SectionHeader.MaxOctets];
        _buffer.Clear();
        _buffer.Add(written[..SectionHeader.Write(written, header.IsDurable, header.Priority, -1, isFirst: false, header.DeliveryCount)]);
        _buffer.Add(_annotations.Span);
        _buffer.Add(message.Properties[(sections.Header.Length + sections.MessageAnnotations.Length)..]);
        return _buffer.Written;
    }

    /// <summary>Whether a message would come back to a queue that it died in, with nobody's hand in it.</summary>
    public static bool IsCycle(ReadOnlySpan<byte> properties, ReadOnlySpan<byte> queue)
    {
        MessageSections.TryParse(properties, out var sections);
        if (!AnnotationsOf(in sections).TryGetValue(DeathsKey, out var value) || !value.TryGetArray(out var deaths))
        {
            return false;
        }

        foreach (var element in deaths)
        {
            if (!element.TryGetMap(out var death))
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

    /// <summary>Octets of the story so far.</summary>
    public static int CountOctets(ReadOnlySpan<byte> properties)
    {
        MessageSections.TryParse(properties, out var sections);
        return AnnotationsOf(in sections).TryGetValue(DeathsKey, out var value) ? value.Octets : 0;
    }

    private static EncodedMapView AnnotationsOf(in MessageSections sections) =>
        !sections.MessageAnnotations.IsEmpty && MessageAnnotationsView.TryParse(sections.MessageAnnotations, out var annotations, out _) == DecodeError.None ? annotations.Value : default;

    private static bool Is(EncodedMapView map, ReadOnlySpan<byte> key, ReadOnlySpan<byte> text) =>
        map.TryGetValue(key, out var value) && (value.TryGetString(out var found) || value.TryGetSymbol(out found)) && found.SequenceEqual(text);

    private void AddDeaths(EncodedMapView annotations, in Death death, long? milliseconds)
    {
        EncodedArrayView earlier = default;
        if (death.KeepsEarlier && annotations.TryGetValue(DeathsKey, out var value))
        {
            value.TryGetArray(out earlier);
        }

        var reason = DeathReasons.TextOf(death.Reason);
        ulong count = 1;
        long first = death.Seconds * 1000;
        foreach (var element in earlier)
        {
            if (element.TryGetMap(out var one) && IsSame(one, in death, reason))
            {
                count = one.TryGetValue("count"u8, out var before) && before.TryGetUInt64(out ulong known) ? known + 1 : 1;
                first = one.TryGetValue("first-time"u8, out before) && before.TryGetTimestamp(out long then) ? then : first;
            }
        }

        _annotations.AddSymbol("x-opt-deaths").BeginArray(AmqpType.Map);
        _annotations.BeginMap();
        AddText("queue", death.Queue);
        _annotations.AddSymbol("reason").AddSymbol(DeathReasons.NameOf(death.Reason));
        _annotations.AddSymbol("count").AddULong(count);
        _annotations.AddSymbol("first-time").AddTimestamp(first);
        _annotations.AddSymbol("last-time").AddTimestamp(death.Seconds * 1000);
        AddText("exchange", death.Exchange);
        _annotations.AddSymbol("routing-keys").BeginArray(AmqpType.String);
        AddString(death.RoutingKey);
        _annotations.End();
        if (milliseconds is { } ttl)
        {
            _annotations.AddSymbol("ttl").AddUInt((uint)Math.Min(ttl, uint.MaxValue));
        }

        _annotations.End();
        foreach (var element in earlier)
        {
            if (element.TryGetMap(out var one) && !IsSame(one, in death, reason))
            {
                _annotations.Add(element);
            }
        }

        _annotations.End();
    }

    private static bool IsSame(EncodedMapView one, in Death death, ReadOnlySpan<byte> reason) => Is(one, "queue"u8, death.Queue) && Is(one, "reason"u8, reason);

    /// <summary>The first death is told for good, the last anew.</summary>
    private void AddEnds(EncodedMapView annotations, in Death death)
    {
        var reason = DeathReasons.TextOf(death.Reason);
        bool isFirst = !death.KeepsEarlier || !annotations.TryGetValue("x-first-death-reason"u8, out _);
        AddFirst("x-first-death-queue", "x-first-death-queue"u8, annotations, isFirst, death.Queue);
        AddFirst("x-first-death-reason", "x-first-death-reason"u8, annotations, isFirst, reason);
        AddFirst("x-first-death-exchange", "x-first-death-exchange"u8, annotations, isFirst, death.Exchange);
        AddText("x-last-death-queue", death.Queue);
        AddText("x-last-death-reason", reason);
        AddText("x-last-death-exchange", death.Exchange);
    }

    private void AddFirst(string name, ReadOnlySpan<byte> key, EncodedMapView annotations, bool isFirst, ReadOnlySpan<byte> text)
    {
        if (isFirst)
        {
            AddText(name, text);
        }
        else if (annotations.TryGetValue(key, out var value))
        {
            _annotations.AddSymbol(name).Add(value);
        }
    }

    private void AddText(string key, ReadOnlySpan<byte> text)
    {
        _annotations.AddSymbol(key);
        AddString(text);
    }

    /// <summary>Names and keys have 255 octets at most.</summary>
    private void AddString(ReadOnlySpan<byte> text)
    {
        Span<byte> octets = stackalloc byte[MaxTextOctets];
        octets[0] = 0xA1;
        octets[1] = (byte)text.Length;
        text.CopyTo(octets[2..]);
        _annotations.Add(new EncodedValueView(octets[..(2 + text.Length)]));
    }
}
