using System.Net;
using System.Net.Sockets;
using AmqpToolkit.Client.V1_0;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.Tests.V1_0;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Client.Tests.Scripted;

/// <summary>The other end of a connection of 1.0, in memory: it says what a test has it say, and gives the frames that come.</summary>
internal sealed class ScriptedPeer : IAsyncDisposable
{
    private readonly TransportConnection _end;
    private readonly SemaphoreSlim _sending = new(1);
    private byte[] _input = [];

    public ScriptedPeer() => (ClientEnd, _end) = InMemoryTransport.CreatePair();

    private ScriptedPeer(TransportConnection clientEnd, TransportConnection end) => (ClientEnd, _end) = (clientEnd, end);

    /// <summary>The same over a loopback socket.</summary>
    public static async Task<ScriptedPeer> CreateOverTcpAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var client = await SocketTransportConnection.ConnectAsync("127.0.0.1", ((IPEndPoint)listener.LocalEndPoint!).Port, CancellationToken.None);
        return new ScriptedPeer(client, new SocketTransportConnection(await listener.AcceptAsync()));
    }

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
    public async Task<AmqpSession> BeginAsync(AmqpConnectionOptions? options = null, uint window = 1000)
    {
        var connection = await OpenAsync(options);
        var beginning = connection.OpenSessionAsync();
        var begin = await ExpectAsync("begin");
        await SendAsync(BeginOf(begin.Channel, window));
        return await beginning.WaitAsync(Patience);
    }

    public static byte[] BeginOf(ushort channel, uint window = 1000) =>
        Peer.Frame(new Begin { RemoteChannel = channel, NextOutgoingId = 0, IncomingWindow = window, OutgoingWindow = 1000, HandleMax = 100 }, channel);

    /// <summary>Lets the client receive; what the source of the answer says, the test may change.</summary>
    public async Task<AmqpReceiver> AttachReceiverAsync(AmqpSession session, ReceiverOptions? options = null, Func<Attach, Attach>? with = null)
    {
        var opening = session.OpenReceiverAsync("q", options);
        await AnswerAttachAsync(with);
        return await opening.WaitAsync(Patience);
    }

    /// <summary>Lets the client send, with so much credit.</summary>
    public async Task<AmqpSender> AttachSenderAsync(AmqpSession session, SenderOptions? options = null, uint credit = 0, uint window = 1000)
    {
        var opening = session.OpenSenderAsync("q", options);
        uint handle = await AnswerAttachAsync();
        var sender = await opening.WaitAsync(Patience);
        if (credit > 0)
        {
            await SendAsync(Peer.Credit(credit, handle, window: window));
        }

        return sender;
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

    /// <summary>Sends octets as they are. More than one may at a time.</summary>
    public async Task SendRawAsync(List<ArraySegment<byte>> segments)
    {
        await _sending.WaitAsync();
        try
        {
            await _end.SendAsync(segments);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Reads what comes behind what is in the buffer; 0 at the end of the stream, one way or the other.</summary>
    public async ValueTask<int> ReceiveRawAsync(Memory<byte> buffer)
    {
        try
        {
            return await _end.ReceiveAsync(buffer);
        }
        catch (IOException)
        {
            return 0;
        }
    }

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

    /// <summary>The next frame, whatever it is; an empty one apart.</summary>
    public async Task<Sent> ReadFrameAsync()
    {
        while (true)
        {
            var sent = await ReadAsync() ?? throw new EndOfStreamException();
            if (sent.Name != "empty")
            {
                return sent;
            }
        }
    }

    /// <summary>Reads up to the flow that gives credit in a range.</summary>
    public async Task ExpectCreditAsync(uint least, uint most)
    {
        Sent sent;
        do
        {
            sent = await ReadAsync() ?? throw new EndOfStreamException($"credit {least} to {most} was awaited");
        }
        while (sent.Name != "flow" || !sent.Flow.HasHandle || sent.Flow.LinkCredit < least || sent.Flow.LinkCredit > most);
    }

    /// <summary>Looks again and again until the client has heard of its credit.</summary>
    public static Task UntilCreditAsync(AmqpSender sender, int credit) => ScriptedServer.UntilAsync(() => sender.Credit == credit);

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
