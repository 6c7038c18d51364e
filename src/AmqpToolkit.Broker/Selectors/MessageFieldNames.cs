using System.Collections.Frozen;

namespace AmqpToolkit.Broker.Selectors;

/// <summary>
/// Identifiers that name a field of a message: those of JMS; <c>amqp.field</c> as Qpid's brokers have it; <c>properties.field</c>, <c>header.field</c> and their short forms as
/// the draft of filter expressions has it.
/// </summary>
internal static class MessageFieldNames
{
    private static readonly string[] PropertyPrefixes = ["properties.", "p.", "amqp."];

    private static readonly string[] HeaderPrefixes = ["header.", "h.", "amqp."];

    private static readonly string[] ApplicationPropertyPrefixes = ["application_properties.", "a."];

    private static readonly FrozenDictionary<string, MessageField> Fields = All().ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>What an identifier names.</summary>
    /// <returns>False for the name of an application-property.</returns>
    public static bool TryGet(string identifier, SelectorDialect dialect, out MessageField field) =>
        Fields.TryGetValue(identifier, out field) && (dialect == SelectorDialect.Jms || IsOfSection(identifier));

    /// <summary>The name of the application-property that an identifier names.</summary>
    public static string ApplicationProperty(string identifier)
    {
        foreach (string prefix in ApplicationPropertyPrefixes)
        {
            if (identifier.Length > prefix.Length && identifier.StartsWith(prefix, StringComparison.Ordinal))
            {
                return identifier[prefix.Length..];
            }
        }

        return identifier;
    }

    private static bool IsOfSection(string identifier) =>
        !identifier.StartsWith("JMS", StringComparison.Ordinal) && !identifier.StartsWith("amqp.", StringComparison.Ordinal);

    private static Dictionary<string, MessageField> All()
    {
        var fields = new Dictionary<string, MessageField>(StringComparer.Ordinal)
        {
            ["JMSMessageID"] = MessageField.JmsMessageId,
            ["JMSCorrelationID"] = MessageField.JmsCorrelationId,
            ["JMSDeliveryMode"] = MessageField.JmsDeliveryMode,
            ["JMSPriority"] = MessageField.Priority,
            ["JMSTimestamp"] = MessageField.CreationTime,
            ["JMSType"] = MessageField.JmsType,
            ["JMSRedelivered"] = MessageField.JmsRedelivered,
            ["JMSXDeliveryCount"] = MessageField.JmsDeliveryCount,
            ["JMSXGroupID"] = MessageField.GroupId,
            ["JMSXGroupSeq"] = MessageField.GroupSequence,
            ["JMSXUserID"] = MessageField.UserId,
            ["amqp.redelivered"] = MessageField.JmsRedelivered,
        };
        foreach (var field in Enum.GetValues<MessageField>().Where(field => field >= MessageField.Durable))
        {
            foreach (string prefix in field >= MessageField.MessageId ? PropertyPrefixes : HeaderPrefixes)
            {
                fields.Add(prefix + InSnakeCase(field), field);
            }
        }

        return fields;
    }

    private static string InSnakeCase(MessageField field) =>
        string.Concat(field.ToString().Select((letter, index) => char.IsAsciiLetterUpper(letter) && index > 0 ? $"_{char.ToLowerInvariant(letter)}" : $"{char.ToLowerInvariant(letter)}"));
}
