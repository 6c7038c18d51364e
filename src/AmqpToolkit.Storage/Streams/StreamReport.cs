using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Streams;

/// <summary>What a look through a stream has found.</summary>
/// <param name="Files">Its files.</param>
/// <param name="Octets">Octets in them.</param>
/// <param name="Messages">Messages that are whole.</param>
/// <param name="FirstOffset">The offset of the first of them.</param>
/// <param name="EndOffset">The offset behind the last.</param>
/// <param name="Damages">What is damaged.</param>
internal sealed record StreamReport(int Files, long Octets, long Messages, long FirstOffset, long EndOffset, IReadOnlyList<JournalDamage> Damages)
{
    /// <summary>The number that was drawn for the stream; null where no header can be read.</summary>
    public Guid? Id { get; init; }

    /// <summary>The damages, as a repair needs to know them.</summary>
    public IReadOnlyList<StreamLoss> Losses { get; init; } = [];
}
