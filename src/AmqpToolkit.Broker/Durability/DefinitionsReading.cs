using System.Text;
using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Durability;

/// <summary>Reads what the journal of a folder declares, for whoever only wants to know: no broker, no message, and nothing in the folder is created, written or kept. Used once, by one thread.</summary>
internal sealed class DefinitionsReading : IJournalVisitor
{
    private readonly StoredDefinitions _definitions = new();
    private readonly List<JournalDamage> _damages = [];

    private DefinitionsReading()
    {
    }

    /// <summary>Reads a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>What it declares, and what is damaged, in the words of people.</returns>
    /// <exception cref="BrokerStoreException">It cannot be used: a broker has it, or there is none's data in it.</exception>
    public static (StoredDefinitions Definitions, IReadOnlyList<string> Damages) Run(string folder)
    {
        BrokerStore.RefuseUnderRepair(folder);
        try
        {
            BrokerStore.RefuseWithoutJournal(folder);
            if (!StoreFolders.HasJournal(folder))
            {
                throw new BrokerStoreException($"The folder '{folder}' holds no broker's data.");
            }

            using var files = new DiskFileLayer(folder) { IsReadOnly = true };
            files.Lock();
            var reading = new DefinitionsReading();
            var state = new JournalRecovery(files, new JournalOptions(), reading) { IsReadOnly = true }.Run();
            foreach (var segment in state.Segments.Values)
            {
                segment.File?.Dispose();
            }

            return (reading._definitions, reading.TellDamages());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JournalVersionException or NotSupportedException)
        {
            throw new BrokerStoreException(exception.Message, exception);
        }
    }

    public void VisitDefinition(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        // Where the store stands with its numbers, and what streams hold, is nothing that was declared.
        if (StoredDefinitions.KindOf(kind) is var known and not (DefinitionKind.Numbers or DefinitionKind.Places or DefinitionKind.Stream or DefinitionKind.Begun))
        {
            _definitions.Add(known, name, value);
        }
    }

    public void VisitQueues(bool wasClosed, ulong highestPlace) => _definitions.Resolve();

    public bool WantsContents(uint queue) => false;

    public bool HasQueue(uint queue) => _definitions.HoldsMessages(queue);

    public void VisitReplaced(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => _definitions.NoteReplaced((DefinitionKind)kind, value);

    public bool WasRemoved(uint queue) => _definitions.WasRemoved(queue);

    public void VisitMessage(in RecoveredMessage message)
    {
        // It is its queue's, which is only named.
    }

    public void VisitDamage(JournalDamage damage) => _damages.Add(damage);

    public void VisitEnd(bool wasClosed)
    {
        // What is declared was said before the messages.
    }

    private List<string> TellDamages()
    {
        var names = new Dictionary<uint, string>();
        if (_damages.Count > 0)
        {
            foreach (var host in _definitions.VirtualHosts)
            {
                host.Queues.ForEach(queue => names[queue.Number] = BrokerStore.NameOf("queue", queue.Definition.NameText, host.Name));
                host.Exchanges.ForEach(exchange => names[exchange.Number] = BrokerStore.NameOf("exchange", Encoding.UTF8.GetString(exchange.Name), host.Name));
            }
        }

        return
        [
            .. _definitions.VirtualHosts.Where(host => host.IsMadeAgain).Select(host => host.Loss()).Concat(_damages)
                .Select(damage => $"{damage.Where}: {damage.WhatOf(number => names.GetValueOrDefault(number) ?? JournalDamage.NumberOf(number))}"),
        ];
    }
}
