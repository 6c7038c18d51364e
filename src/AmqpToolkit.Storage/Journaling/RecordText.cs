using System.Globalization;

namespace AmqpToolkit.Storage.Journaling;

/// <summary>Says in words what a record is about, also one whose sum is wrong.</summary>
internal static class RecordText
{
    /// <summary>What depends on a record, as its own octets tell.</summary>
    /// <param name="header">The record's header.</param>
    /// <param name="payload">Its payload, or what is left of it.</param>
    /// <param name="queue">The queue that it is about; 0 for none.</param>
    public static string DependsOn(in RecordHeader header, ReadOnlySpan<byte> payload, out uint queue)
    {
        var culture = CultureInfo.InvariantCulture;
        queue = QueueOf(header.Kind, payload);
        string name = JournalDamage.NumberOf(queue);
        return header.Kind switch
        {
            RecordKind.Message or RecordKind.Enqueue when queue != 0 => $"a message of {name}",
            RecordKind.Content when payload.Length >= sizeof(ulong) => string.Create(culture, $"the messages that share content {BitConverter.ToUInt64(payload)}"),
            RecordKind.Ack when queue != 0 => $"messages that {name} was done with; they may come back",
            RecordKind.Update when queue != 0 => $"what {name} knew last of a message",
            RecordKind.Definition when DefinitionPayload.TryRead(payload, out var definition) => $"the definition of {DefinitionText.Of(definition.Kind, definition.Name)}",
            RecordKind.Removal when DefinitionPayload.TryRead(payload, out var removal) => $"the removal of {DefinitionText.Of(removal.Kind, removal.Name)}",
            RecordKind.GroupEnd => string.Create(culture, $"all records of group {header.Group}"),
            RecordKind.Mark => "nothing is lost: it ends a batch",
            RecordKind.Close => "whether the journal was closed in order",
            RecordKind.Segments => "nothing is lost: it tells which files there are",
            RecordKind.Gone => "nothing is lost: it tells which files may be missing",
            _ => "nobody can tell what",
        };
    }

    private static uint QueueOf(RecordKind kind, ReadOnlySpan<byte> payload) => kind switch
    {
        RecordKind.Message when MessagePayload.TryRead(payload, out var message) => message.Queue,
        RecordKind.Enqueue when EnqueuePayload.TryRead(payload, out var enqueue) => enqueue.Queue,
        RecordKind.Ack when AckPayload.TryRead(payload, out var ack) => ack.Queue,
        RecordKind.Update when UpdatePayload.TryRead(payload, out var update) => update.Queue,
        _ => 0,
    };
}
