using System.Text.Json;

namespace AmqpToolkit.Decode.Tests.Oracles;

/// <summary>Every performative of 1.0 and its SASL layer, and every section of a message, written by our codec, as tshark reads them.</summary>
public sealed class TsharkPerformativeTests
{
    [TsharkFact]
    public async Task Frames_WrittenByTheCodec_AreReadByTshark()
    {
        byte[][] parts = [Types.SaslHeader, .. Types.Sasl, Types.Header, .. Types.Performatives];
        CaptureBuilder capture = CaptureBuilder.Pcap().Open();
        long at = 0;
        foreach (byte[] part in parts)
        {
            capture.Packet(true, at, part);
            at += part.Length;
        }

        byte[] file = capture.ToArray();
        ToolResult result = Tool.Run(file, "--json", "--secrets");
        Assert.True(result.ExitCode == ExitCode.Clean, result.Output);
        JsonElement[] ours = [.. result.Lines.Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.TryGetProperty("kind", out JsonElement kind) && kind.GetString() is "sasl" or "performative")];
        List<TsharkFrame> theirs = [.. (await TsharkFrame.ReadAsync(file)).Where(frame => frame.Show("amqp.length") is not null)];
        Assert.Equal(parts.Length - 2, ours.Length);
        Assert.Equal(ours.Length, theirs.Count);
        for (int i = 0; i < ours.Length; i++)
        {
            TypeComparison.Compare(ours[i], theirs[i]);
        }
    }
}
