using System.Globalization;
using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;
using AmqpToolkit.Storage.Streams;

namespace AmqpToolkit.Broker.Host;

/// <summary>What is said of a journal, a line each.</summary>
internal static class StoreReport
{
    /// <summary>What there is, and what of it is damaged.</summary>
    public static IEnumerable<string> Lines(string folder, JournalReport report, StoreInventory inventory, IReadOnlySet<uint> streams)
    {
        string end = report.WasClosed ? "stopped in order" : "ended without a word";
        yield return report.Segments == 0
            ? Text($"{folder}: no journal (segment-*.journal)")
            : Text($"{folder}: {Count(report.Segments, "file")}, {Count(report.Octets, "octet")}, {Count(report.Definitions, "definition")}, {end}");
        foreach (var (queue, count) in report.Messages.Where(queue => queue.Value > 0 || !(inventory.IsExchange(queue.Key) || streams.Contains(queue.Key))))
        {
            yield return Text($"{inventory.NameOf(queue)}: {Count(count, "message")}{(streams.Contains(queue) ? " on the way to the stream" : string.Empty)}");
        }

        foreach (string line in Damages([.. report.Damages.Select(damage => damage with { What = damage.WhatOf(inventory.NameOf) })]))
        {
            yield return line;
        }
    }

    /// <summary>What a stream has, and what of it is damaged.</summary>
    public static IEnumerable<string> Lines(uint number, StreamReport stream, StoreInventory inventory)
    {
        string offsets = stream.Messages > 0 ? Text($", offsets {stream.FirstOffset} to {stream.EndOffset - 1}") : string.Empty;
        yield return Text($"stream of {inventory.NameOf(number)}: {Count(stream.Messages, "message")}{offsets}, {Count(stream.Files, "file")}, {Count(stream.Octets, "octet")}");
        foreach (string line in Damages([.. stream.Damages.Select(damage => damage with
        {
            File = $"{StoreFolders.Streams}/{number}/{damage.File}",
            What = $"{inventory.NameOf(number)}: {damage.What}",
        })]))
        {
            yield return line;
        }
    }

    /// <summary>Where damage is, and what depends on it.</summary>
    public static IEnumerable<string> Damages(IReadOnlyList<JournalDamage> damages) =>
        damages.Select(damage => damage.HasPlace ? Text($"damaged: {damage.File}, offset {damage.Offset}, {Count(damage.Octets, "octet")}: {damage.What}") : Text($"damaged: {damage.File}: {damage.What}"));

    private static string Count(long count, string what) => Text($"{count} {what}{(count == 1 ? string.Empty : "s")}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
