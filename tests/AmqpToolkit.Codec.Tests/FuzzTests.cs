using System.Buffers.Binary;
using System.Diagnostics;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using Xunit.Abstractions;

namespace AmqpToolkit.Codec.Tests;

/// <summary>
/// Damaged frames through all decoders: no exception, no hang, only the defined errors. <c>AMQP_FUZZ_SEED</c> and <c>AMQP_FUZZ_INPUTS</c> choose another run.
/// </summary>
public class FuzzTests(ITestOutputHelper output)
{
    private const int DefaultSeed = 1521;
    private const int DefaultInputs = 1_000_000;
    private const int FrameMax = 4096;
    private const int LongestInput = 2 * FrameMax;
    private const int IdOctets = sizeof(uint);

    private static readonly TimeSpan LongestRun = TimeSpan.FromSeconds(20);
    private static readonly MethodType Content = MethodType.ContentOf(typeof(BasicProperties));
    private static readonly Dictionary<uint, MethodType> MethodByKey = MethodType.All.ToDictionary(type => type.Key);

    private readonly RecordingDispatch _server = RecordingDispatch.Server();
    private readonly RecordingDispatch _client = RecordingDispatch.Client();
    private readonly int[] _outcomes = new int[256];

    [Fact]
    public void Decoders_FedWithDamagedFrames_ReportOnlyDefinedErrors()
    {
        int seed = Setting("AMQP_FUZZ_SEED", DefaultSeed);
        int inputs = Setting("AMQP_FUZZ_INPUTS", DefaultInputs);
        bool bounded = inputs == DefaultInputs;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        List<byte[]> corpus = Corpus(seed);
        byte[] input = new byte[LongestInput + sizeof(int)]; // a length may be damaged at the very end
        var clock = Stopwatch.StartNew();
        int run = 0;
        int length = 0;
        try
        {
            for (; run < inputs && (!bounded || (run & 0xFFF) != 0 || clock.Elapsed < LongestRun); run++)
            {
                length = Damage(corpus[random.Next(corpus.Count)], input, random);
                Decode(input.AsSpan(0, length));
            }
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"Seed {seed}, input {run}: {Hex.Of(input.AsSpan(0, length))}", failure);
        }

        output.WriteLine($"{run} inputs in {clock.Elapsed}, {_server.Handler.Calls} calls of a server, {_client.Handler.Calls} of a client");
        foreach (DecodeError error in Enum.GetValues<DecodeError>())
        {
            output.WriteLine($"{error}: {_outcomes[(int)error]}");
        }

        Assert.True(run >= Math.Min(inputs, 100_000), $"only {run} inputs in {clock.Elapsed}");
        Assert.Equal(_outcomes.Sum(), Enum.GetValues<DecodeError>().Sum(error => _outcomes[(int)error]));
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), out int value) ? value : otherwise;

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

    /// <summary>One to four changes; the size field mostly put right afterwards, so that the damage reaches the inner decoders.</summary>
    private static int Damage(byte[] sample, byte[] input, Random random)
    {
        sample.CopyTo(input, 0);
        int length = sample.Length;
        for (int change = random.Next(1, 5); change > 0 && length > 0; change--)
        {
            int at = random.Next(4) == 0 ? random.Next(length) : random.Next(Math.Min(FrameReader.HeaderOctets, length - 1), length);
            switch (random.Next(8))
            {
                case 0:
                    input[at] = (byte)random.Next(256);
                    break;
                case 1:
                    input[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    input[at] = "tbBsuIilLfdDSATFVx"u8[random.Next(18)];
                    break;
                case 3: // a length
                    BinaryPrimitives.WriteInt32BigEndian(input.AsSpan(at), random.Next(3) switch { 0 => -1, 1 => random.Next(300), _ => int.MinValue });
                    break;
                case 4: // something less
                    int less = random.Next(length - at);
                    input.AsSpan(at + less, length - at - less).CopyTo(input.AsSpan(at));
                    length -= less;
                    break;
                case 5: // something twice
                    int more = Math.Min(random.Next(length - at), LongestInput - length);
                    input.AsSpan(at, length - at).CopyTo(input.AsSpan(at + more));
                    length += more;
                    break;
                case 6:
                    input[at] = 0xFF;
                    break;
                default:
                    input[at] = 0;
                    break;
            }
        }

        if (length >= FrameWriter.OverheadOctets && random.Next(8) != 0)
        {
            BinaryPrimitives.WriteInt32BigEndian(input.AsSpan(3), length - FrameWriter.OverheadOctets);
            input[length - 1] = 0xCE;
        }

        return length;
    }

    private void Decode(ReadOnlySpan<byte> input)
    {
        if (FrameReader.TryRead(input, FrameMax, out Frame frame) != FrameReadStatus.Complete)
        {
            return;
        }

        _outcomes[(int)_server.Dispatch(frame.Channel, frame.Payload)]++;
        _outcomes[(int)_client.Dispatch(frame.Channel, frame.Payload)]++;
        if (frame.Payload.Length >= IdOctets && MethodByKey.TryGetValue(BinaryPrimitives.ReadUInt32BigEndian(frame.Payload), out MethodType? type))
        {
            _outcomes[(int)type.Parse(frame.Payload[IdOctets..], out _, out _)]++;
        }

        if (ContentHeaderView.TryParse(frame.Payload, out ContentHeaderView header) == DecodeError.None)
        {
            _outcomes[(int)Content.Parse(header.Properties, out _, out _)]++;
            if (BasicPropertiesView.TryParse(header.Properties, out BasicPropertiesView properties) == DecodeError.None && properties.HasHeaders)
            {
                WalkTests.Walk(properties.Headers);
            }
        }

        // Tables that nothing has validated, too.
        var unvalidated = new TableView(frame.Payload[Math.Min(frame.Payload.Length, IdOctets)..]);
        _outcomes[(int)TableView.Validate(unvalidated.Span)]++;
        WalkTests.Walk(unvalidated);
    }
}
