using System.Buffers.Text;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Conversion;

/// <summary>
/// The properties and the body of 0-9-1 that a message of 1.0 gets for a reader of the other version; the message itself stays as it is.
/// Each thread has one; an answer holds until the thread asks the same again. Allocates only to grow.
/// <code>
///   1.0                                          0-9-1
///   header durable, priority, ttl                delivery-mode, priority, expiration
///   properties                                   of the same name; group-id becomes app-id; ids that are no short string go to headers x-message-id, x-correlation-id
///   application-properties                       headers
///   message-annotations that begin with x-       headers; x-basic-type becomes type, x-cc CC, x-opt-deaths x-death
///   data                                         body, several one after the other
///   amqp-sequence, amqp-value                    body as they are encoded, footer and all, of type amqp-1.0
/// </code>
/// Lost are what 0-9-1 has no place for: subject, to, absolute-expiry-time, group-sequence, reply-to-group-id, delivery-annotations, the footer of data, texts over 255 octets, and headers
/// beyond what a frame carries. A section whose inside is malformed counts as if it were not there.
/// </summary>
internal sealed partial class BasicWriter
{
    /// <summary>Octets of all properties that are not over: what every reader of frames of 128 KiB takes.</summary>
    public const int DefaultMaxOctets = (128 * 1024) - FrameOctets;

    /// <summary>Octets of a frame with a content header beside the properties: type, channel, size, class, weight, body size, end.</summary>
    private const int FrameOctets = 1 + 2 + 4 + 2 + 2 + 8 + 1;

    /// <summary>Octets of the properties after the headers at most.</summary>
    private const int TailOctets = 1 + 1 + (6 * 256) + 11 + 8;

    private const int HeadersBit = 13;

    [ThreadStatic]
    private static BasicWriter? t_ofThread;

    private readonly OctetBuffer _buffer = new();
    private readonly OctetBuffer _body = new();
    private int _flags;

    /// <summary>The thread's own.</summary>
    public static BasicWriter OfThread => t_ofThread ??= new BasicWriter();

    /// <summary>The properties, flags first.</summary>
    /// <param name="sections">A message that came in sections.</param>
    /// <param name="maxOctets">How many there may be; headers that do not fit are left out. At least 4076, which the smallest frame carries.</param>
    public ReadOnlySpan<byte> PropertiesOf(scoped in MessageContent sections, int maxOctets = DefaultMaxOctets)
    {
        // What is not there, or malformed, leaves its view empty.
        MessageSections.TryParse(sections.Properties, out var parts);
        HeaderView.TryParse(parts.Header, out var header, out _);
        PropertiesView.TryParse(parts.Properties, out var properties, out _);
        MessageAnnotationsView.TryParse(parts.MessageAnnotations, out var annotations, out _);
        ApplicationPropertiesView.TryParse(parts.ApplicationProperties, out var applicationProperties, out _);

        Span<byte> messageIdScratch = stackalloc byte[MessageIds.UuidOctets];
        Span<byte> correlationIdScratch = stackalloc byte[MessageIds.UuidOctets];
        bool hasMessageId = MessageIds.TryGetText(properties.MessageId, messageIdScratch, out var messageId);
        bool hasCorrelationId = MessageIds.TryGetText(properties.CorrelationId, correlationIdScratch, out var correlationId);

        _buffer.Clear();
        _buffer.AddInt16(0);
        _flags = 0;
        AddText(15, properties.HasContentType, properties.ContentType);
        AddText(14, properties.HasContentEncoding, properties.ContentEncoding);
        AddHeaders(in properties, hasMessageId, hasCorrelationId, annotations.Value, applicationProperties.Value, maxOctets - TailOctets);
        AddOctet(12, (sections.Flags & MessageFlags.Persistent) != 0 ? (byte)2 : (byte)1);
        if (header.HasPriority)
        {
            AddOctet(11, header.Priority);
        }

        AddText(10, hasCorrelationId, correlationId);
        AddReplyTo(properties.ReplyTo);
        AddExpiration(in header);
        AddText(7, hasMessageId, messageId);
        AddTimestamp(in properties);
        AddType(in sections, annotations.Value);
        AddText(4, properties.HasUserId, properties.UserId);
        AddText(3, properties.HasGroupId, properties.GroupId);
        _buffer.SetInt16(0, _flags);
        return _buffer.Written;
    }

    private void AddOctet(int bit, byte value)
    {
        _buffer.Add(value);
        _flags |= 1 << bit;
    }

    /// <summary>Adds a short string if there is one: at most 255 octets of UTF-8.</summary>
    private void AddText(int bit, bool isThere, scoped ReadOnlySpan<byte> text)
    {
        if (isThere && text.Length <= byte.MaxValue && WireReader.IsText(text))
        {
            AddOctet(bit, (byte)text.Length);
            _buffer.Add(text);
        }
    }

    private void AddReplyTo(AnyAddress replyTo)
    {
        if (replyTo.TryGetAddressString(out var address))
        {
            Span<byte> scratch = stackalloc byte[byte.MaxValue];
            bool isShort = QueueAddress.TryRead(address, scratch, out var text);
            AddText(9, isShort, text);
        }
    }

    private void AddExpiration(in HeaderView header)
    {
        Span<byte> scratch = stackalloc byte[10];
        int octets = 0;
        AddText(8, header.HasTtl && Utf8Formatter.TryFormat(header.Ttl, scratch, out octets), scratch[..octets]);
    }

    private void AddTimestamp(in PropertiesView properties)
    {
        if (properties.HasCreationTime && properties.CreationTime >= 0)
        {
            _buffer.AddInt64(properties.CreationTime / MillisecondsASecond);
            _flags |= 1 << 6;
        }
    }

    private void AddType(in MessageContent sections, EncodedMapView annotations)
    {
        if (KindOf(in sections) is MessageBodyKind.AmqpSequence or MessageBodyKind.AmqpValue)
        {
            AddText(5, true, BodySections.BasicType);
            return;
        }

        if (annotations.TryGetValue(AnnotationNames.BasicType, out var value))
        {
            bool isThere = value.TryGetString(out var text) || value.TryGetSymbol(out text) || value.TryGetBinary(out text);
            AddText(5, isThere, text);
        }
    }
}
