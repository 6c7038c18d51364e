using System.Buffers.Binary;
using AmqpToolkit.Broker.Durability;
using AmqpToolkit.Storage.Journaling;
using AmqpToolkit.Storage.Streams;

namespace AmqpToolkit.Broker.Queues;

/// <content>What comes with a transaction, or with the end of a dead letter elsewhere: it goes through the journal, see <see cref="StreamTransfer"/>.</content>
internal sealed partial class StreamQueue
{
    /// <summary><c>version (octet), an offset that the message will not be before (long)</c>, little-endian: where to look for it.</summary>
    private const int OverlayOctets = 1 + sizeof(long);

    private const byte OverlayVersion = 1;

    /// <summary>The place that the last message was given. Under the journal's lock.</summary>
    private ulong _lastPlace;

    /// <summary>What the journal has of groups that hold. While the broker starts.</summary>
    private List<(ulong Place, StoredMessage Stored, byte[] Content, long From)>? _restored;

    /// <summary>The log gets messages of groups that hold. On the journal's thread.</summary>
    internal void Take(IEnumerable<byte[]> contents)
    {
        if (IsDeleted)
        {
            return;
        }

        using var appender = Log.Append(VirtualHost.Timers.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds());
        foreach (byte[] content in contents)
        {
            content.CopyTo(appender.Add(content.Length));
        }
    }

    public override bool Restore(in RecoveredMessage recovered)
    {
        if (recovered.Overlay.Length != OverlayOctets || recovered.Overlay[0] != OverlayVersion || !StoredMessageFormat.TryReadPlace(recovered.Content, out _))
        {
            return false;
        }

        (_restored ??= []).Add((recovered.Position, recovered.Message, recovered.Content.ToArray(), BinaryPrimitives.ReadInt64LittleEndian(recovered.Overlay[1..])));
        return true;
    }

    public override void FinishRestore()
    {
        base.FinishRestore();
        _retention.Start();
        if (_restored is not { } restored)
        {
            return;
        }

        _restored = null;
        var taken = FindTaken(restored.Min(static message => message.From));
        var transfer = new StreamTransfer(VirtualHost.Store!);
        foreach (var (place, stored, content, _) in restored)
        {
            transfer.Add(this, place, stored, content, taken.Contains(place));
        }

        transfer.Resume();
    }

    private void PublishInGroup(IncomingBatch batch)
    {
        var store = VirtualHost.Store!;
        var transfer = store.TransferOf(batch.Group);
        Span<byte> overlay = stackalloc byte[OverlayOctets];
        overlay[0] = OverlayVersion;
        BinaryPrimitives.WriteInt64LittleEndian(overlay[1..], Log.EndOffset);
        for (int index = 0; index < batch.Count; index++)
        {
            var content = batch[index];
            byte[] octets = new byte[StoredMessageFormat.CountPlacedOctets(in content)];
            StoredMessageFormat.WritePlaced(octets, in content);
            using var append = store.Journal.Append();
            _lastPlace = Math.Max(_lastPlace + 1, store.FirstPlace);
            store.UsePlaces(in append, _lastPlace);
            StoredMessageFormat.SetPlace(octets, _lastPlace);
            transfer.Add(this, _lastPlace, append.Message(StoreNumber, _lastPlace, overlay, new ContentParts(octets), batch.Group), octets);
        }

        batch.MarkWritten(CommitLevel);
    }

    /// <summary>The places of the messages that the log has from an offset on.</summary>
    private HashSet<ulong> FindTaken(long from)
    {
        var taken = new HashSet<ulong>();
        using var cursor = Log.Read(StreamPosition.At(from));
        while (cursor.Fill())
        {
            if (StoredMessageFormat.TryReadPlace(cursor.Payload, out ulong place))
            {
                taken.Add(place);
            }

            cursor.MoveNext();
        }

        return taken;
    }
}
