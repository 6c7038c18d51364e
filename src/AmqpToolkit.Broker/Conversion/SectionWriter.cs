using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Conversion;

/// <summary>
/// The sections of 1.0 (3.2) that a message of 0-9-1 gets for a reader of the other version; the message itself stays as it is.
/// Each thread has one; an answer holds until the thread asks again. Allocates only to grow.
/// <code>
///   0-9-1                                        1.0
///   exchange, routing key, type, CC              message-annotations x-exchange, x-routing-key, x-basic-type, x-cc
///   headers whose names begin with x-            message-annotations; x-death becomes x-opt-deaths
///   message-id ... app-id                        properties; app-id becomes group-id, headers x-message-id and x-correlation-id the ids that they stand for
///   other headers, but for tables and arrays     application-properties
///   body                                         one data section; of type amqp-1.0 the sections that it holds
/// </code>
/// What has no place there is left out: names of other than ASCII for symbols, of other than UTF-8 for strings, times after the year 292 million. Delivery-mode, priority and
/// expiration belong into the header, which whoever delivers writes.
/// </summary>
internal sealed partial class SectionWriter
{
    [ThreadStatic]
    private static SectionWriter? t_ofThread;

    private readonly EncodedBuffer _buffer = new();

    /// <summary>The names of a table that were written; one set a level of nesting.</summary>
    private readonly KeySet?[] _names = new KeySet?[TableView.MaxDepth + 1];

    /// <summary>The thread's own.</summary>
    public static SectionWriter OfThread => t_ofThread ??= new SectionWriter();

    /// <summary>
    /// What stands between header and body: message-annotations, properties and application-properties, as far as there is something in them, and the start of the
    /// one data section that the body is; where the body holds sections already, nothing of the latter.
    /// </summary>
    public ReadOnlySpan<byte> FromBasic(scoped in MessageContent basic)
    {
        _buffer.Clear();

        // Octets that are no properties say nothing; they were checked when they came.
        BasicPropertiesView.TryParse(basic.Properties, out var properties);
        bool holdsSections = properties.HasType && properties.Type.SequenceEqual(BodySections.BasicType) && BodySections.AreIn(in basic);
        var headers = properties.Headers;
        AddMessageAnnotations(in basic, in properties, headers, holdsSections);
        AddProperties(in properties, headers);
        AddApplicationProperties(headers);
        if (!holdsSections)
        {
            _buffer.AddDataStart(basic.BodyOctets);
        }

        return _buffer.Written;
    }

    private void AddMessageAnnotations(in MessageContent basic, in BasicPropertiesView properties, TableView headers, bool holdsSections)
    {
        _buffer.AddDescriptor(MessageAnnotationsView.DescriptorCode);
        int start = _buffer.BeginCompound();
        int pairs = 2;
        _buffer.AddSymbol(AnnotationNames.Exchange);
        AddText(basic.Exchange);
        _buffer.AddSymbol(AnnotationNames.RoutingKey);
        AddText(basic.RoutingKey);
        if (properties.HasType && !holdsSections)
        {
            _buffer.AddSymbol(AnnotationNames.BasicType);
            AddText(properties.Type);
            pairs++;
        }

        var names = NamesAt(0);
        foreach (var header in headers)
        {
            if (!AnnotationNames.IsAnnotation(header.Key) || BecomesId(header, in properties)
                || !names.Add(headers.Span, OffsetOf(headers.Span, header.Key), header.Key.Length))
            {
                continue;
            }

            int mark = _buffer.Count;
            if (TryAddAnnotation(header))
            {
                pairs++;
            }
            else
            {
                _buffer.Truncate(mark);
            }
        }

        _buffer.EndCompound(start, Constructors.MapMap8, 2 * pairs);
    }

    private bool TryAddAnnotation(TableEntryView header)
    {
        if (header.Key.SequenceEqual(AnnotationNames.CopiesHeader))
        {
            return TryAddCopies(header.Value);
        }

        if (AnnotationNames.IsBrokers(header.Key) || !Ascii.IsValid(header.Key))
        {
            return false;
        }

        if (header.Key.SequenceEqual(AnnotationNames.DeathHeader))
        {
            return TryAddDeaths(header.Value);
        }

        _buffer.AddSymbol(header.Key);
        return TryAddValue(header.Value, depth: 1);
    }

    /// <summary>Fields in their order (3.2.4); those without a value at the end are left out, and the section when it has none.</summary>
    private void AddProperties(in BasicPropertiesView properties, TableView headers)
    {
        int mark = _buffer.Count;
        _buffer.AddDescriptor(PropertiesView.DescriptorCode);
        int start = _buffer.BeginCompound();
        var fields = new Fields(_buffer);
        fields.Next(TryAddId(properties.HasMessageId, properties.MessageId, headers, AnnotationNames.MessageId));
        fields.Next(properties.HasUserId && AddedBinary(properties.UserId));
        fields.Next(false); // to
        fields.Next(false); // subject
        fields.Next(properties.HasReplyTo && AddedAddress(properties.ReplyTo));
        fields.Next(TryAddId(properties.HasCorrelationId, properties.CorrelationId, headers, AnnotationNames.CorrelationId));
        fields.Next(properties.HasContentType && TryAddSymbol(properties.ContentType));
        fields.Next(properties.HasContentEncoding && TryAddSymbol(properties.ContentEncoding));
        fields.Next(false); // absolute-expiry-time
        fields.Next(properties.HasTimestamp && TryAddTime(properties.Timestamp));
        fields.Next(properties.HasAppId && TryAddString(properties.AppId));
        if (fields.End(start) == 0)
        {
            _buffer.Truncate(mark);
        }
    }

    private void AddApplicationProperties(TableView headers)
    {
        int mark = _buffer.Count;
        _buffer.AddDescriptor(ApplicationPropertiesView.DescriptorCode);
        int start = _buffer.BeginCompound();
        int pairs = 0;
        var names = NamesAt(0);
        foreach (var header in headers)
        {
            if (AnnotationNames.IsAnnotation(header.Key) || header.Value.Type is FieldType.Table or FieldType.Array || !WireReader.IsText(header.Key)
                || !names.Add(headers.Span, OffsetOf(headers.Span, header.Key), header.Key.Length))
            {
                continue;
            }

            int before = _buffer.Count;
            _buffer.AddString(header.Key);
            if (TryAddValue(header.Value, depth: 1))
            {
                pairs++;
            }
            else
            {
                _buffer.Truncate(before);
            }
        }

        if (pairs == 0)
        {
            _buffer.Truncate(mark);
            return;
        }

        _buffer.EndCompound(start, Constructors.MapMap8, 2 * pairs);
    }

    /// <summary>Whether a header stands for an id that no short string could be, and the property itself is free.</summary>
    private static bool BecomesId(TableEntryView header, in BasicPropertiesView properties) =>
        header.Value.Type is FieldType.LongString or FieldType.Binary
        && ((!properties.HasMessageId && header.Key.SequenceEqual(AnnotationNames.MessageId))
            || (!properties.HasCorrelationId && header.Key.SequenceEqual(AnnotationNames.CorrelationId)));

    private bool TryAddId(bool isThere, ReadOnlySpan<byte> id, TableView headers, ReadOnlySpan<byte> header)
    {
        if (isThere)
        {
            if (id.Length == MessageIds.UuidOctets && id.StartsWith(MessageIds.UuidPrefix)
                && Utf8Parser.TryParse(id[MessageIds.UuidPrefix.Length..], out Guid uuid, out int read, 'D') && read == id.Length - MessageIds.UuidPrefix.Length)
            {
                _buffer.AddUuid(uuid);
            }
            else
            {
                AddText(id);
            }

            return true;
        }

        if (!headers.TryGetValue(header, out var value))
        {
            return false;
        }

        if (value.TryGetString(out var text))
        {
            AddText(text);
            return true;
        }

        return value.TryGetBinary(out var octets) && AddedBinary(octets);
    }

    private bool AddedBinary(ReadOnlySpan<byte> octets)
    {
        _buffer.AddBinary(octets);
        return true;
    }

    private bool AddedAddress(ReadOnlySpan<byte> queue)
    {
        Span<byte> address = stackalloc byte[QueueAddress.MaxOctets];
        _buffer.AddString(address[..QueueAddress.Write(address, queue)]);
        return true;
    }

    private bool TryAddSymbol(ReadOnlySpan<byte> text)
    {
        bool isSymbol = Ascii.IsValid(text);
        if (isSymbol)
        {
            _buffer.AddSymbol(text);
        }

        return isSymbol;
    }

    private bool TryAddString(ReadOnlySpan<byte> text)
    {
        bool isString = WireReader.IsText(text);
        if (isString)
        {
            _buffer.AddString(text);
        }

        return isString;
    }

    /// <summary>Where a name begins in the table that it stands in.</summary>
    private static int OffsetOf(ReadOnlySpan<byte> table, ReadOnlySpan<byte> name) =>
        (int)Unsafe.ByteOffset(ref MemoryMarshal.GetReference(table), ref MemoryMarshal.GetReference(name));

    private KeySet NamesAt(int depth)
    {
        var names = _names[depth] ??= new KeySet();
        names.Clear();
        return names;
    }

    /// <summary>The fields of a list one after the other.</summary>
    private ref struct Fields(EncodedBuffer buffer)
    {
        private int _count;
        private int _lastCount;
        private int _lastEnd;

        /// <summary>One more field: what was added, or nothing.</summary>
        public void Next(bool isThere)
        {
            _count++;
            if (isThere)
            {
                _lastCount = _count;
                _lastEnd = buffer.Count;
            }
            else
            {
                buffer.AddNull();
            }
        }

        /// <summary>Ends the list after the last field that is there.</summary>
        /// <returns>How many fields it has.</returns>
        public readonly int End(int start)
        {
            if (_lastCount > 0)
            {
                buffer.Truncate(_lastEnd);
                buffer.EndCompound(start, Constructors.ListList8, _lastCount);
            }

            return _lastCount;
        }
    }
}
