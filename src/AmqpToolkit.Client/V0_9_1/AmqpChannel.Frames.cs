using System.Buffers;
using System.Buffers.Binary;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Client.V0_9_1;

/// <content>The frames of a publish: method, header and body (0-9-1 section 4.2.6).</content>
public sealed partial class AmqpChannel
{
    /// <summary>Length octet, name, type octet, eight octets.</summary>
    private const int PublishTagOctets = 1 + 13 + 1 + sizeof(long);

    /// <summary>Bodies up to here go into the output with their method and header in one piece.</summary>
    private const int OnePieceOctets = 16 * 1024;

    private byte[] _headers = [];

    /// <summary>Writes method, header and body. Under the gate.</summary>
    private void AppendContent(in BasicPublish method, in BasicProperties properties, ReadOnlySpan<byte> body, GivenBody? given)
    {
        if (method.Mandatory && _confirms is { } confirms)
        {
            AppendFrames(in method, properties with { Headers = AddPublishTag(properties.Headers, confirms.NextTag) }, body, given);
        }
        else
        {
            AppendFrames(in method, in properties, body, given);
        }
    }

    private void AppendFrames(in BasicPublish method, in BasicProperties properties, ReadOnlySpan<byte> body, GivenBody? given)
    {
        int perFrame = ContentWriter.BodyOctetsPerFrame(Connection.FrameMax);
        int envelope = (2 * FrameWriter.OverheadOctets) + method.MaxOctets + FrameWriter.ContentHeaderOverheadOctets + properties.MaxOctets;
        bool isOnePiece = body.Length <= Math.Min(OnePieceOctets, perFrame);
        var destination = Output.Reserve(isOnePiece ? envelope + body.Length : envelope);
        int at = FrameWriter.WriteMethod(destination, Number, in method);
        at += WriteHeader(destination[at..], in properties, body.Length);
        if (isOnePiece)
        {
            at += body.IsEmpty ? 0 : FrameWriter.WriteBody(destination[at..], Number, body);
            Output.Advance(at);
            return;
        }

        Output.Advance(at);
        for (int start = 0; start < body.Length; start += perFrame)
        {
            int octets = Math.Min(perFrame, body.Length - start);
            if (given is not null && given.TryShare(start, octets, out var part))
            {
                AppendShared(part, given);
            }
            else
            {
                Output.Advance(FrameWriter.WriteBody(Output.Reserve(FrameWriter.OverheadOctets + octets), Number, body.Slice(start, octets)));
            }
        }
    }

    private void AppendShared(ArraySegment<byte> part, GivenBody given)
    {
        FrameWriter.WriteFrameHeader(Output.Reserve(FrameReader.HeaderOctets), (byte)Constants.FrameBody, Number, part.Count);
        Output.Advance(FrameReader.HeaderOctets);
        Output.AppendShared(part, given);
        FrameWriter.End(Output.Reserve(1), 0);
        Output.Advance(1);
    }

    private int WriteHeader(Span<byte> destination, in BasicProperties properties, int bodyOctets)
    {
        // The properties go where they belong at once; frame and fixed part are put around them.
        int propertiesAt = FrameWriter.ContentHeaderOverheadOctets - 1;
        int propertyOctets = properties.Write(destination[propertiesAt..]);
        return FrameWriter.WriteContentHeader(
            destination, Number, BasicProperties.ClassId, (ulong)bodyOctets, destination.Slice(propertiesAt, propertyOctets));
    }

    /// <summary>The caller's headers with our own in front, which then is the one that is found. Under the gate.</summary>
    private Table AddPublishTag(Table headers, ulong tag)
    {
        int octets = PublishTagOctets + headers.Octets;
        if (_headers.Length < octets)
        {
            _headers = new byte[octets];
        }

        var destination = _headers.AsSpan(0, octets);
        destination[0] = (byte)PublishTagHeader.Length;
        System.Text.Encoding.ASCII.GetBytes(PublishTagHeader, destination[1..]);
        destination[PublishTagOctets - sizeof(long) - 1] = (byte)'l';
        BinaryPrimitives.WriteUInt64BigEndian(destination[(PublishTagOctets - sizeof(long))..], tag);
        headers.Span.CopyTo(destination[PublishTagOctets..]);
        return new Table(_headers.AsMemory(0, octets));
    }

    /// <summary>A content header is one frame, whatever it holds (0-9-1 section 4.2.6.1).</summary>
    private void CheckHeaderFits(in BasicProperties properties)
    {
        const int Added = FrameWriter.ContentHeaderOverheadOctets + PublishTagOctets + sizeof(uint);
        uint limit = Connection.FrameMax;
        if (limit == 0 || properties.MaxOctets + Added <= limit)
        {
            return;
        }

        byte[] scratch = ArrayPool<byte>.Shared.Rent(properties.MaxOctets);
        int octets = properties.Write(scratch) + Added;
        ArrayPool<byte>.Shared.Return(scratch);
        if (octets > limit)
        {
            throw new ArgumentException($"The properties take {octets} octets with their frame; one frame has {limit}.", nameof(properties));
        }
    }
}
