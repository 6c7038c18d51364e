using System.Text.Json;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.Tests;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Decode.Tests.Oracles;

/// <summary>Every method and every property of 0-9-1, written by our codec, as tshark reads them.</summary>
public sealed class TsharkMethodTests
{
    [TsharkFact]
    public async Task Methods_WrittenByTheCodec_AreReadByTshark()
    {
        int seed = Random.Shared.Next();
        List<byte[]> frames = [.. AllMethods.Of(seed, plainNames: true).Select(one => one.Frame)];
        await CompareAsync(seed, frames, MethodType.All.Count);
    }

    [TsharkFact]
    public async Task Properties_WrittenByTheCodec_AreReadByTshark()
    {
        int seed = Random.Shared.Next();
        RandomValues random = new(seed, plainNames: true);
        MethodType content = MethodType.ContentOf(typeof(BasicProperties));
        List<byte[]> frames = [];
        for (int i = 0; i < 30; i++)
        {
            frames.Add(Classic.Header(1, (ulong)i, (BasicProperties)content.Random(random, property => i == 0 || random.Random.Next(2) == 0)));
        }

        await CompareAsync(seed, frames, frames.Count);
    }

    private static async Task CompareAsync(int seed, List<byte[]> frames, int least)
    {
        CaptureBuilder capture = CaptureBuilder.Pcap().Open().Packet(true, 0, ProtocolHeader.V0_9_1);
        long at = ProtocolHeader.Octets;
        foreach (byte[] frame in frames)
        {
            capture.Packet(true, at, frame);
            at += frame.Length;
        }

        byte[] file = capture.ToArray();
        ToolResult result = Tool.Run(file, "--json", "--secrets");
        Assert.True(result.ExitCode == ExitCode.Clean, $"seed {seed}\n{result.Output}");
        JsonElement[] ours = [.. result.Lines.Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.TryGetProperty("octets", out _)).Skip(1)];
        List<TsharkFrame> theirs = [.. (await TsharkFrame.ReadAsync(file)).Where(frame => frame.Show("amqp.type") is not null)];
        Assert.Equal(theirs.Count, ours.Length);
        Assert.True(ours.Length >= least);
        for (int i = 0; i < ours.Length; i++)
        {
            ClassicComparison.Compare(ours[i], theirs[i]);
        }
    }
}
