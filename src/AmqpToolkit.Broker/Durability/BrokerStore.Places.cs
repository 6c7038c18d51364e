using System.Buffers.Binary;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Durability;

/// <content>
/// Places of messages in their queues. None is used twice, whatever the clock says: each life of the store begins with places that none before it had.
/// </content>
internal sealed partial class BrokerStore
{
    /// <summary>Places that are set aside with one record: a queue needs more only after four thousand million messages.</summary>
    private const ulong PlacesAtOnce = 1UL << 32;

    private const int PlacesOctets = 1 + sizeof(ulong) + sizeof(ulong);

    /// <summary>Journals that were begun before places were written down have some that were the time, in microseconds since then.</summary>
    private static readonly DateTimeOffset s_firstTime = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private ulong? _knownEnd;
    private ulong _placesEnd;

    /// <summary>The first place of a line of messages in this life of the store.</summary>
    public ulong FirstPlace { get; private set; }

    /// <summary>Messages below this place may have been handed out: a broker that had them ended without a word.</summary>
    public ulong HandedOutBelow { get; private set; }

    /// <summary>What an earlier life has set aside. <c>version (octet), end (longlong), handed out below (longlong)</c></summary>
    internal void ReadPlaces(ReadOnlySpan<byte> value)
    {
        var reader = new OctetReader(value);
        _ = reader.Octet();
        _knownEnd = reader.LongLong();
        HandedOutBelow = reader.LongLong();
    }

    /// <summary>All that is known of places was read.</summary>
    /// <param name="highest">The highest place that the journal speaks of.</param>
    /// <param name="wasClosed">Whether the last life ended in order.</param>
    internal void BeginPlaces(ulong highest, bool wasClosed)
    {
        ulong least = _knownEnd ?? (HasBegun ? (ulong)Math.Max(0, (_time.GetUtcNow() - s_firstTime).Ticks / TimeSpan.TicksPerMicrosecond) : 1);
        FirstPlace = Math.Max(least, highest + 1);
        HandedOutBelow = wasClosed ? HandedOutBelow : FirstPlace;
    }

    /// <summary>Sets the first places of this life aside, before any is used.</summary>
    internal void BeginToSetPlacesAside()
    {
        using var append = Journal.Append();
        SetPlacesAside(in append, FirstPlace);
    }

    /// <summary>Places up to this one are about to be used.</summary>
    public void UsePlaces(in Journal.Appender append, ulong last)
    {
        if (last >= _placesEnd)
        {
            SetPlacesAside(in append, last);
        }
    }

    private void SetPlacesAside(in Journal.Appender append, ulong last)
    {
        _placesEnd = last + PlacesAtOnce;
        Span<byte> value = stackalloc byte[PlacesOctets];
        value[0] = DefinitionFields.Version;
        BinaryPrimitives.WriteUInt64BigEndian(value[1..], _placesEnd);
        BinaryPrimitives.WriteUInt64BigEndian(value[(1 + sizeof(ulong))..], HandedOutBelow);
        append.Define((ushort)DefinitionKind.Places, default, value);
    }
}
