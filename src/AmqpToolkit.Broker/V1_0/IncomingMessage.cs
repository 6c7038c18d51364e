using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.V1_0;

/// <summary>A message as it came, and what the broker looks at in it. Spans over wherever it lies.</summary>
internal readonly ref struct IncomingMessage
{
    /// <summary>The whole message.</summary>
    public ReadOnlySpan<byte> Octets { get; private init; }

    /// <summary>Where the body begins.</summary>
    public int BodyStart { get; private init; }

    /// <summary>What it asks for.</summary>
    public MessageFlags Flags { get; private init; }

    /// <summary>What its properties say of it; where they say nothing, empty.</summary>
    public ReadOnlySpan<byte> UserId { get; private init; }

    /// <summary>What it is about: the routing key where the address says none.</summary>
    public ReadOnlySpan<byte> Subject { get; private init; }

    /// <summary>Where it goes, if it says so.</summary>
    public ReadOnlySpan<byte> To { get; private init; }

    /// <summary>The delivery-annotations, which go no further: from where to where.</summary>
    public (int Start, int End) DeliveryAnnotations { get; private init; }

    /// <summary>Whether its notes may name more routing keys (x-cc).</summary>
    public bool MayHaveCopies { get; private init; }

    /// <summary>Reads a message; what is checked is what the broker and later readers rely on.</summary>
    public static DecodeError TryRead(ReadOnlySpan<byte> octets, out IncomingMessage message)
    {
        message = default;
        var error = MessageSections.TryParse(octets, out var sections);
        if (error != DecodeError.None)
        {
            return error;
        }

        error = SectionHeader.TryRead(sections.Header, out var header);
        PropertiesView properties = default;
        if (error == DecodeError.None && !sections.Properties.IsEmpty)
        {
            error = PropertiesView.TryParse(sections.Properties, out properties, out _);
        }

        if (error == DecodeError.None)
        {
            error = CheckAnnotations(sections.MessageAnnotations);
        }

        if (error == DecodeError.None && !sections.ApplicationProperties.IsEmpty)
        {
            error = ApplicationPropertiesView.TryParse(sections.ApplicationProperties, out _, out _);
        }

        if (error != DecodeError.None)
        {
            return error;
        }

        var to = properties.To;
        message = new IncomingMessage
        {
            Octets = octets,
            BodyStart = octets.Length - sections.Body.Length - sections.Footer.Length,
            Flags = MessageFlags.Sections | (header.IsDurable ? MessageFlags.Persistent : 0) | (header.Milliseconds is null && !properties.HasAbsoluteExpiryTime ? 0 : MessageFlags.Expires),
            UserId = properties.UserId,
            Subject = properties.Subject,
            To = to.TryGetAddressString(out var address) ? address : default,
            DeliveryAnnotations = sections.DeliveryAnnotations.IsEmpty ? default : (sections.Header.Length, sections.Header.Length + sections.DeliveryAnnotations.Length),
            MayHaveCopies = !sections.MessageAnnotations.IsEmpty && sections.MessageAnnotations.IndexOf("x-cc"u8) >= 0,
        };
        return DecodeError.None;
    }

    /// <summary>Keys are symbols that begin with x-, or numbers; all others are the protocol's own (section 3.2.10).</summary>
    private static DecodeError CheckAnnotations(ReadOnlySpan<byte> section)
    {
        if (section.IsEmpty)
        {
            return DecodeError.None;
        }

        var error = MessageAnnotationsView.TryParse(section, out var annotations, out _);
        if (error != DecodeError.None)
        {
            return error;
        }

        foreach (var entry in annotations.Value)
        {
            if (entry.Key.TryGetSymbol(out var symbol) ? !symbol.StartsWith("x-"u8) : entry.Key.Type != AmqpType.ULong)
            {
                return DecodeError.UnexpectedType;
            }
        }

        return DecodeError.None;
    }
}
