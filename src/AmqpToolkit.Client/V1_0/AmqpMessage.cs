using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Client.V1_0;

/// <summary>A message (1.0 section 3.2): its sections as the definitions have them. Immutable. Equality is that of the sections; data compares by its octets.</summary>
/// <remarks><code>
/// header | delivery-annotations | message-annotations | properties | application-properties | body | footer
/// </code></remarks>
public sealed record AmqpMessage
{
    /// <summary>Durable, priority, ttl, first-acquirer, delivery-count.</summary>
    public Header Header { get; init; }

    /// <summary>For the next hop alone: null or a map.</summary>
    public EncodedValue DeliveryAnnotations { get; init; }

    /// <summary>For whoever passes it on: null or a map.</summary>
    public EncodedValue MessageAnnotations { get; init; }

    /// <summary>message-id, to, subject, reply-to, correlation-id, content-type and others.</summary>
    public Properties Properties { get; init; }

    /// <summary>The application's: null or a map of names and simple values.</summary>
    public EncodedValue ApplicationProperties { get; init; }

    /// <summary>
    /// What the body is made of. Who sets <see cref="Data"/> or <see cref="Value"/> sets this, too; only for an amqp-sequence it must be said. A message must have a body (1.0 section 3.2): one without
    /// is sent with the value null.
    /// </summary>
    public MessageBodyKind BodyKind { get; init; }

    /// <summary>A body of data; of several sections the octets in a row.</summary>
    public ReadOnlyMemory<byte> Data
    {
        get;
        init
        {
            field = value;
            BodyKind = MessageBodyKind.Data;
        }
    }

    /// <summary>A body that is a value, or a list: of several amqp-sequence sections the elements in a row.</summary>
    public EncodedValue Value
    {
        get;
        init
        {
            field = value;
            BodyKind = BodyKind == MessageBodyKind.AmqpSequence ? BodyKind : MessageBodyKind.AmqpValue;
        }
    }

    /// <summary>What can only be told once the body is known: null or a map.</summary>
    public EncodedValue Footer { get; init; }

    /// <summary>The text of a body that is one; null of any other.</summary>
    public string? Text => BodyKind == MessageBodyKind.AmqpValue && Value.View.TryGetString(out var text) ? System.Text.Encoding.UTF8.GetString(text) : null;

    /// <summary>A message whose body is octets.</summary>
    public static AmqpMessage Of(ReadOnlyMemory<byte> data) => new() { Data = data };

    /// <summary>A message whose body is text.</summary>
    public static AmqpMessage Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Of(EncodedValue.String(text));
    }

    /// <summary>A message whose body is a value.</summary>
    public static AmqpMessage Of(EncodedValue value) => new() { Value = value };

    /// <inheritdoc/>
    public bool Equals(AmqpMessage? other) =>
        other is not null && BodyKind == other.BodyKind && Data.Span.SequenceEqual(other.Data.Span) && Value == other.Value && Header == other.Header && Properties == other.Properties
        && DeliveryAnnotations == other.DeliveryAnnotations && MessageAnnotations == other.MessageAnnotations && ApplicationProperties == other.ApplicationProperties && Footer == other.Footer;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(BodyKind, Data.Length, Value, Header, Properties, ApplicationProperties);

    /// <summary>Reads a message.</summary>
    /// <returns>What is wrong with it.</returns>
    public static DecodeError TryRead(ReadOnlySpan<byte> octets, out AmqpMessage? message)
    {
        message = null;
        var error = MessageSections.TryParse(octets, out var sections);
        HeaderView header = default;
        PropertiesView properties = default;
        if (error == DecodeError.None && !sections.Header.IsEmpty)
        {
            error = HeaderView.TryParse(sections.Header, out header, out _);
        }

        if (error == DecodeError.None && !sections.Properties.IsEmpty)
        {
            error = PropertiesView.TryParse(sections.Properties, out properties, out _);
        }

        EncodedValue delivery = default;
        EncodedValue annotations = default;
        EncodedValue application = default;
        EncodedValue footer = default;
        if (error != DecodeError.None
            || (error = ReadMap(sections.DeliveryAnnotations, ref delivery)) != DecodeError.None
            || (error = ReadMap(sections.MessageAnnotations, ref annotations)) != DecodeError.None
            || (error = ReadMap(sections.ApplicationProperties, ref application)) != DecodeError.None
            || (error = ReadMap(sections.Footer, ref footer)) != DecodeError.None
            || (error = ReadBody(in sections, out var data, out var value)) != DecodeError.None)
        {
            return error;
        }

        message = new AmqpMessage
        {
            Header = sections.Header.IsEmpty ? default : header.ToOwned(),
            DeliveryAnnotations = delivery,
            MessageAnnotations = annotations,
            Properties = sections.Properties.IsEmpty ? default : properties.ToOwned(),
            ApplicationProperties = application,
            Data = data,
            Value = value,
            BodyKind = sections.BodyKind,
            Footer = footer,
        };
        return DecodeError.None;
    }

    /// <summary>Writes its octets behind what <paramref name="builder"/> has.</summary>
    /// <exception cref="ArgumentException">A section that must be a map is none, or the list of an amqp-sequence no list.</exception>
    public void Write(EncodedValueBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (Header != default)
        {
            builder.Add(Header);
        }

        Write(builder, DeliveryAnnotationsView.DescriptorCode, DeliveryAnnotations);
        Write(builder, MessageAnnotationsView.DescriptorCode, MessageAnnotations);
        if (Properties != default)
        {
            builder.Add(Properties);
        }

        Write(builder, ApplicationPropertiesView.DescriptorCode, ApplicationProperties);
        switch (BodyKind)
        {
            case MessageBodyKind.Data:
                builder.Describe(DataView.DescriptorCode).AddBinary(Data.Span);
                break;
            case MessageBodyKind.AmqpSequence:
                if (!Value.View.TryGetList(out _))
                {
                    throw new ArgumentException("The body of an amqp-sequence is a list.");
                }

                builder.Describe(AmqpSequenceView.DescriptorCode).Add(Value);
                break;
            default:
                builder.Describe(AmqpValueView.DescriptorCode).Add(BodyKind == MessageBodyKind.AmqpValue ? Value : default);
                break;
        }

        Write(builder, FooterView.DescriptorCode, Footer);
    }

    private static void Write(EncodedValueBuilder builder, ulong code, EncodedValue map)
    {
        if (!map.IsNull)
        {
            if (!map.View.TryGetMap(out _))
            {
                throw new ArgumentException("A section of the message is a map by the specification, and none here.");
            }

            builder.Describe(code).Add(map);
        }
    }

    private static DecodeError ReadMap(ReadOnlySpan<byte> section, ref EncodedValue map)
    {
        if (section.IsEmpty)
        {
            return DecodeError.None;
        }

        var error = EncodedValueView.TryParse(section, out var view, out _);
        if (error == DecodeError.None && view.TryGetDescribed(out _, out var value))
        {
            map = value.ToOwned();
        }

        return error;
    }

    private static DecodeError ReadBody(in MessageSections sections, out ReadOnlyMemory<byte> data, out EncodedValue value)
    {
        value = default;
        data = default;
        if (sections.TryGetData(out var octets))
        {
            data = octets.ToArray();
            return DecodeError.None;
        }

        return sections.BodyKind switch
        {
            MessageBodyKind.Data => ReadData(in sections, out data),
            MessageBodyKind.AmqpSequence => ReadSequences(in sections, out value),
            _ => ReadValue(in sections, out value),
        };
    }

    /// <summary>Several data sections.</summary>
    private static DecodeError ReadData(in MessageSections sections, out ReadOnlyMemory<byte> data)
    {
        List<byte> all = [];
        data = default;
        foreach (var part in sections)
        {
            var error = EncodedValueView.TryParse(part, out var view, out _);
            if (error != DecodeError.None)
            {
                return error;
            }

            view.TryGetBinary(out var some);
            all.AddRange(some);
        }

        data = all.ToArray();
        return DecodeError.None;
    }

    private static DecodeError ReadSequences(in MessageSections sections, out EncodedValue value)
    {
        value = default;
        int count = 0;
        EncodedValueBuilder? all = null;
        foreach (var part in sections)
        {
            var error = EncodedValueView.TryParse(part, out var view, out _);
            if (error != DecodeError.None)
            {
                return error;
            }

            if (count++ == 0)
            {
                value = view.ToOwned();
                continue;
            }

            all ??= Append(new EncodedValueBuilder().BeginList(), value.View);
            Append(all, view);
        }

        value = all is null ? value : all.End().ToValue();
        return DecodeError.None;
    }

    private static EncodedValueBuilder Append(EncodedValueBuilder all, EncodedValueView sequence)
    {
        if (sequence.TryGetList(out var elements))
        {
            foreach (var element in elements)
            {
                all.Add(element);
            }
        }

        return all;
    }

    private static DecodeError ReadValue(in MessageSections sections, out EncodedValue value)
    {
        value = default;
        foreach (var part in sections)
        {
            var error = EncodedValueView.TryParse(part, out var view, out _);
            if (error != DecodeError.None)
            {
                return error;
            }

            value = view.ToOwned();
        }

        return DecodeError.None;
    }
}
