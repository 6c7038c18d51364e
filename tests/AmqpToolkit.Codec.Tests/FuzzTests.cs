using System.Buffers.Binary;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using Xunit.Abstractions;

namespace AmqpToolkit.Codec.Tests;

/// <summary>
/// Damaged frames of 0-9-1 through all decoders: no exception, no hang, only the defined errors. See <see cref="FuzzRun"/> for longer runs.
/// </summary>
public class FuzzTests(ITestOutputHelper output)
{
    private const int Seed = 1521;
    private const int FrameMax = 4096;
    private const int LongestInput = 2 * FrameMax;
    private const int IdOctets = sizeof(uint);

    private static readonly MethodType Content = MethodType.ContentOf(typeof(BasicProperties));
    private static readonly Dictionary<uint, MethodType> MethodByKey = MethodType.All.ToDictionary(type => type.Key);

    private readonly RecordingDispatch _server = RecordingDispatch.Server();
    private readonly RecordingDispatch _client = RecordingDispatch.Client();
    private readonly FuzzRun _run = new(output, Seed, "tbBsuIilLfdDSATFVx"u8.ToArray());

    [Fact]
    public void Decoders_FedWithDamagedFrames_ReportOnlyDefinedErrors()
    {
        _run.Over(Corpus(_run.Seed), LongestInput, Mend, Decode);
        output.WriteLine($"{_server.Handler.Calls} calls of a server, {_client.Handler.Calls} of a client");
    }

    /// <summary>Frames of every method and of content headers, and one table that is nested too deep.</summary>
    private static List<byte[]> Corpus(int seed)
    {
        const int eachMethod = 4;
        const int contentHeaders = 60;
        var random = new RandomValues(seed);
        var corpus = new List<byte[]>();
        byte[] buffer = new byte[LongestInput];
        foreach (MethodType type in MethodType.All)
        {
            for (int sample = 0; sample < eachMethod; sample++)
            {
                byte[] payload = MethodRoundTripTests.Write(type.Random(random));
                if (payload.Length <= FrameMax - FrameWriter.OverheadOctets)
                {
                    corpus.Add(Frame((byte)Constants.FrameMethod, payload));
                }
            }
        }

        for (int sample = 0; sample < contentHeaders; sample++)
        {
            var properties = (BasicProperties)Content.Random(random, _ => random.Random.Next(3) == 0);
            byte[] list = new byte[properties.MaxOctets];
            int octets = properties.Write(list);
            if (octets <= FrameMax - FrameWriter.ContentHeaderOverheadOctets)
            {
                corpus.Add([.. buffer.AsSpan(0, FrameWriter.WriteContentHeader(buffer, 1, BasicPropertiesView.ClassId, 16, list.AsSpan(0, octets)))]);
            }
        }

        corpus.Add(Frame((byte)Constants.FrameMethod, MethodRoundTripTests.Write(new QueueDeclare { Arguments = new Table(TableVectors.EveryType) })));
        corpus.Add(Frame((byte)Constants.FrameMethod, MethodRoundTripTests.Write(new QueueDeclare { Arguments = new Table(TableVectors.Nested) })));
        corpus.Add(Frame((byte)Constants.FrameMethod, MethodRoundTripTests.Write(new QueueDeclare
        {
            Arguments = new Table(TableViewTests.Bomb(TableView.MaxDepth + 1, array: false)),
        })));
        corpus.Add(Frame((byte)Constants.FrameBody, "body"u8));
        corpus.Add(Frame((byte)Constants.FrameHeartbeat, []));
        return corpus;
    }

    private static byte[] Frame(byte type, ReadOnlySpan<byte> payload)
    {
        byte[] frame = new byte[payload.Length + FrameWriter.OverheadOctets];
        FrameWriter.WriteFrameHeader(frame, type, 1, payload.Length);
        payload.CopyTo(frame.AsSpan(FrameReader.HeaderOctets));
        FrameWriter.End(frame, FrameReader.HeaderOctets + payload.Length);
        return frame;
    }

    private static void Mend(Span<byte> input)
    {
        if (input.Length >= FrameWriter.OverheadOctets)
        {
            BinaryPrimitives.WriteInt32BigEndian(input[3..], input.Length - FrameWriter.OverheadOctets);
            input[^1] = 0xCE;
        }
    }

    private void Decode(ReadOnlySpan<byte> input)
    {
        if (FrameReader.TryRead(input, FrameMax, out Frame frame) != FrameReadStatus.Complete)
        {
            return;
        }

        _run.Count(_server.Dispatch(frame.Channel, frame.Payload));
        _run.Count(_client.Dispatch(frame.Channel, frame.Payload));
        if (frame.Payload.Length >= IdOctets && MethodByKey.TryGetValue(BinaryPrimitives.ReadUInt32BigEndian(frame.Payload), out MethodType? type))
        {
            _run.Count(type.Parse(frame.Payload[IdOctets..], out _, out _));
        }

        if (ContentHeaderView.TryParse(frame.Payload, out ContentHeaderView header) == DecodeError.None)
        {
            _run.Count(Content.Parse(header.Properties, out _, out _));
            if (BasicPropertiesView.TryParse(header.Properties, out BasicPropertiesView properties) == DecodeError.None && properties.HasHeaders)
            {
                WalkTests.Walk(properties.Headers);
            }
        }

        // Tables that nothing has validated, too.
        var unvalidated = new TableView(frame.Payload[Math.Min(frame.Payload.Length, IdOctets)..]);
        _run.Count(TableView.Validate(unvalidated.Span));
        WalkTests.Walk(unvalidated);
    }
}
