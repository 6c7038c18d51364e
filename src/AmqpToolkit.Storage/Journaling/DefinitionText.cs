using System.Buffers.Binary;
using System.Text;

namespace AmqpToolkit.Storage.Journaling;

/// <summary>What people call a definition of the broker's (docs/journal.md, "The broker's definitions"), also one of which octets are damaged.</summary>
internal static class DefinitionText
{
    /// <summary>Characters of a name that are shown.</summary>
    private const int MaxCharacters = 100;

    /// <summary>What it is, with its name as far as that can be told.</summary>
    public static string Of(ushort kind, ReadOnlySpan<byte> name) => kind switch
    {
        1 => "the numbers that were given out",
        2 => "whether the store had begun",
        3 => $"virtual host {Quote(name)}",
        4 => $"exchange {QuoteInHost(name)}",
        5 => $"queue {QuoteInHost(name)}",
        6 => "a binding",
        7 => $"user {Quote(name)}",
        8 => $"a permission of user {QuoteFirst(name)}",
        9 => $"a topic permission of user {QuoteFirst(name)}",
        10 => $"policy {QuoteInHost(name)}",
        11 => $"operator policy {QuoteInHost(name)}",
        12 => "the places of messages that were given out",
        13 => "how far a stream was on the disk",
        _ => $"something of kind {kind}",
    };

    /// <summary>The name stands behind the number of its virtual host.</summary>
    private static string QuoteInHost(ReadOnlySpan<byte> name) => Quote(name.Length < sizeof(uint) ? default : name[sizeof(uint)..]);

    /// <summary>The first of several texts, each behind its length.</summary>
    private static string QuoteFirst(ReadOnlySpan<byte> name)
    {
        int octets = name.Length < sizeof(ushort) ? 0 : Math.Min(BinaryPrimitives.ReadUInt16BigEndian(name), name.Length - sizeof(ushort));
        return Quote(octets == 0 ? default : name.Slice(sizeof(ushort), octets));
    }

    private static string Quote(ReadOnlySpan<byte> name)
    {
        var text = new StringBuilder(Encoding.UTF8.GetString(name));
        text.Length = Math.Min(text.Length, MaxCharacters);
        for (int index = 0; index < text.Length; index++)
        {
            text[index] = char.IsControl(text[index]) ? '?' : text[index];
        }

        return $"'{text}'";
    }
}
