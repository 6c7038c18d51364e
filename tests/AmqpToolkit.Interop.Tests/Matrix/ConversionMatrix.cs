using System.Text.Json.Nodes;
using AmqpToolkit.Client.V1_0;
using AmqpToolkit.Codec.V1_0;
using RabbitMQ.Client;
using V0_9_1 = AmqpToolkit.Client.V0_9_1;

namespace AmqpToolkit.Interop.Tests.Matrix;

/// <summary>
/// Runs the matrix once: each sender publishes its messages to an exchange with a queue for each reader. A process for a library and a direction, whatever the number of messages; two more
/// readers, clients of ours, look at the very octets.
/// </summary>
public sealed class ConversionMatrix
{
    internal static readonly string[] OlderSenders = ["pika", "rabbitmq", "amqp"];
    internal static readonly string[] NewerSenders = ["proton", "rhea"];
    internal static readonly string[] Readers = ["pika", "rabbitmq", "proton", "rhea"];
    private const string OlderOctets = "older octets";
    private const string NewerOctets = "newer octets";

    private readonly Lock _gate = new();
    private readonly string _run = Guid.NewGuid().ToString("N")[..8];
    private readonly Dictionary<(string Sender, string Reader), string[][]> _lines = [];
    private readonly Dictionary<string, (string[] Sent, string[] Came)> _octets = [];
    private Task? _running;

    internal static MatrixCase[] CasesOf(string sender) =>
        [.. (OlderSenders.Contains(sender) ? OlderCases.All : NewerCases.All).Where(one => one.Senders is null || one.Senders.Contains(sender))];

    internal static bool IsOlder(string name) => name is "pika" or "rabbitmq" or "amqp";

    /// <summary>RabbitMQ.Client loses its connection to a table with the type L, which py-amqp writes.</summary>
    internal static bool AreFor(string sender, string reader) => (sender, reader) is not ("amqp", "rabbitmq");

    /// <summary>What a reader found of a sender's messages, in their order.</summary>
    internal async Task<string[][]> LinesAsync(string url, string sender, string reader)
    {
        await RunAsync(url);
        return _lines[(sender, reader)];
    }

    /// <summary>A sender's messages as it has encoded them, and as a reader of the same version gets them.</summary>
    internal async Task<(string[] Sent, string[] Came)> OctetsAsync(string url, string sender)
    {
        await RunAsync(url);
        return _octets[sender];
    }

    private Task RunAsync(string url)
    {
        lock (_gate)
        {
            return _running ??= Task.Run(() => RunOnceAsync(url));
        }
    }

    private async Task RunOnceAsync(string url)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(url) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        string[] senders = [.. OlderSenders, .. NewerSenders];
        foreach (string sender in senders)
        {
            await channel.ExchangeDeclareAsync(ExchangeOf(sender), ExchangeType.Fanout);
            foreach (string reader in (string[])[.. Readers, IsOlder(sender) ? OlderOctets : NewerOctets])
            {
                await channel.QueueDeclareAsync(QueueOf(sender, reader), durable: false, exclusive: false, autoDelete: false);
                await channel.QueueBindAsync(QueueOf(sender, reader), ExchangeOf(sender), "");
            }
        }

        foreach (string sender in senders)
        {
            var sent = sender == "rabbitmq" ? await SendAsync(channel) : await SendAsync(url, sender);
            _octets[sender] = (sent, IsOlder(sender) ? await OlderOctetsAsync(url, sender) : await NewerOctetsAsync(url, sender));
        }

        foreach (string reader in Readers.Where(reader => reader != "rabbitmq"))
        {
            var found = await ReceiveAsync(url, reader, senders);
            foreach (string sender in senders)
            {
                _lines[(sender, reader)] = [.. found[sender]!.AsArray().Select(message => IsOlder(reader) ? MatrixViews.OlderLines(message!) : MatrixViews.NewerLines(message!))];
            }
        }

        foreach (string sender in senders.Where(sender => AreFor(sender, "rabbitmq")))
        {
            var lines = new List<string[]>();
            foreach (var one in CasesOf(sender))
            {
                lines.Add(await RabbitMqEnd.ReceiveAsync(channel, QueueOf(sender, "rabbitmq")));
            }

            _lines[(sender, "rabbitmq")] = [.. lines];
        }

        foreach (string sender in senders)
        {
            foreach (string reader in (string[])[.. Readers, IsOlder(sender) ? OlderOctets : NewerOctets])
            {
                await channel.QueueDeleteAsync(QueueOf(sender, reader));
            }

            await channel.ExchangeDeleteAsync(ExchangeOf(sender));
        }
    }

    private string ExchangeOf(string sender) => $"matrix-{_run}-{sender}";

    private string QueueOf(string sender, string reader) => $"matrix {_run} {sender} to {reader}";

    private async Task<string[]> SendAsync(IChannel channel)
    {
        foreach (var one in CasesOf("rabbitmq"))
        {
            // As the others get it: numbers that were read are of any type.
            await RabbitMqEnd.SendAsync(channel, ExchangeOf("rabbitmq"), JsonNode.Parse(one.Message.ToJsonString())!);
        }

        // Answered when the broker has them all; confirms would add a header of the library's own.
        await channel.QueueDeclarePassiveAsync(QueueOf("rabbitmq", OlderOctets));
        return [];
    }

    private async Task<string[]> SendAsync(string url, string sender)
    {
        var given = new JsonObject { ["exchange"] = ExchangeOf(sender), ["messages"] = new JsonArray([.. CasesOf(sender).Select(one => one.Message.DeepClone())]) };
        return [.. (await AskAsync(url, sender, "send", given)).AsArray().Select(one => (string)one!)];
    }

    private Task<JsonNode> ReceiveAsync(string url, string reader, string[] senders)
    {
        var queues = new JsonObject();
        foreach (string sender in senders)
        {
            queues[sender] = new JsonObject { ["name"] = QueueOf(sender, reader), ["count"] = CasesOf(sender).Length };
        }

        return AskAsync(url, reader, "receive", new JsonObject { ["queues"] = queues });
    }

    private static async Task<JsonNode> AskAsync(string url, string library, string role, JsonObject given)
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "clients");
        string output = library == "rhea"
            ? await ForeignProgram.RunAsync("node", [Path.Combine(folder, "matrix.js"), url, role], given.ToJsonString())
            : await ForeignProgram.RunAsync(Peers.Python, [Path.Combine(folder, "matrix.py"), url, library, role], given.ToJsonString());
        return JsonNode.Parse(output)!;
    }

    private async Task<string[]> OlderOctetsAsync(string url, string sender)
    {
        await using var connection = await V0_9_1.AmqpConnection.ConnectAsync(V0_9_1.AmqpConnectionOptions.Parse(url));
        await using var channel = await connection.OpenChannelAsync();
        var came = new List<string>();
        foreach (var one in CasesOf(sender))
        {
            using var got = await channel.GetAsync(QueueOf(sender, OlderOctets), noAck: true);
            Assert.NotNull(got);
            came.Add(Convert.ToHexStringLower(got.Delivery.RawProperties));
        }

        return [.. came];
    }

    private async Task<string[]> NewerOctetsAsync(string url, string sender)
    {
        await using var connection = await AmqpConnection.ConnectAsync(AmqpConnectionOptions.Parse(url));
        await using var session = await connection.OpenSessionAsync();
        await using var receiver = await session.OpenReceiverAsync($"/queues/{Uri.EscapeDataString(QueueOf(sender, NewerOctets))}");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var came = new List<string>();
        while (came.Count < CasesOf(sender).Length)
        {
            using var batch = await receiver.ReceiveBatchAsync(patience.Token);
            foreach (var message in batch)
            {
                came.Add(BareHex(message.Octets));
            }

            batch.Accept();
        }

        return [.. came];
    }

    /// <summary>What nobody changes on the way (3.2): the bare message.</summary>
    internal static string BareHex(ReadOnlySpan<byte> message)
    {
        Assert.Equal(Codec.DecodeError.None, MessageSections.TryParse(message, out var sections));
        return Convert.ToHexStringLower(sections.BareMessage);
    }
}
