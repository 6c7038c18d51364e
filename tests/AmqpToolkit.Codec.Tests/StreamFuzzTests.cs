using System.Buffers;
using AmqpToolkit.Codec.Tests.Specs;
using AmqpToolkit.Codec.Tests.V0_10;
using AmqpToolkit.Codec.V0_10;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec.V1_0;
using Xunit.Abstractions;
using ClassicFrameReader = AmqpToolkit.Codec.Classic.FrameReader;
using ClassicFrameStatus = AmqpToolkit.Codec.Classic.FrameReadStatus;
using ClassicFrameWriter = AmqpToolkit.Codec.Classic.FrameWriter;
using Constants = AmqpToolkit.Codec.V0_9_1.Constants;
using CommandFrameReader = AmqpToolkit.Codec.V0_10.FrameReader;
using CommandFrameStatus = AmqpToolkit.Codec.V0_10.FrameReadStatus;
using CommandFrameWriter = AmqpToolkit.Codec.V0_10.FrameWriter;
using TypedFrameReader = AmqpToolkit.Codec.V1_0.FrameReader;
using TypedFrameStatus = AmqpToolkit.Codec.V1_0.FrameReadStatus;
using TypedFrameWriter = AmqpToolkit.Codec.V1_0.FrameWriter;

namespace AmqpToolkit.Codec.Tests;

/// <summary>
/// Damaged streams of many frames, whole and cut anywhere: no exception, the same outcome however they are cut, and no more kept than has come, whatever a
/// peer announces. See <see cref="FuzzRun"/> for longer runs.
/// </summary>
public class StreamFuzzTests(ITestOutputHelper output)
{
    private const int Seed = 1110;
    private const int DefaultInputs = 150_000;
    private const int FrameMax = 256;
    private const int LongestInput = 4096;
    private const int MaxSegmentOctets = 700;
    private const int Streams = 300;

    /// <summary>The octets that came a few times over, and the objects of two runs over them.</summary>
    private const long MaxAllocated = 64 * 1024;

    private readonly FuzzRun _run = new(output, Seed, [0x00, 0x01, 0x02, 0x03, 0x04, 0x08, 0x0A, 0x0B, 0x0C, 0x0F, 0xC0, 0xCE], DefaultInputs);
    private readonly byte[] _content = new byte[LongestInput + FrameMax];
    private long _most;

    /// <summary>Goes over a stream in pieces, and returns a number that depends on all that it found.</summary>
    private delegate int Walker(ReadOnlySpan<byte> stream, Cuts cuts);

    [Fact]
    public void SegmentAssembler_FedWithDamagedStreams_EndsAlikeHoweverTheyAreCut()
    {
        RecordingDispatch[] dispatches = [RecordingDispatch.Of(CommandSpec.Edition, "Server", "Control"), RecordingDispatch.Of(CommandSpec.Edition, "Server", "Command")];
        Over(CommandStreams(), (stream, cuts) => WalkCommands(stream, cuts, dispatches));
        Assert.All(dispatches, dispatch => Assert.NotEqual(0, dispatch.Handler.Calls));
    }

    [Fact]
    public void ClassicContent_FedWithDamagedStreams_EndsAlikeHoweverTheyAreCut()
    {
        RecordingDispatch dispatch = RecordingDispatch.Server();
        Over(ContentStreams(), (stream, cuts) => WalkContent(stream, cuts, dispatch));
        Assert.NotEqual(0, dispatch.Handler.Calls);
    }

    [Fact]
    public void TransfersOfSeveralFrames_FedWithDamagedStreams_EndAlikeHoweverTheyAreCut() => Over(TransferStreams(), WalkTransfers);

    private void Over(List<byte[]> corpus, Walker walk)
    {
        corpus.RemoveAll(stream => stream.Length > LongestInput);
        Assert.InRange(corpus.Count, Streams / 2, Streams);
        _run.Over(corpus, LongestInput, static _ => { }, input =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            int whole = walk(input, new Cuts(0));
            int cut = walk(input, new Cuts(input.Length + whole));
            _most = Math.Max(_most, GC.GetAllocatedBytesForCurrentThread() - before);
            if (whole != cut)
            {
                throw new InvalidOperationException("Cut, the stream ends otherwise.");
            }
        });
        output.WriteLine($"{_most} octets allocated at most");
        Assert.InRange(_most, 0, MaxAllocated);
    }

    private int WalkCommands(ReadOnlySpan<byte> stream, Cuts cuts, RecordingDispatch[] dispatches)
    {
        var trace = default(HashCode);
        var assembler = new SegmentAssembler(MaxSegmentOctets, keepsBodies: (stream.Length & 1) == 0);
        int at = 0;
        int there = 0;
        while (true)
        {
            CommandFrameStatus status = CommandFrameReader.TryRead(stream[at..there], FrameMax, out AmqpToolkit.Codec.V0_10.Frame frame);
            if (status == CommandFrameStatus.Incomplete && there < stream.Length)
            {
                there = cuts.Next(there, stream.Length);
                continue;
            }

            trace.Add(status);
            if (status != CommandFrameStatus.Complete)
            {
                break;
            }

            at += frame.Octets;
            SegmentStatus assembled = assembler.Add(frame, out Segment segment);
            trace.Add(assembled);
            if (assembled is SegmentStatus.OutOfOrder or SegmentStatus.TooLarge)
            {
                Require(assembler.Add(frame, out _) == SegmentStatus.OutOfOrder, "What failed takes another frame.");
                break;
            }

            if (assembled == SegmentStatus.Complete)
            {
                trace.AddBytes(segment.Payload);
                Require(segment.Payload.Length <= MaxSegmentOctets || segment.Type == SegmentType.Body, "A segment passes the bound.");
                foreach (RecordingDispatch dispatch in dispatches)
                {
                    Note(ref trace, dispatch.Dispatch(frame.Channel, segment.Payload));
                }
            }
        }

        return trace.ToHashCode();
    }

    private int WalkContent(ReadOnlySpan<byte> stream, Cuts cuts, RecordingDispatch dispatch)
    {
        var trace = default(HashCode);
        int at = 0;
        int there = 0;
        while (true)
        {
            ClassicFrameStatus status = ClassicFrameReader.TryRead(stream[at..there], FrameMax, out AmqpToolkit.Codec.Classic.Frame frame);
            if (status == ClassicFrameStatus.Incomplete && there < stream.Length)
            {
                there = cuts.Next(there, stream.Length);
                continue;
            }

            trace.Add(status);
            if (status != ClassicFrameStatus.Complete)
            {
                break;
            }

            at += frame.Octets;
            trace.AddBytes(frame.Payload);
            switch ((ushort)frame.Type)
            {
                case Constants.FrameMethod:
                    Note(ref trace, dispatch.Dispatch(frame.Channel, frame.Payload));
                    break;
                case Constants.FrameHeader:
                    DecodeError error = AmqpToolkit.Codec.Classic.ContentHeaderView.TryParse(frame.Payload, out AmqpToolkit.Codec.Classic.ContentHeaderView header);
                    Note(ref trace, error);
                    if (error == DecodeError.None)
                    {
                        trace.Add(header.BodyOctets);
                        Note(ref trace, BasicPropertiesView.TryParse(header.Properties, out _));
                    }

                    break;
                default:
                    break;
            }
        }

        return trace.ToHashCode();
    }

    /// <summary>The payloads of transfers are put together as far as they have come, and read as a message when there is no more.</summary>
    private int WalkTransfers(ReadOnlySpan<byte> stream, Cuts cuts)
    {
        var trace = default(HashCode);
        int at = 0;
        int there = 0;
        int gathered = 0;
        while (true)
        {
            TypedFrameStatus status = TypedFrameReader.TryRead(stream[at..there], FrameMax, out AmqpToolkit.Codec.V1_0.Frame frame);
            if (status == TypedFrameStatus.Incomplete && there < stream.Length)
            {
                there = cuts.Next(there, stream.Length);
                continue;
            }

            trace.Add(status);
            if (status != TypedFrameStatus.Complete)
            {
                break;
            }

            at += frame.Octets;
            DecodeError error = TransferView.TryParse(frame.Body, out TransferView transfer, out int performative);
            Note(ref trace, error);
            if (error != DecodeError.None)
            {
                continue;
            }

            ReadOnlySpan<byte> payload = frame.Body[performative..];
            payload.CopyTo(_content.AsSpan(gathered));
            gathered += payload.Length;
            if (!transfer.More || transfer.Aborted)
            {
                error = MessageSections.TryParse(_content.AsSpan(0, gathered), out MessageSections message);
                Note(ref trace, error);
                trace.Add(error == DecodeError.None ? message.Body.Length : -1);
                gathered = 0;
            }
        }

        return trace.ToHashCode();
    }

    private void Note(ref HashCode trace, DecodeError error)
    {
        _run.Count(error);
        trace.Add(error);
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new InvalidOperationException(otherwise);
        }
    }

    /// <summary>Assemblies one after another: controls, commands, commands with header and body, each in as many frames as a small frame size asks for.</summary>
    private List<byte[]> CommandStreams()
    {
        var random = new PackedRandom(_run.Seed);
        SpecPacked[] controls = [.. CommandSpec.Instance.Packed.Where(item => item.Kind == "control")];
        SpecPacked[] commands = [.. CommandSpec.Instance.Packed.Where(item => item.Kind == "command")];
        byte[] Payload(SpecPacked item)
        {
            byte[] fields = PackedSpecCoverageTests.Write(random.Instance(item, _ => random.Random.Next(3) == 0));
            byte[] code = [(byte)(item.Code!.Value >> 8), (byte)item.Code.Value];
            return item.Kind == "control" ? [.. code, .. fields] : [.. code, 1, 0, .. fields];
        }

        return [.. Enumerable.Range(0, Streams).Select(_ =>
        {
            var stream = new ArrayBufferWriter<byte>();
            for (int assembly = random.Random.Next(1, 6); assembly > 0; assembly--)
            {
                ushort frameMax = (ushort)random.Random.Next(AmqpToolkit.Codec.V0_10.FrameReader.HeaderOctets + 8, FrameMax + 1);
                void Write(SegmentType type, FrameFlags position, byte[] payload) =>
                    CommandFrameWriter.WriteSegment(stream, type, position, channel: 1, payload.Length > MaxSegmentOctets ? payload.AsSpan(0, MaxSegmentOctets) : payload, frameMax);
                switch (random.Random.Next(3))
                {
                    case 0:
                        Write(SegmentType.Control, FrameFlags.Whole, Payload(controls[random.Random.Next(controls.Length)]));
                        break;
                    case 1:
                        Write(SegmentType.Command, FrameFlags.Whole, Payload(commands[random.Random.Next(commands.Length)]));
                        break;
                    default:
                        Write(SegmentType.Command, FrameFlags.FirstSegment, Payload(commands[random.Random.Next(commands.Length)]));
                        Write(SegmentType.Header, FrameFlags.None, new byte[random.Random.Next(100)]);
                        Write(SegmentType.Body, FrameFlags.LastSegment, new byte[random.Random.Next(600)]);
                        break;
                }
            }

            return stream.WrittenSpan.ToArray();
        })];
    }

    /// <summary>Publishes with header and bodies in several frames, with other methods between them.</summary>
    private List<byte[]> ContentStreams()
    {
        var random = new RandomValues(_run.Seed);
        MethodType content = MethodType.ContentOf(typeof(BasicProperties));
        MethodType[] methods = [.. MethodType.All];
        return [.. Enumerable.Range(0, Streams).Select(_ =>
        {
            var stream = new List<byte>();
            byte[] frame = new byte[4 * FrameMax];
            for (int message = random.Random.Next(1, 5); message > 0; message--)
            {
                stream.AddRange(frame[..ClassicFrameWriter.WriteMethod(frame, 1, new BasicPublish { Exchange = "e", RoutingKey = "k" })]);
                var properties = (BasicProperties)content.Random(random, _ => random.Random.Next(4) == 0);
                byte[] list = new byte[properties.MaxOctets];
                list = list[..properties.Write(list)];
                list = list.Length <= FrameMax / 2 ? list : [0, 0];
                int body = random.Random.Next(500);
                stream.AddRange(frame[..ClassicFrameWriter.WriteContentHeader(frame, 1, BasicPropertiesView.ClassId, (ulong)body, list)]);
                for (int left = body; left > 0; left -= FrameMax / 2)
                {
                    stream.AddRange(frame[..ClassicFrameWriter.WriteBody(frame, 1, new byte[Math.Min(left, FrameMax / 2)])]);
                }

                byte[] other = MethodRoundTripTests.Write(methods[random.Random.Next(methods.Length)].Random(random));
                if (other.Length <= FrameMax - ClassicFrameWriter.OverheadOctets)
                {
                    ClassicFrameWriter.WriteFrameHeader(frame, (byte)Constants.FrameMethod, 1, other.Length);
                    other.CopyTo(frame, ClassicFrameReader.HeaderOctets);
                    ClassicFrameWriter.End(frame, ClassicFrameReader.HeaderOctets + other.Length);
                    stream.AddRange(frame[..(other.Length + ClassicFrameWriter.OverheadOctets)]);
                }
            }

            return stream.ToArray();
        })];
    }

    /// <summary>Messages whose sections go over the borders of transfers.</summary>
    private List<byte[]> TransferStreams()
    {
        var random = new Random(_run.Seed);
        return [.. Enumerable.Range(0, Streams).Select(_ =>
        {
            var stream = new List<byte>();
            byte[] frame = new byte[2 * FrameMax];
            for (int delivery = random.Next(1, 5); delivery > 0; delivery--)
            {
                byte[] message = new EncodedValueBuilder()
                    .Add(new Header { Durable = true, Ttl = (uint)random.Next() })
                    .Add(new Properties { MessageId = EncodedValue.ULong((ulong)random.Next()), To = EncodedValue.String("q"), Subject = "s" })
                    .Describe(ApplicationPropertiesView.DescriptorCode).BeginMap().AddString("k").AddLong(long.MinValue).End()
                    .Add(new Data { Value = new byte[random.Next(600)] })
                    .Span.ToArray();
                int part = random.Next(1, FrameMax / 2);
                part = Math.Max(part, message.Length / 12);
                for (int at = 0; at < message.Length; at += part)
                {
                    bool more = at + part < message.Length;
                    var transfer = at == 0
                        ? new Transfer { Handle = 1, DeliveryId = (uint)delivery, DeliveryTag = new byte[] { 1, 2 }, MessageFormat = 0, More = more }
                        : new Transfer { Handle = 1, More = more };
                    stream.AddRange(frame[..TypedFrameWriter.WritePerformative(frame, 1, transfer, message.AsSpan(at, more ? part : message.Length - at))]);
                }
            }

            return stream.ToArray();
        })];
    }

    /// <summary>Where a stream is cut: nowhere (0), or at places that a number decides, so that an input that failed is cut there again.</summary>
    private sealed class Cuts(int seed)
    {
        private uint _state = (uint)seed;

        internal int Next(int there, int length)
        {
            if (seed == 0)
            {
                return length;
            }

            _state = (_state * 1664525) + 1013904223;
            uint step = (_state >> 16) % 8 == 0 ? (_state >> 8) % 200 : (_state >> 8) % 12;
            return (int)Math.Min(there + 1 + step, (uint)length);
        }
    }
}
