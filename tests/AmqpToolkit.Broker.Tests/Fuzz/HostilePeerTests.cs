using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Fuzz;

/// <summary>Conversations that a well-meaning client does not have, each on a broker of its own whose clock stands still.</summary>
public sealed class HostilePeerTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ManualTimeProvider _time = new();
    private readonly DefectLog _log = new();
    private AmqpBroker _broker = null!;

    public async Task InitializeAsync() =>
        _broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [], TimeProvider = _time, LoggerFactory = _log });

    public async Task DisposeAsync()
    {
        Assert.True(SpinWait.SpinUntil(() => _broker.ConnectionCount == 0, Patience), "a connection is left");
        Assert.Empty(_log.Defects);
        await _broker.DisposeAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task SoundConversation_InAnyPieces_GetsTheSameAnswers(int conversation)
    {
        byte[] input = [.. FuzzCorpus.Handshake.Concat(FuzzCorpus.Conversations[conversation]).SelectMany(frame => frame)];
        var whole = await ConverseAsync(input);
        Assert.True(whole.IsOpen);
        Assert.Equal(0, whole.CloseCode);
        foreach (int octets in new[] { 1, 7, 100, 4096, 8191 })
        {
            var inPieces = await ConverseAsync([.. input.Chunk(octets)]);

            // How publishes are confirmed together, and how deliveries stand among other answers, is a matter of timing.
            Assert.Equal(Sorted(whole), Sorted(inPieces));
        }

        static IEnumerable<string> Sorted(BrokerSpeech speech) => speech.Said.Where(said => !said.EndsWith("basic.ack", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task ConnectionClose_SaidTwiceInOneSegment_IsAnsweredOnce()
    {
        byte[] close = Method(0, default(ConnectionClose));

        var speech = await ConverseAsync([.. Opened(), .. close, .. close, .. close]);

        Assert.True(speech.HasClosed);
        Assert.Single(speech.Said, "0 connection.close-ok");
    }

    [Fact]
    public async Task Frames_BehindConnectionClose_AreIgnored()
    {
        var speech = await ConverseAsync(
            [.. Opened(), .. Method(0, default(ConnectionClose)), .. Method(9, default(ChannelOpen)), .. Method(9, default(QueueDeclare)), 1, 2, 3]);

        Assert.Equal("0 connection.close-ok", speech.Said[^1]);
    }

    [Fact]
    public async Task Mistake_FollowedByMistakesAndBothAnswers_IsClosedOnce()
    {
        byte[] mistake = Method(1, new BasicQos { PrefetchSize = 5 });

        var speech = await SayAsync(
            [.. Opened(), .. mistake, .. mistake, .. Method(77, default(QueueDeclare)), .. Method(0, default(ConnectionCloseOk)), .. Method(0, default(ConnectionClose)), .. mistake]);

        Assert.Equal(540, speech.CloseCode);
        Assert.Single(speech.Said, "0 connection.close");
        Assert.DoesNotContain("0 connection.close-ok", speech.Said);
    }

    [Fact]
    public async Task Mistake_WithTheAnswerInTheMiddleOfASegment_EndsTheConnection()
    {
        byte[] mistake = Method(1, new BasicQos { PrefetchSize = 5 });
        byte[] behind = [.. Method(1, new QueueDeclare { Queue = "q" }), .. Method(0, default(ConnectionCloseOk))];

        // The segment with the mistake ends within the next frame; the broker has to stay in step to find close-ok.
        var speech = await SayAsync([.. Opened(), .. mistake, .. behind[..11]], behind[11..]);

        Assert.Equal(540, speech.CloseCode);
        Assert.Null(_broker.FindVirtualHost("/")!.FindQueue("q"u8));
    }

    [Fact]
    public async Task Close_FromBothSidesAtOnce_IsAnsweredOnce()
    {
        byte[] mistake = Method(1, new BasicQos { PrefetchSize = 5 });
        byte[] close = Method(0, default(ConnectionClose));
        var transport = Serve([.. Opened(), .. mistake, .. close, .. close]);
        await transport.Exhausted.WaitAsync(Patience);

        _time.Advance(TimeSpan.FromSeconds(31));

        await transport.Ended.WaitAsync(Patience);
        var speech = BrokerSpeech.Read(transport.Heard, mayBeCut: false);
        Assert.Equal(540, speech.CloseCode);
        Assert.Single(speech.Said, "0 connection.close-ok");
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(1, 10)]
    [InlineData(8, 10)]
    [InlineData(50, 10)]
    public async Task Stranger_ThatFallsSilent_IsDroppedAfterTenSeconds(int octets, int seconds)
    {
        byte[] greeting = [.. FuzzCorpus.Handshake.SelectMany(frame => frame)];
        var transport = octets == 0 ? Serve() : Serve(greeting[..octets]);
        await transport.Exhausted.WaitAsync(Patience);

        _time.Advance(TimeSpan.FromSeconds(seconds - 1));
        Assert.False(transport.Ended.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(2));

        await transport.Ended.WaitAsync(Patience);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "AMQP\0\0\x9\x1")]
    [InlineData("AMQP\x1\x1\0\xa", "AMQP\0\0\x9\x1")]
    [InlineData("\0\0\0\0\0\0\0\0", "AMQP\0\0\x9\x1")]
    public async Task Stranger_OfAnotherProtocol_IsToldThisOne_AndDroppedAfterThreeSeconds(string said, string answer)
    {
        var transport = Serve(System.Text.Encoding.Latin1.GetBytes(said));
        await transport.Exhausted.WaitAsync(Patience);
        Assert.Equal(System.Text.Encoding.Latin1.GetBytes(answer), transport.Heard);

        _time.Advance(TimeSpan.FromSeconds(4));

        await transport.Ended.WaitAsync(Patience);
    }

    [Fact]
    public async Task UpdateSecret_BeforeTheLogin_IsNotAnswered()
    {
        var transport = Serve([.. FuzzCorpus.Handshake[0], .. Method(0, new ConnectionUpdateSecret { NewSecret = "x", Reason = "y" })]);
        await transport.Exhausted.WaitAsync(Patience);

        _time.Advance(TimeSpan.FromSeconds(4));

        await transport.Ended.WaitAsync(Patience);
        Assert.Equal(["0 connection.start"], BrokerSpeech.Read(transport.Heard, mayBeCut: false).Said);
    }

    [Fact]
    public async Task PublishesInPieces_OnManyChannels_AreKeptApart()
    {
        const int Channels = 200;
        var input = new List<byte>(Opened());
        input.AddRange(Method(1, new QueueDeclare { Queue = "q" }));
        input.AddRange(Method(1, new BasicConsume { Queue = "q", NoAck = true }));
        byte[] properties = [0, 0];
        byte[] frame = new byte[200];
        for (ushort channel = 10; channel < 10 + Channels; channel++)
        {
            input.AddRange(Method(channel, default(ChannelOpen)));
            input.AddRange(Method(channel, new BasicPublish { RoutingKey = "q" }));
            input.AddRange(frame[..FrameWriter.WriteContentHeader(frame, channel, 60, 100 + (ulong)channel, properties)]);
        }

        for (ushort channel = 10 + Channels - 1; channel >= 10; channel--)
        {
            input.AddRange(frame[..FrameWriter.WriteBody(frame, channel, new byte[channel / 2])]);
        }

        for (ushort channel = 10; channel < 10 + Channels; channel++)
        {
            input.AddRange(frame[..FrameWriter.WriteBody(frame, channel, new byte[50])]);
            input.AddRange(frame[..FrameWriter.WriteBody(frame, channel, new byte[50 + channel - (channel / 2)])]);
        }

        foreach (int octets in new[] { 1000, int.MaxValue })
        {
            var speech = await ConverseAsync([.. input.Chunk(Math.Min(octets, input.Count))]);

            Assert.Equal(Enumerable.Range(10, Channels).Select(channel => $"1 basic.deliver with {100 + channel} octets"), speech.Said.Where(said => said.Contains("deliver", StringComparison.Ordinal)));
        }
    }

    private FuzzTransport Serve(params byte[][] pieces)
    {
        var transport = new FuzzTransport([.. pieces.Select(piece => (ReadOnlyMemory<byte>)piece)], FuzzEnding.Silence);
        _broker.Serve(transport);
        return transport;
    }

    /// <summary>Says the pieces, and waits until the broker has ended the stream by itself.</summary>
    private async Task<BrokerSpeech> SayAsync(params byte[][] pieces)
    {
        var transport = Serve(pieces);
        await transport.Ended.WaitAsync(Patience);
        return BrokerSpeech.Read(transport.Heard, mayBeCut: false);
    }

    /// <summary>Says the pieces, hears every answer, and leaves.</summary>
    private async Task<BrokerSpeech> ConverseAsync(params byte[][] pieces)
    {
        var transport = Serve(pieces);
        await transport.Exhausted.WaitAsync(Patience);
        Assert.True(SpinWait.SpinUntil(() => _broker.Connections.All(connection => connection.Output.PendingOctets == 0), Patience));
        transport.Break();
        await transport.Ended.WaitAsync(Patience);
        return BrokerSpeech.Read(transport.Heard, mayBeCut: false);
    }

    private static byte[] Opened() => [.. FuzzCorpus.Handshake.SelectMany(frame => frame)];

    private static byte[] Method<TMethod>(ushort channel, in TMethod method)
        where TMethod : struct, IMethod
    {
        byte[] frame = new byte[method.MaxOctets + FrameWriter.OverheadOctets];
        return frame[..FrameWriter.WriteMethod(frame, channel, in method)];
    }
}
