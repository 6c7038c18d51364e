using System.Buffers.Binary;
using AmqpToolkit.Broker.Testing.Strict;
using AmqpToolkit.Broker.Testing.Traffic;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Testing.Tests;

/// <summary>Departures of order and framing, of which no client of the toolkit is capable.</summary>
public sealed class StrictTests
{
    private static readonly byte[][] s_opened = [StartOk(), Method(0, new ConnectionTuneOk { FrameMax = 4096 }), Method(0, new ConnectionOpen { VirtualHost = "/" }), Method(1, default(ChannelOpen))];

    [Fact]
    public void Conversation_AsItShouldBe_HasNoDeparture() =>
        Assert.Empty(Inspect(
            [
                .. s_opened, Publish(1), Header(1, 5), Body(1, "hello"), Method(1, default(ChannelClose)), Method(1, default(ChannelOpen)),
                Method(1, default(ChannelCloseOk)), Method(1, default(ChannelOpen)), Method(0, default(ConnectionClose)),
            ]));

    [Fact]
    public void Publish_WithoutContent_IsADeparture() =>
        Assert.Equal(["#1 [1] basic.publish content 4.2.6"], Inspect([.. s_opened, Publish(1), Method(1, default(TxSelect)), .. Close()]));

    [Fact]
    public void Content_WithoutPublish_IsADeparture() =>
        Assert.Equal(["#1 [1] content  4.2.6", "#1 [1] content  4.2.6"], Inspect([.. s_opened, Header(1, 5), Body(1, "hello"), .. Close()]));

    [Fact]
    public void Body_LongerThanItsHeaderSays_IsADeparture() =>
        Assert.Equal(["#1 [1] content body  4.2.6.2"], Inspect([.. s_opened, Publish(1), Header(1, 4), Body(1, "hello"), .. Close()]));

    [Fact]
    public void Frame_LargerThanAgreed_IsADepartureAndGoesOn()
    {
        byte[] large = Body(1, new string('x', 5000));
        Assert.Equal(["#1 [0] frame size 4.2.3"], Inspect([.. s_opened, large], out var handedOn));
        Assert.Equal(large, handedOn.Last());
    }

    /// <summary>Its head is enough: nobody waits for the octets that it claims.</summary>
    [Fact]
    public void Frame_ThatClaimsMoreThanWasAgreed_GoesOnAtOnce()
    {
        byte[] head = [3, 0, 1, 0x3F, 0, 0, 0];
        Inspect([.. s_opened, head], out var handedOn);
        Assert.Equal(head, handedOn.Last());
    }

    [Fact]
    public void Content_LargerThanIsGathered_GoesOnAsItComes()
    {
        Assert.Empty(Inspect([.. s_opened, Publish(1), Header(1, UnitReader.MaxContentOctets + 1ul), Body(1, "hello"), .. Close()], out var handedOn));
        Assert.Contains(handedOn, octets => octets.AsSpan().SequenceEqual(Body(1, "hello")));
    }

    [Fact]
    public void Channel_ThatIsOpenedTwice_IsADeparture() =>
        Assert.Equal(["#1 [1] channel.open  1.5.2.1"], Inspect([.. s_opened, Method(1, default(ChannelOpen)), .. Close()]));

    [Fact]
    public void Method_OnAChannelThatIsNotOpen_IsADeparture() =>
        Assert.Equal(
            ["#1 [2] tx.select  2.2.5", "#1 [1] tx.commit  2.2.5", "#1 [1] channel.close  2.2.5"],
            Inspect([.. s_opened, Method(2, default(TxSelect)), Method(1, default(ChannelClose)), Method(1, default(TxCommit)), Method(1, default(ChannelClose)), .. Close()]));

    [Fact]
    public void Method_BeforeItsTime_IsADeparture() =>
        Assert.Equal(
            ["#1 [1] channel.open  2.2.4", "#1 [0] connection.open  2.2.4", "#1 [0] connection.tune-ok  2.2.4", "#1 [0] connection.open  2.2.4"],
            Inspect([StartOk(), Method(1, default(ChannelOpen)), Method(0, new ConnectionOpen { VirtualHost = "/" }), Method(0, default(ConnectionTuneOk)), Method(0, new ConnectionOpen { VirtualHost = "/" }), .. Close()]));

    [Fact]
    public void Method_AfterTheClose_IsADeparture() =>
        Assert.Equal(["#1 [1] tx.select  2.2.4"], Inspect([.. s_opened, .. Close(), Method(1, default(TxSelect))]));

    [Fact]
    public void Method_OnAnotherKindOfChannel_IsADeparture() =>
        Assert.Equal(
            ["#1 [0] tx.select channel 4.2.3", "#1 [1] connection.close channel 4.2.3"], Inspect([.. s_opened, Method(0, default(TxSelect)), Method(1, default(ConnectionClose))]));

    [Fact]
    public async Task Frame_LargerThanAgreed_IsRefusedByTheBroker()
    {
        var tap = new ConnectionTap();
        await using var broker = await Brokers.InMemoryAsync(wrap: tap.Wrap).WithPatience();
        var stream = broker.ConnectInMemory();
        await using var connection = await Client.V0_9_1.AmqpConnection.ConnectAsync(stream, new Client.V0_9_1.AmqpConnectionOptions()).WithPatience();
        byte[] head = [3, 0, 1, 0x3F, 0, 0, 0];
        await stream.SendAsync([head]).WithPatience();
        Assert.Equal(Constants.FrameError, (await connection.Closed.WithPatience()).ReplyCode);
        Assert.Equal("4.2.3", Assert.Single(tap.Departures).Section);
    }

    private static byte[][] Close() => [Method(0, default(ConnectionClose))];

    private static byte[] StartOk() => Method(0, new ConnectionStartOk { ClientProperties = Table.Empty, Mechanism = "PLAIN", Response = new LongString("x"), Locale = "en_US" });

    private static byte[] Method<T>(ushort channel, in T method)
        where T : struct, IMethod => ClassicOctets.Of(channel, in method);

    private static byte[] Publish(ushort channel) => Method(channel, new BasicPublish { RoutingKey = "q" });

    private static byte[] Header(ushort channel, ulong octets)
    {
        byte[] frame = new byte[FrameWriter.ContentHeaderOverheadOctets + 2];
        return frame[..FrameWriter.WriteContentHeader(frame, channel, BasicProperties.ClassId, octets, [0, 0])];
    }

    private static byte[] Body(ushort channel, string text)
    {
        byte[] frame = new byte[FrameWriter.OverheadOctets + text.Length];
        return frame[..FrameWriter.WriteBody(frame, channel, System.Text.Encoding.ASCII.GetBytes(text))];
    }

    private static string[] Inspect(byte[][] frames) => Inspect(frames, out _);

    /// <summary>What is wrong with what a client says, and what goes on.</summary>
    private static string[] Inspect(byte[][] frames, out List<byte[]> handedOn)
    {
        var reader = new UnitReader(UnitReader.HandshakeOctets);
        var report = new DepartureReport();
        var inspector = new ClientInspector(report, 1);
        handedOn = [];
        foreach (byte[] octets in (byte[][])[ProtocolHeader.V0_9_1.ToArray(), .. frames])
        {
            reader.Append(octets);
            while (reader.Read() is { } unit)
            {
                inspector.Inspect(unit);
                handedOn.Add(unit.Octets);
                if (unit.Key == ConnectionTuneOk.MethodKey)
                {
                    reader.LimitFrames(BinaryPrimitives.ReadUInt32BigEndian(unit.Arguments[2..]) is var most and > 0 ? most : UnitReader.AnyOctets);
                }
            }
        }

        return [.. report.Departures.Select(departure => $"#{departure.Connection} [{departure.Channel}] {departure.Method} {departure.Field} {departure.Section}")];
    }
}
