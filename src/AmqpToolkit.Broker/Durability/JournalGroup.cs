using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Durability;

/// <summary>What belongs together in the journal: what is written with a group holds from its end on, or not at all. Any thread.</summary>
internal static class JournalGroup
{
    /// <summary>Begins a group, which is to be ended in any case.</summary>
    public static uint Begin(Journal journal)
    {
        using var appender = journal.Append();
        return appender.BeginGroup();
    }

    /// <summary>Gives a group up that is not whole: nothing of it outlives the broker.</summary>
    public static void Abandon(Journal journal, uint group)
    {
        using var appender = journal.Append();
        appender.AbandonGroup(group);
    }

    /// <summary>Ends a group.</summary>
    public static void End(Journal journal, uint group)
    {
        using var appender = journal.Append();
        appender.EndGroup(group);
    }
}
