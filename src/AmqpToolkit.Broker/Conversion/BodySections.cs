using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Conversion;

/// <summary>
/// Walks over the sections of a body that lies in chunks (3.2.6 to 3.2.9): data, amqp-sequence or amqp-value, and the footer. A section may begin in one chunk and end in
/// another; looked at are its first octets, the rest is passed by its size.
/// </summary>
internal ref struct BodySections
{
    /// <summary>The most sections of a body of type <see cref="BasicType"/>: each costs a look, and a publisher of 0-9-1 chooses how many there are.</summary>
    public const int MaxSections = 1024;

    /// <summary>Descriptor and start of a value, in their longest usual forms.</summary>
    private const int FewOctets = 64;

    /// <summary>The same where a value is described itself.</summary>
    private const int ManyOctets = 512;

    private readonly LargeBody _body;
    private long _next;
    private long _chunkStart;
    private int _chunk;

    public BodySections(LargeBody body) => _body = body;

    /// <summary>The property type of a message of 0-9-1 whose body is the body sections and footer of one of 1.0.</summary>
    public static ReadOnlySpan<byte> BasicType => "amqp-1.0"u8;

    /// <summary>The descriptor of the section at hand.</summary>
    public ulong Code { get; private set; }

    /// <summary>Where the octets of the section begin; those of a data section, without anything before them.</summary>
    public long Start { get; private set; }

    /// <summary>Where it ends.</summary>
    public readonly long End => _next;

    /// <summary>Whether a message of 0-9-1 has body sections and perhaps a footer for a body, whole and in their order. What is inside them is not looked at.</summary>
    public static bool AreIn(in MessageContent basic)
    {
        if (basic.Large is { } large)
        {
            return AreIn(large);
        }

        return MessageSections.TryParse(basic.Body, out var sections) == DecodeError.None && sections.BodyKind != MessageBodyKind.None
            && sections.Body.Length + sections.Footer.Length == basic.Body.Length;
    }

    /// <summary>Goes to the next section.</summary>
    /// <returns>False at the end, and at what is no section of a body.</returns>
    public bool MoveNext()
    {
        Span<byte> few = stackalloc byte[FewOctets];
        int octets = CopyNext(few);
        if (octets == 0)
        {
            return false;
        }

        if (TryMeasure(few[..octets], out ulong code, out int start, out long length))
        {
            return Take(code, start, length);
        }

        Span<byte> many = stackalloc byte[ManyOctets];
        octets = CopyNext(many);
        return TryMeasure(many[..octets], out code, out start, out length) && Take(code, start, length);
    }

    /// <summary>Appends what is in the section at hand to another body.</summary>
    public readonly void CopyTo(LargeBody destination)
    {
        long chunkStart = _chunkStart;
        for (int chunk = _chunk; chunkStart < End; chunk++)
        {
            var octets = _body.Chunks[chunk];
            int from = (int)Math.Clamp(Start - chunkStart, 0, octets.Count);
            int to = (int)Math.Min(End - chunkStart, octets.Count);
            destination.Append(octets.AsSpan(from, to - from));
            chunkStart += octets.Count;
        }
    }

    private static bool AreIn(LargeBody large)
    {
        var sections = new BodySections(large);
        ulong kind = 0;
        ulong last = 0;
        for (int count = 0; count < MaxSections && sections.MoveNext(); count++)
        {
            bool isMore = sections.Code == last && last is DataView.DescriptorCode or AmqpSequenceView.DescriptorCode;
            bool isFirst = kind == 0 && sections.Code != FooterView.DescriptorCode;
            bool isFooter = kind != 0 && last != FooterView.DescriptorCode && sections.Code == FooterView.DescriptorCode;
            if (!isMore && !isFirst && !isFooter)
            {
                return false;
            }

            kind = isFirst ? sections.Code : kind;
            last = sections.Code;
            if (sections.End == large.Octets)
            {
                return true;
            }
        }

        return false;
    }

    private bool Take(ulong code, int start, long length)
    {
        if (length > _body.Octets - _next)
        {
            return false;
        }

        Code = code;
        Start = _next + start;
        _next += length;
        return true;
    }

    /// <summary>Reads the first octets of a section.</summary>
    /// <param name="octets">As many as there are, or fit.</param>
    /// <param name="code">Its descriptor.</param>
    /// <param name="start">Where its value begins; that of data without constructor and size.</param>
    /// <param name="length">Octets of the section.</param>
    private static bool TryMeasure(ReadOnlySpan<byte> octets, out ulong code, out int start, out long length)
    {
        length = 0;
        if (DescriptorReader.Read(octets, out code, out var symbol, out start) != DecodeError.None)
        {
            return false;
        }

        code = symbol.IsEmpty ? code : Descriptors.CodeOf(symbol);
        int at = start;
        for (int depth = 0; depth < AmqpReader.MaxDepth && at < octets.Length && octets[at] == 0; depth++)
        {
            if (AmqpReader.Measure(octets, at + 1, out at) != DecodeError.None)
            {
                return false;
            }
        }

        if (at >= octets.Length || !IsOf(code, octets[start]))
        {
            return false;
        }

        byte constructor = octets[at++];
        int sizeOctets = constructor >> 4 is 0xA or 0xC or 0xE ? 1 : constructor >= 0xB0 ? sizeof(uint) : 0;
        if (octets.Length - at < sizeOctets || AmqpReader.TypeOf(constructor) is AmqpType.Unknown or AmqpType.Described)
        {
            return false;
        }

        long size = 0;
        foreach (byte octet in octets.Slice(at, sizeOctets))
        {
            size = (size << 8) | octet;
        }

        start = code == DataView.DescriptorCode ? at + sizeOctets : start;
        length = at + sizeOctets + (sizeOctets == 0 ? FixedOctets(constructor) : size);
        return true;
    }

    private static int FixedOctets(byte constructor) => constructor >> 4 == 4 ? 0 : 1 << ((constructor >> 4) - 5);

    private static bool IsOf(ulong code, byte constructor) => code switch
    {
        DataView.DescriptorCode => AmqpReader.TypeOf(constructor) == AmqpType.Binary,
        AmqpSequenceView.DescriptorCode => AmqpReader.TypeOf(constructor) == AmqpType.List,
        AmqpValueView.DescriptorCode => true,
        FooterView.DescriptorCode => AmqpReader.TypeOf(constructor) == AmqpType.Map,
        _ => false,
    };

    /// <summary>Copies what comes next, which may lie in several chunks.</summary>
    /// <returns>How many octets there were.</returns>
    private int CopyNext(scoped Span<byte> destination)
    {
        var chunks = _body.Chunks;
        while (_chunk < chunks.Count && _next - _chunkStart >= chunks[_chunk].Count)
        {
            _chunkStart += chunks[_chunk++].Count;
        }

        int copied = 0;
        int from = (int)(_next - _chunkStart);
        for (int chunk = _chunk; chunk < chunks.Count && copied < destination.Length; chunk++, from = 0)
        {
            var octets = chunks[chunk].AsSpan(from);
            octets = octets[..Math.Min(octets.Length, destination.Length - copied)];
            octets.CopyTo(destination[copied..]);
            copied += octets.Length;
        }

        return copied;
    }
}
