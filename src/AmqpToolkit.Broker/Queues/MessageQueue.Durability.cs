using System.Text;
using AmqpToolkit.Broker.Durability;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Queues;

/// <content>What of the queue outlives the broker.</content>
internal partial class MessageQueue
{
    private volatile DurabilityLevel _durability;

    /// <summary>
    /// What it means that a message of this queue is kept: the argument x-durability, else the policy's key durability, else the virtual host's, else the broker's.
    /// </summary>
    public DurabilityLevel Durability => _durability;

    /// <summary>Whether persistent messages that come now are kept.</summary>
    public bool KeepsMessages => StoreNumber != 0 && _durability != DurabilityLevel.Memory;

    /// <summary>When a message that is kept counts as such.</summary>
    public CommitLevel CommitLevel => BrokerStore.LevelOf(_durability);

    /// <summary>Virtual host, policy or definition have said something new.</summary>
    internal void FindDurability()
    {
        var level = VirtualHost.Durability;
        if ((!Definition.Arguments.IsEmpty && Definition.Arguments.View.TryGetValue("x-durability"u8, out var value))
            || (Policy is { } policy && policy.Definition.View.TryGetValue("durability"u8, out value)))
        {
            level = value.TryGetString(out var word) && Enum.TryParse(Encoding.UTF8.GetString(word), ignoreCase: true, out DurabilityLevel said) ? said : level;
        }

        _durability = level;
        FindJournal();
    }
}
