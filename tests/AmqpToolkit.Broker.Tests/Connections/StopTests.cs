using System.Net.Sockets;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Tests.Connections;

/// <summary>How the stream ends that a broker closes: the peer reads all that was sent, and then the end, never a reset.</summary>
public sealed class StopTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Stop_WithMoreInputThanOneReceiveAfterCloseOk_EndsTheStreamInOrder()
    {
        await using var broker = await TestBroker.StartAsync();
        using var client = RawClient.Open(broker);
        var stopped = broker.StopAsync();
        client.Expect(ConnectionCloseView.MethodKey);

        client.Send([.. Render(default(ConnectionCloseOk)), .. new byte[300_000]]);

        Assert.Equal(0, client.Socket.Receive(new byte[1]));
        client.Dispose();
        await stopped.WaitAsync(Patience);
    }

    [Fact]
    public async Task Close_ByTheClientWithMoreInputAfterIt_EndsTheStreamInOrder()
    {
        await using var broker = await TestBroker.StartAsync();
        using var client = RawClient.Open(broker);

        client.Send([.. Render(new ConnectionClose { ReplyCode = 200, ReplyText = "bye" }), .. new byte[300_000]]);

        client.Expect(ConnectionCloseOkView.MethodKey);
        Assert.Equal(0, client.Socket.Receive(new byte[1]));
    }

    [Fact]
    public async Task Input_WithoutEndAfterCloseOk_IsCut()
    {
        await using var broker = await TestBroker.StartAsync(new ManualTimeProvider());
        using var client = RawClient.Open(broker);
        client.Send(0, new ConnectionClose { ReplyCode = 200, ReplyText = "bye" });
        client.Expect(ConnectionCloseOkView.MethodKey);

        try
        {
            client.Send(new byte[4 * 1024 * 1024]);
        }
        catch (SocketException)
        {
            // The broker has had enough.
        }

        // Nothing but the number of octets can end it: time stands still, and the client's side is open.
        Assert.True(SpinWait.SpinUntil(() => broker.ConnectionCount == 0, Patience));
    }

    [Fact]
    public async Task Silence_AfterCloseOk_IsCutInTime()
    {
        var time = new ManualTimeProvider();
        await using var broker = await TestBroker.StartAsync(time);
        using var client = RawClient.Open(broker);
        client.Send(0, new ConnectionClose { ReplyCode = 200, ReplyText = "bye" });
        client.Expect(ConnectionCloseOkView.MethodKey);
        Assert.Equal(0, client.Socket.Receive(new byte[1]));
        Assert.Equal(1, broker.ConnectionCount);

        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(31));
                return broker.ConnectionCount == 0;
            },
            Patience));
    }

    [Fact]
    public async Task Close_FromOutsideOfAClientThatIsAboutToOpen_TellsItWhenItIsOpen()
    {
        await using var broker = await TestBroker.StartAsync();
        using var client = new RawClient(broker.Endpoints[0]);
        client.Send(ProtocolHeader.V0_9_1);
        client.Expect(ConnectionStartView.MethodKey);
        client.Send(0, new ConnectionStartOk { Mechanism = "PLAIN", Response = "\0guest\0guest", Locale = "en_US" });
        client.Expect(ConnectionTuneView.MethodKey);

        broker.CloseConnections(static _ => true, ProtocolError.ConnectionForced("the test says so"));
        client.Send(0, new ConnectionTuneOk { ChannelMax = 2047, FrameMax = 131072 });
        client.Send(0, new ConnectionOpen { VirtualHost = "/" });

        client.Expect(ConnectionOpenOkView.MethodKey);
        Assert.Equal(Codec.DecodeError.None, ConnectionCloseView.TryParse(client.Expect(ConnectionCloseView.MethodKey), out var close));
        Assert.Equal(320, close.ReplyCode);
        client.Send(0, default(ConnectionCloseOk));
        Assert.Equal(0, client.Socket.Receive(new byte[1]));
    }

    [Fact]
    public async Task Close_FromOutsideThatIsNotAnswered_CutsTheStreamWithoutHeartbeatsToo()
    {
        var time = new ManualTimeProvider();
        await using var broker = await TestBroker.StartAsync(time);
        using var client = RawClient.Open(broker);
        broker.Users.Delete("guest");
        client.Expect(ConnectionCloseView.MethodKey);

        time.Advance(TimeSpan.FromSeconds(31));

        Assert.True(client.IsEnded());
    }

    private static byte[] Render<TMethod>(in TMethod method)
        where TMethod : struct, Codec.IMethod
    {
        byte[] frame = new byte[method.MaxOctets + FrameWriter.OverheadOctets];
        return frame[..FrameWriter.WriteMethod(frame, 0, in method)];
    }
}
