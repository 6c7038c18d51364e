using AmqpToolkit.Client.V1_0;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.Tests.V1_0;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Client.Tests.Scripted;

/// <summary>The other end of a connection of 1.0, in memory: it says what a test has it say, and gives the frames that come.</summary>
internal sealed class ScriptedPeer : IAsyncDisposable
{
    private readonly TransportConnection _end;
    private byte[] _input = [];

    public ScriptedPeer() => (ClientEnd, _end) = InMemoryTransport.CreatePair();

    public static TimeSpan Patience => ScriptedServer.Patience;

    /// <summary>Nothing of it takes time that the test does not give.</summary>
    public static AmqpConnectionOptions Options { get; } = new() { ConnectTimeout = Patience, CallTimeout = Patience, CloseTimeout = Patience, ContainerId = "tester" };

    public TransportConnection ClientEnd { get; }

    /// <summary>Goes through SASL and open.</summary>
    public async Task<AmqpConnection> OpenAsync(AmqpConnectionOptions? options = null)
    {
        var connecting = AmqpConnection.ConnectAsync(ClientEnd, options ?? Options);
        await ExpectAsync("header 3");
        await SendAsync(Peer.SaslHeader, Peer.Sasl(new SaslMechanisms { SaslServerMechanisms = EncodedValue.Symbols("PLAIN", "ANONYMOUS") }));
        await ExpectAsync("init");
        await SendAsync(Peer.Sasl(new SaslOutcome { Code = SaslCode.Ok }), Peer.Header, Peer.Open());
        await ExpectAsync("header 0");
        await ExpectAsync("open");
        return await connecting.WaitAsync(Patience);
    }

    /// <summary>The same, and begin: the client's first session.</summary>
    public async Task<AmqpSession> BeginAsync(AmqpConnectionOptions? options = null)
    {
        var connection = await OpenAsync(options);
        var beginning = connection.OpenSessionAsync();
        var begin = await ExpectAsync("begin");
        await SendAsync(BeginOf(begin.Channel));
        return await beginning.WaitAsync(Patience);
    }

    public static byte[] BeginOf(ushort channel) =>
        Peer.Frame(new Begin { RemoteChannel = channel, NextOutgoingId = 0, IncomingWindow = 1000, OutgoingWindow = 1000, HandleMax = 100 }, channel);

    /// <summary>Lets the client receive; what the source of the answer says, the test may change.</summary>
    public async Task<AmqpReceiver> AttachReceiverAsync(AmqpSession session, ReceiverOptions? options = null, Func<Attach, Attach>? with = null)
    {
        var opening = session.OpenReceiverAsync("q", options);
        await AnswerAttachAsync(with);
        return await opening.WaitAsync(Patience);
    }

    /// <summary>Answers an attach of the client's as it stands; gives its handle.</summary>
    public async Task<uint> AnswerAttachAsync(Func<Attach, Attach>? with = null)
    {
        var came = (await ExpectAsync("attach")).Attach.ToOwned();
        var answer = came with { Role = came.Role == Role.Receiver ? Role.Sender : Role.Receiver, InitialDeliveryCount = 0 };
        await SendAsync(Peer.Frame(with is null ? answer : with(answer)));
        return came.Handle;
    }

    public async Task SendAsync(params byte[][] octets) => await _end.SendAsync([new ArraySegment<byte>([.. octets.SelectMany(some => some)])]).AsTask().WaitAsync(Patience);

    /// <summary>The next frame that is no flow, and no empty one.</summary>
    public async Task<Sent> ExpectAsync(string name)
    {
        while (true)
        {
            var sent = await ReadAsync() ?? throw new EndOfStreamException($"{name} was awaited");
            if (sent.Name == name)
            {
                return sent;
            }

            if (sent.Name is not ("flow" or "empty"))
            {
                throw new InvalidOperationException($"{name} was awaited, {sent.Name} {sent.Condition} came");
            }
        }
    }

    /// <summary>Reads until the client has ended the stream; true when it has, one way or the other.</summary>
    public async Task WaitForEndAsync()
    {
        try
        {
            while (await ReadAsync() is not null)
            {
            }
        }
        catch (IOException)
        {
            // It was cut.
        }
    }

    public ValueTask DisposeAsync()
    {
        _end.Abort();
        return ValueTask.CompletedTask;
    }

    private async Task<Sent?> ReadAsync()
    {
        byte[] buffer = new byte[4096];
        while (true)
        {
            int octets = 0;
            if (_input.Length >= 8 && _input.AsSpan().StartsWith("AMQP"u8))
            {
                octets = 8;
            }
            else if (FrameReader.TryRead(_input, uint.MaxValue, out var frame) == FrameReadStatus.Complete)
            {
                octets = frame.Octets;
            }

            if (octets > 0)
            {
                var sent = Sent.ReadAll(_input.AsSpan(0, octets))[0];
                _input = _input[octets..];
                return sent;
            }

            int received = await _end.ReceiveAsync(buffer).AsTask().WaitAsync(Patience);
            if (received == 0)
            {
                return null;
            }

            _input = [.. _input, .. buffer.AsSpan(0, received)];
        }
    }
}
