using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace AmqpToolkit.Decode.Tests.Oracles;

/// <summary>A recorded conversation of two containers of qpid-proton, decoded here and by tshark.</summary>
public sealed class ProtonConversationTests
{
    [TsharkFact("proton")]
    public async Task Conversation_OfProton_IsDecodedAsTsharkDoes()
    {
        byte[] capture = await RecordAsync();
        ToolResult result = Tool.Run(capture, "--json", "--secrets", "--body", "100000");
        Assert.True(result.ExitCode == ExitCode.Clean, Tool.Run(capture).Output);
        JsonElement[] ours = [.. result.Lines.Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.TryGetProperty("kind", out JsonElement kind) && kind.GetString() is "sasl" or "performative")];
        List<TsharkFrame> theirs = [.. (await TsharkFrame.ReadAsync(capture)).Where(frame => frame.Show("amqp.length") is not null)];
        Assert.Equal(theirs.Count, ours.Length);
        int compared = 0;
        for (int i = 0; i < ours.Length; i++)
        {
            compared += TypeComparison.Compare(ours[i], theirs[i]);
        }

        Assert.True(compared > 200, $"{compared} fields");
        HashSet<string> names = [.. ours.Select(frame => frame.GetProperty("name").GetString()!)];
        Assert.Superset(new HashSet<string> { "sasl-mechanisms", "sasl-init", "sasl-outcome", "open", "begin", "attach", "flow", "transfer", "disposition", "detach", "close" }, names);
    }

    [TsharkFact("proton")]
    public async Task Conversation_OfProton_ShowsMessagesAndOutcomes()
    {
        string output = Tool.Run(await RecordAsync()).Output;
        Assert.Contains("amqp-value=\"grüße\"", output, StringComparison.Ordinal);
        Assert.Contains("application-properties={text=\"t\", integer=-5, large=1152921504606846976, flag=true, real=1.5, when=2023-11-14T22:13:20.123Z, id=00000000-0000-0000-0000-000000000009} data=3 octets 00 01 02", output, StringComparison.Ordinal);
        Assert.Contains("filter={selector=@selector-filter \"colour = 'green'\"}", output, StringComparison.Ordinal);
        Assert.Contains("state=rejected()", output, StringComparison.Ordinal);
        Assert.Contains("error=error(condition=amqp:not-found description=\"no such node\" info={node=\"refused\"})", output, StringComparison.Ordinal);
        Assert.Contains("more=true header=() properties=() payload=", output, StringComparison.Ordinal);
    }

    private static async Task<byte[]> RecordAsync()
    {
        int port = FreePort();
        await using RecordingRelay relay = new(new IPEndPoint(IPAddress.Loopback, port));
        await ForeignProgram.RunAsync(
            Peers.Python, ForeignProgram.Peer("proton_conversation.py"), relay.Port.ToString(CultureInfo.InvariantCulture), port.ToString(CultureInfo.InvariantCulture));
        return await relay.CompleteAsync();
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
