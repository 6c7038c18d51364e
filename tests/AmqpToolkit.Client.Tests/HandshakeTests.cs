using AmqpToolkit.Client.Tests.Scripted;
using AmqpToolkit.Client.V0_9_1;

namespace AmqpToolkit.Client.Tests;

public sealed class HandshakeTests
{
    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Connect_ToAnHonestServer_AgreesOnTheSmallerLimits()
    {
        var (server, connection) = await ScriptedServer.OpenAsync(
            ScriptedServer.Patient with { HeartbeatSeconds = 20, FrameMax = 8192, ChannelMax = 10 }, heartbeat: 30, frameMax: 131072, channelMax: 5);
        using (server)
        {
            Assert.Equal(ConnectionState.Open, connection.State);
            Assert.Equal(8192u, connection.FrameMax);
            Assert.Equal(5, connection.ChannelMax);
            Assert.Equal(20, connection.HeartbeatSeconds);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Connect_LoginRefused_ThrowsWithTheReplyCode()
    {
        using var server = ScriptedServer.Create(out var transport);
        var connecting = AmqpConnection.ConnectAsync(transport, ScriptedServer.Patient);
        await server.ExpectProtocolHeaderAsync();
        await server.SendAsync(Wire.Start());
        await server.ExpectAsync("connection.start-ok");
        await server.SendAsync(Wire.ConnectionClose(403, "ACCESS_REFUSED - no"));
        var exception = await Assert.ThrowsAsync<ConnectFailedException>(() => connecting.WaitAsync(ScriptedServer.Patience));

        Assert.Equal(403, exception.ReplyCode);
        Assert.Equal(CloseInitiator.Peer, exception.Reason.Initiator);
        await server.ExpectAsync("connection.close-ok");
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Connect_ServerEndsTheStreamAtTheLogin_SaysWhatThatMeans()
    {
        using var server = ScriptedServer.Create(out var transport);
        var connecting = AmqpConnection.ConnectAsync(transport, ScriptedServer.Patient);
        await server.ExpectProtocolHeaderAsync();
        await server.SendAsync(Wire.Start());
        await server.ExpectAsync("connection.start-ok");
        server.EndStream();
        var exception = await Assert.ThrowsAsync<ConnectFailedException>(() => connecting.WaitAsync(ScriptedServer.Patience));

        Assert.Contains("password", exception.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Connect_ServerSpeaksAnotherProtocol_NamesIt()
    {
        using var server = ScriptedServer.Create(out var transport);
        var connecting = AmqpConnection.ConnectAsync(transport, ScriptedServer.Patient);
        await server.ExpectProtocolHeaderAsync();
        await server.SendOctetwiseAsync("AMQP\0\x1\0\0"u8.ToArray());
        var exception = await Assert.ThrowsAsync<ConnectFailedException>(() => connecting.WaitAsync(ScriptedServer.Patience));

        Assert.Contains("AMQP 0 1 0 0", exception.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Connect_NoMechanismInCommon_Throws()
    {
        using var server = ScriptedServer.Create(out var transport);
        var connecting = AmqpConnection.ConnectAsync(transport, ScriptedServer.Patient);
        await server.ExpectProtocolHeaderAsync();
        await server.SendAsync(Wire.Start("EXTERNAL"));
        var exception = await Assert.ThrowsAsync<ConnectFailedException>(() => connecting.WaitAsync(ScriptedServer.Patience));

        Assert.Equal(503, exception.ReplyCode);
    }

    [Theory(Timeout = ScriptedServer.TestTimeout)]
    [InlineData(100u)]
    [InlineData(4095u)]
    public async Task Connect_FrameMaxBelowTheMinimum_IsRefused(uint frameMax)
    {
        using var server = ScriptedServer.Create(out var transport);
        var connecting = AmqpConnection.ConnectAsync(transport, ScriptedServer.Patient);
        await server.ExpectProtocolHeaderAsync();
        await server.SendAsync(Wire.Start());
        await server.ExpectAsync("connection.start-ok");
        await server.SendAsync(Wire.Tune(frameMax: frameMax));
        var exception = await Assert.ThrowsAsync<ConnectFailedException>(() => connecting.WaitAsync(ScriptedServer.Patience));

        Assert.Equal(502, exception.ReplyCode);
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Connect_SilentServer_EndsAfterTheTimeout()
    {
        var time = new ManualTime();
        using var server = ScriptedServer.Create(out var transport);
        var connecting = AmqpConnection.ConnectAsync(transport, new AmqpConnectionOptions { TimeProvider = time, ConnectTimeout = TimeSpan.FromSeconds(3) });
        await server.ExpectProtocolHeaderAsync();
        time.Advance(TimeSpan.FromSeconds(3));

        await Assert.ThrowsAsync<ConnectFailedException>(() => connecting.WaitAsync(ScriptedServer.Patience));
        await server.ExpectEndAsync();
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Connect_Cancelled_CutsTheStream()
    {
        using var cancellation = new CancellationTokenSource();
        using var server = ScriptedServer.Create(out var transport);
        var connecting = AmqpConnection.ConnectAsync(transport, ScriptedServer.Patient, cancellation.Token);
        await server.ExpectProtocolHeaderAsync();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.WaitAsync(ScriptedServer.Patience));
        await server.ExpectEndAsync();
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Connect_NobodyListens_Throws()
    {
        var exception = await Assert.ThrowsAsync<ConnectFailedException>(() => AmqpConnection.ConnectAsync("amqp://127.0.0.1:1/"));

        Assert.Equal(CloseInitiator.Transport, exception.Reason.Initiator);
    }

    [Theory]
    [InlineData("amqp://", "localhost", 5672, "/", "guest", "guest")]
    [InlineData("amqp://broker", "broker", 5672, "/", "guest", "guest")]
    [InlineData("amqp://broker:1234/", "broker", 1234, "/", "guest", "guest")]
    [InlineData("amqp://u%40x:p%3Aw@broker/a%2fb", "broker", 5672, "a/b", "u@x", "p:w")]
    [InlineData("amqp://u@broker/%2f", "broker", 5672, "/", "u", "guest")]
    public void Parse_Uri_TakesItApart(string uri, string host, int port, string virtualHost, string user, string password)
    {
        var options = AmqpConnectionOptions.Parse(uri);

        Assert.Equal((host, port, virtualHost, user, password), (options.Host, options.Port, options.VirtualHost, options.UserName, options.Password));
    }

    [Fact]
    public void Parse_Queries_SetTheLimits()
    {
        var options = AmqpConnectionOptions.Parse("amqp://host/?heartbeat=7&channel_max=9&frame_max=4096&connection_timeout=1500&name=me");

        Assert.Equal(7, options.HeartbeatSeconds);
        Assert.Equal(9, options.ChannelMax);
        Assert.Equal(4096u, options.FrameMax);
        Assert.Equal(TimeSpan.FromMilliseconds(1500), options.ConnectTimeout);
        Assert.Equal("me", options.ConnectionName);
    }

    [Theory]
    [InlineData("http://host/")]
    [InlineData("nonsense")]
    [InlineData("amqp://host/?heartbeat=abc")]
    [InlineData("amqp://host/?colour=red")]
    [InlineData("amqp://host/?frame_max=1")]
    public void Parse_Nonsense_Throws(string uri) => Assert.ThrowsAny<ArgumentException>(() => AmqpConnectionOptions.Parse(uri));

    [Fact]
    public void Options_VirtualHostOver255Octets_Throw()
    {
        Assert.Equal(255, new AmqpConnectionOptions { VirtualHost = new string('v', 255) }.VirtualHost.Length);
        Assert.Throws<ArgumentException>(() => new AmqpConnectionOptions { VirtualHost = new string('ü', 128) });
    }

    [Fact]
    public void Options_AsText_HideThePassword() =>
        Assert.DoesNotContain("secret", AmqpConnectionOptions.Parse("amqp://u:secret@host/").ToString(), StringComparison.Ordinal);
}
