using System.Text;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Tests;

/// <summary>Writes down what a journal holds.</summary>
internal sealed class RecordingVisitor : IJournalVisitor
{
    public const ushort QueueKind = 1;

    public Dictionary<string, string> Definitions { get; } = [];

    public Dictionary<uint, List<Recovered>> Queues { get; } = [];

    public List<JournalDamage> Damages { get; } = [];

    public bool? WasClosed { get; private set; }

    public void VisitDefinition(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Definitions.Add($"{kind}:{Encoding.UTF8.GetString(name)}", Encoding.UTF8.GetString(value));
        if (kind == QueueKind)
        {
            Queues.Add(uint.Parse(Encoding.UTF8.GetString(name)), []);
        }
    }

    /// <summary>Whether messages of queues that are not there, and were not removed as far as the log tells, count as damage.</summary>
    public bool MissesQueues { get; init; }

    private readonly HashSet<uint> _removed = [];

    public void VisitReplaced(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (kind == QueueKind)
        {
            _removed.Add(uint.Parse(Encoding.UTF8.GetString(name)));
        }
    }

    public bool WasRemoved(uint queue) => !MissesQueues || _removed.Contains(queue);

    public void VisitQueues(bool wasClosed, ulong highestPlace) => (WasClosed, HighestPlace) = (wasClosed, highestPlace);

    public ulong HighestPlace { get; private set; }

    public bool HasQueue(uint queue) => Queues.ContainsKey(queue);

    public int Measure(ReadOnlySpan<byte> content) => content.Length + 1;

    public void VisitMessage(in RecoveredMessage message)
    {
        Assert.Equal(message.Content.Length + 1, message.Measure);
        Queues[message.Queue].Add(
            new Recovered(message.Position, message.Message, Encoding.UTF8.GetString(message.Overlay), Encoding.UTF8.GetString(message.Content)));
    }

    public void VisitDamage(JournalDamage damage) => Damages.Add(damage);

    public void VisitEnd(bool wasClosed) => Assert.Equal(wasClosed, WasClosed);

    /// <summary>One message that came back.</summary>
    internal sealed record Recovered(ulong Position, StoredMessage Message, string Overlay, string Content);
}
