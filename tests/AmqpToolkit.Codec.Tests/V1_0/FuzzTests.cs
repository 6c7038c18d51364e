using System.Buffers.Binary;
using System.Diagnostics;
using AmqpToolkit.Codec.V1_0;
using Xunit.Abstractions;

namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>
/// Damaged frames and messages through all decoders of 1.0: no exception, no hang, no allocation by a peer's count, only the defined errors.
/// <c>AMQP_FUZZ_SEED</c> and <c>AMQP_FUZZ_INPUTS</c> choose another run.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int DefaultSeed = 1010;
    private const int DefaultInputs = 200_000;
    private const int MaxFrameSize = 4096;
    private const int LongestInput = 2 * MaxFrameSize;

    /// <summary>Owned copies of 4 KiB of input: some hundred octets of structs each, and the input itself a few times over.</summary>
    private const long MaxAllocated = 256 * 1024;

    private static readonly TimeSpan LongestRun = TimeSpan.FromSeconds(20);
    private static readonly byte[] Constructors = [0x00, 0x40, 0x41, 0x43, 0x44, 0x45, 0x50, 0x52, 0x53, 0x56, 0x60, 0x70, 0x80, 0x98, 0xA0, 0xA1, 0xA3, 0xB0, 0xB1, 0xC0, 0xC1, 0xD0, 0xD1, 0xE0, 0xF0];

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
        byte[] input = new byte[LongestInput + sizeof(int)];
        var clock = Stopwatch.StartNew();
        long most = 0;
        int run = 0;
        int length = 0;
        try
        {
            for (; run < inputs && (!bounded || (run & 0xFFF) != 0 || clock.Elapsed < LongestRun); run++)
            {
                length = Damage(corpus[random.Next(corpus.Count)], input, random);
                long before = GC.GetAllocatedBytesForCurrentThread();
                Decode(input.AsSpan(0, length));
                most = Math.Max(most, GC.GetAllocatedBytesForCurrentThread() - before);
            }
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"Seed {seed}, input {run}: {Hex.Of(input.AsSpan(0, length))}", failure);
        }

        output.WriteLine($"{run} inputs in {clock.Elapsed}, {most} octets allocated at most");
        foreach (DecodeError error in Enum.GetValues<DecodeError>())
        {
            output.WriteLine($"{error}: {_outcomes[(int)error]}");
        }

        Assert.True(run >= Math.Min(inputs, 20_000), $"only {run} inputs in {clock.Elapsed}");
        Assert.Equal(_outcomes.Sum(), Enum.GetValues<DecodeError>().Sum(error => _outcomes[(int)error]));
        Assert.InRange(most, 1, MaxAllocated);
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), out int value) ? value : otherwise;

    /// <summary>Frames of every vector of the definition, transfers of messages, and random trees.</summary>
    private static List<byte[]> Corpus(int seed)
    {
        var corpus = new List<byte[]>();
        foreach (SpecVector vector in DescribedTypeCode.All.SelectMany(code => SpecVectors.Of(code.Spec)))
        {
            byte[] body = vector.Canonical();
            if (body.Length < MaxFrameSize - FrameReader.HeaderOctets)
            {
                corpus.Add(Frame(vector.Type.Code is >= 0x40 and <= 0x44 ? FrameType.Sasl : FrameType.Amqp, body));
            }
        }

        var trees = new RandomTrees(seed);
        for (int i = 0; i < 300; i++)
        {
            byte[] body = trees.Next();
            if (body.Length < 2000)
            {
                corpus.Add(Frame(FrameType.Amqp, body));
                corpus.Add(Frame(FrameType.Amqp, [.. PlainEncoder.Described(0x14, PlainEncoder.List([[0x43]])), .. Message(body)]));
            }
        }

        corpus.Add(Frame(FrameType.Amqp, Enumerable.Repeat((byte)0, 1000).ToArray()));
        corpus.Add(Frame(FrameType.Amqp, Convert.FromHexString("F00000000500FFFFFF40")));
        return corpus;
    }

    private static byte[] Message(byte[] value) => new EncodedValueBuilder()
        .Add(new Header { Durable = true, Ttl = 1000 })
        .Describe(MessageAnnotationsView.DescriptorCode).BeginMap().AddSymbol("a").Add(new EncodedValue(value)).End()
        .Add(new Properties { MessageId = EncodedValue.Uuid(default), To = EncodedValue.String("q") })
        .Describe(ApplicationPropertiesView.DescriptorCode).BeginMap().AddString("k").AddLong(long.MinValue).End()
        .Add(new Data { Value = new byte[100] })
        .Span.ToArray();

    private static byte[] Frame(FrameType type, byte[] body)
    {
        byte[] frame = new byte[body.Length + FrameReader.HeaderOctets];
        FrameWriter.WriteFrameHeader(frame, type, 1, frame.Length);
        body.CopyTo(frame, FrameReader.HeaderOctets);
        return frame;
    }

    /// <summary>One to four changes; the size mostly put right afterwards, so that the damage reaches the inner decoders.</summary>
    private static int Damage(byte[] sample, byte[] input, Random random)
    {
        sample.CopyTo(input, 0);
        int length = sample.Length;
        for (int change = random.Next(1, 5); change > 0 && length > 0; change--)
        {
            int at = random.Next(8) == 0 ? random.Next(length) : random.Next(Math.Min(FrameReader.HeaderOctets, length - 1), length);
            switch (random.Next(8))
            {
                case 0:
                    input[at] = (byte)random.Next(256);
                    break;
                case 1:
                    input[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2 or 3:
                    input[at] = Constructors[random.Next(Constructors.Length)];
                    break;
                case 4: // a size or count
                    BinaryPrimitives.WriteInt32BigEndian(input.AsSpan(at), random.Next(4) switch { 0 => -1, 1 => random.Next(300), 2 => int.MaxValue, _ => int.MinValue });
                    break;
                case 5: // something less
                    int less = random.Next(length - at);
                    input.AsSpan(at + less, length - at - less).CopyTo(input.AsSpan(at));
                    length -= less;
                    break;
                case 6: // something twice
                    int more = Math.Min(random.Next(length - at), LongestInput - length);
                    input.AsSpan(at, length - at).CopyTo(input.AsSpan(at + more));
                    length += more;
                    break;
                default:
                    input[at] = random.Next(2) == 0 ? (byte)0xFF : (byte)0;
                    break;
            }
        }

        if (length >= FrameReader.HeaderOctets && random.Next(16) != 0)
        {
            BinaryPrimitives.WriteInt32BigEndian(input, length);
        }

        return length;
    }

    private void Decode(ReadOnlySpan<byte> input)
    {
        if (FrameReader.TryRead(input, MaxFrameSize, out Frame frame) != FrameReadStatus.Complete)
        {
            return;
        }

        var handler = new Walker(this);
        Note(AnyFrame.Dispatch(ref handler, frame.Body));
        Note(AnySaslFrame.Dispatch(ref handler, frame.Body));
        Note(AnySection.Dispatch(ref handler, frame.Body));
        Note(AnyFilter.Dispatch(ref handler, frame.Body));
        Sections(frame.Body);
        DecodeError error = EncodedValueView.TryParse(frame.Body, out EncodedValueView value, out int octets);
        Note(error);
        if (error == DecodeError.None)
        {
            EncodedValueTests.Walk(value);
            Assert.Equal(octets, value.Octets);
        }

        DecodeError described = DescriptorReader.Read(frame.Body, out ulong code, out ReadOnlySpan<byte> symbol, out _);
        Note(described);
        code = symbol.IsEmpty ? code : Descriptors.CodeOf(symbol);
        if (described == DecodeError.None && DescribedTypeCode.All.FirstOrDefault(type => type.Spec.Code == code) is { } generated
            && generated.Parse(frame.Body, out _, out object? owned) == DecodeError.None)
        {
            DescribedTypeCode.Write(owned!);
        }
    }

    private void Sections(ReadOnlySpan<byte> message)
    {
        Note(MessageSections.TryParse(message, out MessageSections sections));
        foreach (ReadOnlySpan<byte> body in sections)
        {
            Note(EncodedValueView.TryParse(body, out _, out _));
        }

        _ = sections.TryGetData(out _);
        Note(HeaderView.TryParse(sections.Header, out _, out _));
        Note(PropertiesView.TryParse(sections.Properties, out _, out _));
        Note(ApplicationPropertiesView.TryParse(sections.ApplicationProperties, out _, out _));
        Assert.True(sections.BareMessage.Length <= message.Length);
    }

    private void Note(DecodeError error) => _outcomes[(int)error]++;

    /// <summary>Looks at what the views hold, and at the rest.</summary>
    private readonly struct Walker(FuzzTests tests) : IFrameHandler, ISaslFrameHandler, ISectionHandler, IFilterHandler
    {
        public void HandleOpen(in OpenView value, ReadOnlySpan<byte> rest) => Walk(value.OfferedCapabilities.Value, rest);

        public void HandleBegin(in BeginView value, ReadOnlySpan<byte> rest) => Walk(value.DesiredCapabilities.Value, rest);

        public void HandleAttach(in AttachView value, ReadOnlySpan<byte> rest)
        {
            if (value.Source.ParseSource(out SourceView source) == DecodeError.None)
            {
                _ = source.Address.TryGetAddressString(out _);
                Walk(source.Outcomes.Value, rest);
            }

            _ = value.Target.ParseTarget(out _);
            _ = value.Target.ParseCoordinator(out _);
        }

        public void HandleFlow(in FlowView value, ReadOnlySpan<byte> rest) => _ = value.Properties.Count;

        public void HandleTransfer(in TransferView value, ReadOnlySpan<byte> rest)
        {
            _ = value.DeliveryTag.Length + (int)value.State.Kind;
            tests.Sections(rest);
        }

        public void HandleDisposition(in DispositionView value, ReadOnlySpan<byte> rest)
        {
            _ = value.State.ParseRejected(out _);
            _ = value.State.ParseTransactionalState(out _);
        }

        public void HandleDetach(in DetachView value, ReadOnlySpan<byte> rest) => _ = value.Error.Description.Length;

        public void HandleEnd(in EndView value, ReadOnlySpan<byte> rest) => _ = value.Error.Info.Count;

        public void HandleClose(in CloseView value, ReadOnlySpan<byte> rest) => _ = value.Error.Condition.Length;

        public void HandleSaslMechanisms(in SaslMechanismsView value, ReadOnlySpan<byte> rest) => Walk(value.SaslServerMechanisms.Value, rest);

        public void HandleSaslInit(in SaslInitView value, ReadOnlySpan<byte> rest) => _ = value.InitialResponse.Length;

        public void HandleSaslChallenge(in SaslChallengeView value, ReadOnlySpan<byte> rest) => _ = value.Challenge.Length;

        public void HandleSaslResponse(in SaslResponseView value, ReadOnlySpan<byte> rest) => _ = value.Response.Length;

        public void HandleSaslOutcome(in SaslOutcomeView value, ReadOnlySpan<byte> rest) => _ = value.AdditionalData.Length;

        public void HandleHeader(in HeaderView value, ReadOnlySpan<byte> rest) => _ = value.Priority;

        public void HandleDeliveryAnnotations(in DeliveryAnnotationsView value, ReadOnlySpan<byte> rest) => _ = value.Value.TryGetValue("x"u8, out _);

        public void HandleMessageAnnotations(in MessageAnnotationsView value, ReadOnlySpan<byte> rest) => _ = value.Value.TryGetValue("x"u8, out _);

        public void HandleProperties(in PropertiesView value, ReadOnlySpan<byte> rest)
        {
            _ = value.MessageId.TryGetMessageIdUlong(out _) || value.MessageId.TryGetMessageIdUuid(out _) || value.MessageId.TryGetMessageIdString(out _);
            _ = value.CorrelationId.TryGetMessageIdBinary(out _);
        }

        public void HandleApplicationProperties(in ApplicationPropertiesView value, ReadOnlySpan<byte> rest) => _ = value.Value.TryGetValue("k"u8, out _);

        public void HandleData(in DataView value, ReadOnlySpan<byte> rest) => _ = value.Value.Length;

        public void HandleAmqpSequence(in AmqpSequenceView value, ReadOnlySpan<byte> rest) => _ = value.Value.Count;

        public void HandleAmqpValue(in AmqpValueView value, ReadOnlySpan<byte> rest) => Walk(value.Value, rest);

        public void HandleFooter(in FooterView value, ReadOnlySpan<byte> rest) => _ = value.Value.Count;

        public void HandlePropertiesFilter(in PropertiesFilterView value, ReadOnlySpan<byte> rest) => _ = value.Value.Count;

        public void HandleApplicationPropertiesFilter(in ApplicationPropertiesFilterView value, ReadOnlySpan<byte> rest) => _ = value.Value.Count;

        public void HandleSqlFilter(in SqlFilterView value, ReadOnlySpan<byte> rest) => _ = value.Value.Length;

        public void HandleLegacyAmqpDirectBinding(in LegacyAmqpDirectBindingView value, ReadOnlySpan<byte> rest) => _ = value.Value.Length;

        public void HandleLegacyAmqpTopicBinding(in LegacyAmqpTopicBindingView value, ReadOnlySpan<byte> rest) => _ = value.Value.Length;

        public void HandleLegacyAmqpHeadersBinding(in LegacyAmqpHeadersBindingView value, ReadOnlySpan<byte> rest) => _ = value.Value.Count;

        public void HandleNoLocalFilter(in NoLocalFilterView value, ReadOnlySpan<byte> rest) => _ = rest.Length;

        public void HandleSelectorFilter(in SelectorFilterView value, ReadOnlySpan<byte> rest) => _ = value.Value.Length;

        private static void Walk(EncodedValueView value, ReadOnlySpan<byte> rest)
        {
            EncodedValueTests.Walk(value);
            _ = rest.Length;
        }
    }
}
