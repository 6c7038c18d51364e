using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Conversion;

/// <summary>The body.</summary>
internal sealed partial class BasicWriter
{
    /// <summary>The body; nothing is copied but what several data sections hold.</summary>
    /// <param name="sections">A message that came in sections.</param>
    /// <param name="arena">What counts the octets of a body that is put together anew.</param>
    public BasicBody BodyOf(scoped in MessageContent sections, MessageArena arena)
    {
        if (sections.Large is { } large)
        {
            return BodyOf(large, arena);
        }

        MessageSections.TryParse(sections.Body, out var parts);
        switch (parts.BodyKind)
        {
            case MessageBodyKind.None:
                return default;
            case MessageBodyKind.Data:
                return parts.TryGetData(out var data) ? new BasicBody { Octets = data } : new BasicBody { Octets = Concatenate(parts) };
            default:
                return new BasicBody { Octets = sections.Body };
        }
    }

    private static MessageBodyKind KindOf(in MessageContent sections)
    {
        if (sections.Large is { } large)
        {
            var body = new BodySections(large);
            return !body.MoveNext() ? MessageBodyKind.None : body.Code switch
            {
                DataView.DescriptorCode => MessageBodyKind.Data,
                AmqpSequenceView.DescriptorCode => MessageBodyKind.AmqpSequence,
                AmqpValueView.DescriptorCode => MessageBodyKind.AmqpValue,
                _ => MessageBodyKind.None,
            };
        }

        MessageSections.TryParse(sections.Body, out var parts);
        return parts.BodyKind;
    }

    private static BasicBody BodyOf(LargeBody large, MessageArena arena)
    {
        var sections = new BodySections(large);
        if (!sections.MoveNext() || sections.Code == FooterView.DescriptorCode)
        {
            return default;
        }

        if (sections.Code != DataView.DescriptorCode)
        {
            return new BasicBody { Large = large, LargeOctets = large.Octets };
        }

        long start = sections.Start;
        long end = sections.End;
        if (!sections.MoveNext() || sections.Code != DataView.DescriptorCode)
        {
            return new BasicBody { Large = large, Start = start, LargeOctets = end - start };
        }

        var whole = new LargeBody(arena);
        sections = new BodySections(large);
        while (sections.MoveNext() && sections.Code == DataView.DescriptorCode)
        {
            sections.CopyTo(whole);
        }

        return new BasicBody { Large = whole, LargeOctets = whole.Octets, IsNew = true };
    }

    private ReadOnlySpan<byte> Concatenate(MessageSections parts)
    {
        _body.Clear();
        foreach (var section in parts)
        {
            _body.Add(AmqpReader.VariableAt(section, 0));
        }

        return _body.Written;
    }
}
