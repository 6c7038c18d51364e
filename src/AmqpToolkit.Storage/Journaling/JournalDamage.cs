using System.Globalization;

namespace AmqpToolkit.Storage.Journaling;

/// <summary>Octets of a journal that are not what was written.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Offset">Where the damage begins.</param>
/// <param name="Octets">Octets up to the next record that is whole; 0 for a record that is missing.</param>
/// <param name="What">What depends on them, as far as that can be told. A queue stands there by its number, see <see cref="NumberOf"/>.</param>
/// <param name="Queue">The number of the queue that it is about; 0 for none.</param>
internal sealed record JournalDamage(string File, long Offset, long Octets, string What, uint Queue = 0)
{
    /// <summary>Whether the octets are, or were, at a place in the file, rather than the whole of it gone.</summary>
    public bool HasPlace { get; init; } = true;

    /// <summary>The file, with the place in it.</summary>
    public string Where => HasPlace ? string.Create(CultureInfo.InvariantCulture, $"{File}, octet {Offset}") : File;

    /// <summary>A queue, as the journal knows it.</summary>
    public static string NumberOf(uint queue) => string.Create(CultureInfo.InvariantCulture, $"queue number {queue}");

    /// <summary>What depends on the octets, in the words of people.</summary>
    /// <param name="nameOf">What a queue is called that has a number.</param>
    public string WhatOf(Func<uint, string> nameOf) => Queue == 0 ? What : What.Replace(NumberOf(Queue), nameOf(Queue), StringComparison.Ordinal);
}
