using System.Text.Json;
using AmqpToolkit.Broker;

namespace AmqpToolkit.Decode.Tests.Oracles;

/// <summary>A recorded conversation of pika with our broker, decoded here and by tshark.</summary>
public sealed class PikaConversationTests
{
    [TsharkFact("pika")]
    public async Task Conversation_OfPika_IsDecodedAsTsharkDoes()
    {
        byte[] capture = await RecordAsync();
        ToolResult result = Tool.Run(capture, "--json", "--secrets", "--body", "100000");
        Assert.True(result.ExitCode == ExitCode.Clean, Tool.Run(capture).Output);
        JsonElement[] ours = [.. result.Lines.Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.TryGetProperty("kind", out JsonElement kind) && kind.GetString() != "protocol-header")];
        List<TsharkFrame> theirs = [.. (await TsharkFrame.ReadAsync(capture)).Where(frame => frame.Show("amqp.type") is not null)];
        Assert.Equal(theirs.Count, ours.Length);
        int compared = 0;
        for (int i = 0; i < ours.Length; i++)
        {
            compared += ClassicComparison.Compare(ours[i], theirs[i]);
        }

        Assert.True(compared > 200, $"{compared} fields");
        string[] names = [.. ours.Select(frame => frame.GetProperty("name").GetString()!).Distinct()];
        Assert.Superset(new HashSet<string> { "basic.deliver", "basic.get-empty", "confirm.select", "tx.rollback-ok", "exchange.bind", "channel.close", "connection.tune" }, names.ToHashSet());
    }

    [TsharkFact("pika")]
    public async Task Conversation_OfPika_HidesItsPassword()
    {
        string output = Tool.Run(await RecordAsync()).Output;
        Assert.Contains("response=*** (user \"guest\")", output, StringComparison.Ordinal);
        Assert.DoesNotContain("guest\\u0000guest", output, StringComparison.Ordinal);
    }

    private static async Task<byte[]> RecordAsync()
    {
        AmqpBrokerOptions options = new();
        options.Endpoints.Clear();
        options.Endpoints.Add(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        await using AmqpBroker broker = await AmqpBroker.StartAsync(options);
        await using RecordingRelay relay = new(broker.Endpoints[0]);
        await ForeignProgram.RunAsync(Peers.Python, ForeignProgram.Peer("pika_conversation.py"), relay.Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return await relay.CompleteAsync();
    }
}
