using System.Buffers.Binary;
using System.Collections.Concurrent;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Durability;

/// <content>What the journal knows of streams, whose messages lie elsewhere: that they were there, so that they are missed when they are not.</content>
internal sealed partial class BrokerStore
{
    private const int StreamOctets = 1 + sizeof(long);

    private readonly ConcurrentDictionary<uint, long> _streamEnds = new();

    /// <summary>The offset behind the last message that the journal knows a stream to have had.</summary>
    internal long KnownEndOf(uint stream) => _streamEnds.GetValueOrDefault(stream);

    /// <summary>What an earlier life knew of a stream. <c>version (octet), offset behind the last message on the disk (longlong)</c></summary>
    internal void ReadStream(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var reader = new OctetReader(value);
        _ = reader.Octet();
        _streamEnds[new OctetReader(name).Long()] = (long)reader.LongLong();
    }

    /// <summary>A stream has its messages up to an offset on the disk. Nobody waits until that is kept: it is said for the sake of damage alone.</summary>
    internal void NoteStream(uint stream, long endOffset)
    {
        _streamEnds[stream] = endOffset;
        Span<byte> name = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(name, stream);
        Span<byte> value = stackalloc byte[StreamOctets];
        value[0] = DefinitionFields.Version;
        BinaryPrimitives.WriteInt64BigEndian(value[1..], endOffset);
        try
        {
            using var append = Journal.Append();
            append.Define((ushort)DefinitionKind.Stream, name, value);
        }
        catch (ObjectDisposedException)
        {
            // The broker stops, and has said it.
        }
    }

    /// <summary>Forgets streams that are not there any more: a crash came while they were being removed.</summary>
    internal void ForgetStreams(Func<uint, bool> isThere)
    {
        foreach (uint stream in _streamEnds.Keys)
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
        foreach (var (stream, end) in _streamEnds)
        {
            if (!isThere(stream))
            {
                Log.StoreDamaged(_logger, $"streams/{stream}", 0, $"the messages before offset {end} of a stream whose definition is lost");
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
