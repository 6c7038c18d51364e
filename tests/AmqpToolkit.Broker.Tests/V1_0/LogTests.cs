using System.Net;
using System.Net.Sockets;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.V1_0;

/// <summary>What an operator is told of clients that have the wrong node, or the wrong port.</summary>
public sealed class LogTests
{
    private const int LinkRefused = 28;
    private const int ForeignProtocol = 29;
    private const int AnswerWaits = 50;

    private readonly WarningLog _log = new();

    [Fact]
    public async Task RefusedLink_IsTold_WithItsReason()
    {
        await using var broker = await StartAsync();
        using var peer = PeerClient.Begin(broker);
        peer.AttachSender("missing");
        peer.Expect("detach");
        string line = Assert.Single(_log.Of(LinkRefused));
        Assert.Contains("sender-0", line, StringComparison.Ordinal);
        Assert.EndsWith("amqp:not-found: there is no node 'missing' in vhost '/'", line, StringComparison.Ordinal);
    }

    /// <summary>A client of the management node that gives no credit hears nothing: that is told, once for all that waits.</summary>
    [Fact]
    public async Task E02_AnswerThatWaitsForCredit_IsTold()
    {
        await using var broker = await StartAsync();
        using var peer = PeerClient.Begin(broker);
        var properties = new EncodedValueBuilder().BeginMap().AddSymbol("paired").AddBoolean(true).End().ToValue();
        peer.AttachSender("/management", name: "pair", with: attach => attach with { SndSettleMode = SenderSettleMode.Settled, Properties = properties });
        peer.AttachReceiver("/management", name: "pair", with: attach => attach with { SndSettleMode = SenderSettleMode.Settled, Properties = properties });
        byte[] request = [.. Message.Properties(new Properties { To = EncodedValue.String("/queues/q"), Subject = "GET" }), .. new EncodedValueBuilder().Describe(AmqpValueView.DescriptorCode).AddNull().Span];
        peer.Transfer(0, request, settled: true);
        peer.Transfer(1, request, settled: true);

        // Something that is answered at once comes behind both.
        peer.AttachSender("amq.fanout", handle: 2);
        string line = Assert.Single(_log.Of(AnswerWaits));
        Assert.Contains("/management", line, StringComparison.Ordinal);
        peer.Credit(10);
        peer.ExpectPast("transfer");
        peer.ExpectPast("transfer");
        peer.Transfer(2, request, settled: true);
        peer.ExpectPast("transfer");
        Assert.Single(_log.Of(AnswerWaits));
    }

    [Theory]
    [InlineData("16030100C4010000", "TLS")]
    [InlineData("474554202F20485454502F312E31", "HTTP")]
    [InlineData("5055542F2F2F2F2F2F", null)]
    [InlineData("414D515009090909", null)]
    public async Task ForeignOctets_AreNamed(string octets, string? name)
    {
        await using var broker = await StartAsync();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 60_000 };
        socket.Connect(broker.Endpoints[0]);
        socket.Send(Convert.FromHexString(octets));

        // Whatever it was, the broker answers with the header of a protocol that it speaks.
        byte[] answer = new byte[4];
        for (int received = 0; received < answer.Length;)
        {
            int count = socket.Receive(answer.AsSpan(received));
            Assert.True(count > 0);
            received += count;
        }

        Assert.Equal("AMQP"u8.ToArray(), answer);
        Assert.Equal(name is null ? 0 : 1, _log.Of(ForeignProtocol).Count(line => line.Contains(name!, StringComparison.Ordinal)));
    }

    private Task<AmqpBroker> StartAsync() => AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)], LoggerFactory = _log });
}
