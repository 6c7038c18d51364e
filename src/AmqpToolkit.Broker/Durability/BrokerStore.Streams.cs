using System.Buffers.Binary;
using System.Collections.Concurrent;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Durability;

/// <content>What the journal knows of streams, whose messages lie elsewhere: that they were there, so that they are missed when they are not.</content>
internal sealed partial class BrokerStore
{
    private const int StreamOctets = 1 + sizeof(long) + sizeof(long);

    /// <summary>Held while something is noted of a stream, so that the journal has the last word last. Before the journal's own.</summary>
    private readonly Lock _streamsGate = new();
    private readonly ConcurrentDictionary<uint, (long First, long End)> _streams = new();

    /// <summary>The offset behind the last message that the journal knows a stream to have had.</summary>
    internal long KnownEndOf(uint stream) => _streams.GetValueOrDefault(stream).End;

    /// <summary>The offset before which a stream has dropped its messages, as the journal knows; below 0 for nothing known.</summary>
    internal long KnownFirstOf(uint stream) => _streams.TryGetValue(stream, out var known) ? known.First : -1;

    /// <summary>
    /// What an earlier life knew of a stream. <c>version (octet), offset behind the last message on the disk (longlong), offset of the first message (longlong)</c>, of which
    /// the last is missing where an earlier build has written it.
    /// </summary>
    internal void ReadStream(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var reader = new OctetReader(value);
        _ = reader.Octet();
        long end = (long)reader.LongLong();
        _streams[new OctetReader(name).Long()] = (value.Length < StreamOctets ? -1 : (long)reader.LongLong(), end);
    }

    /// <summary>A stream has its messages from an offset to another on the disk. Nobody waits until that is kept, but who removes what lies before: it is said for the sake of damage alone.</summary>
    /// <returns>False when the broker stops, and nothing is kept any more.</returns>
    internal bool NoteStream(uint stream, long firstOffset, long endOffset)
    {
        lock (_streamsGate)
        {
            var known = _streams.TryGetValue(stream, out var before) ? before : (First: -1, End: 0);
            known = (Math.Max(known.First, firstOffset), Math.Max(known.End, endOffset));
            _streams[stream] = known;
            Span<byte> name = stackalloc byte[sizeof(uint)];
            BinaryPrimitives.WriteUInt32BigEndian(name, stream);
            Span<byte> value = stackalloc byte[StreamOctets];
            value[0] = DefinitionFields.Version;
            BinaryPrimitives.WriteInt64BigEndian(value[1..], known.End);
            BinaryPrimitives.WriteInt64BigEndian(value[(1 + sizeof(long))..], known.First);
            try
            {
                using var append = Journal.Append();
                append.Define((ushort)DefinitionKind.Stream, name, value);
                return true;
            }
            catch (ObjectDisposedException)
            {
                return false;
            }
        }
    }

    /// <summary>Forgets streams that are not there any more: a crash came while they were being removed.</summary>
    internal void ForgetStreams(Func<uint, bool> isThere)
    {
        foreach (uint stream in _streams.Keys)
        {
            if (!isThere(stream))
            {
                RemoveStream(stream);
            }
        }
    }

    /// <summary>Tells of streams that nobody declares while something is damaged: that may have declared them.</summary>
    internal void TellUnknownStreams(Func<uint, bool> isThere)
    {
        foreach (var (stream, (_, end)) in _streams)
        {
            if (!isThere(stream))
            {
                Log.StoreDamaged(_logger, $"streams/{stream}", $"the messages before offset {end} of a stream whose definition is lost");
            }
        }
    }

    private void RemoveStream(uint stream)
    {
        Span<byte> name = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(name, stream);
        Remove(DefinitionKind.Stream, name);
    }
}
