using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Messages;

/// <summary>Puts a number into the annotations of a message of 1.0; all else keeps its octets. An answer holds until the next question; owned by one thread.</summary>
internal sealed class SectionAnnotations
{
    [ThreadStatic]
    private static SectionAnnotations? t_ofThread;

    private readonly EncodedValueBuilder _annotations = new();
    private readonly OctetBuffer _buffer = new();

    /// <summary>The thread's own.</summary>
    public static SectionAnnotations OfThread => t_ofThread ??= new SectionAnnotations();

    /// <summary>The sections before the body with a message's offset in its stream (x-stream-offset).</summary>
    public ReadOnlySpan<byte> WithStreamOffset(ReadOnlySpan<byte> sections, long offset) => With(sections, "x-stream-offset", "x-stream-offset"u8, offset);

    /// <summary>The sections before the body with a delay that is over (x-delay).</summary>
    public ReadOnlySpan<byte> WithDelay(ReadOnlySpan<byte> sections, long milliseconds) => With(sections, "x-delay", "x-delay"u8, milliseconds);

    private ReadOnlySpan<byte> With(ReadOnlySpan<byte> sections, string name, ReadOnlySpan<byte> utf8Name, long value)
    {
        MessageSections.TryParse(sections, out var found);
        _annotations.Clear().Describe(MessageAnnotationsView.DescriptorCode).BeginMap();
        if (!found.MessageAnnotations.IsEmpty && MessageAnnotationsView.TryParse(found.MessageAnnotations, out var present, out _) == DecodeError.None)
        {
            foreach (var entry in present.Value)
            {
                if (!entry.Key.TryGetSymbol(out var key) || !key.SequenceEqual(utf8Name))
                {
                    _annotations.Add(entry.Key).Add(entry.Value);
                }
            }
        }

        _annotations.AddSymbol(name).AddLong(value).End();
        int header = found.Header.Length;
        _buffer.Clear();
        _buffer.Add(sections[..header]);
        _buffer.Add(_annotations.Span);
        _buffer.Add(sections[(header + found.MessageAnnotations.Length)..]);
        return _buffer.Written;
    }
}
