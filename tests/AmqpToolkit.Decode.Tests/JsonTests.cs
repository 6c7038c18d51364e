using System.Text.Json;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Decode.Tests;

/// <summary>The output for machines.</summary>
public sealed class JsonTests
{
    private static JsonElement[] Lines(byte[] input, params string[] arguments) =>
        [.. Tool.Run(input, ["--json", .. arguments]).Lines.Select(line => JsonDocument.Parse(line).RootElement)];

    [Fact]
    public void Json_OfEachFrame_HoldsPositionNameAndFields()
    {
        byte[] capture = CaptureBuilder.Pcap().Open().Packet(true, 0, Classic.Client).ToArray();
        JsonElement[] lines = Lines(capture);
        Assert.Equal("10.0.0.1:40000", lines[0].GetProperty("client").GetString());
        JsonElement publish = lines.Single(line => line.TryGetProperty("name", out JsonElement name) && name.GetString() == "basic.publish");
        Assert.Equal(1, publish.GetProperty("conversation").GetInt32());
        Assert.Equal("client", publish.GetProperty("from").GetString());
        Assert.Equal("2023-11-14T22:13:20.1274560Z", publish.GetProperty("time").GetString());
        Assert.Equal(8 + Classic.StartOk.Length, publish.GetProperty("offset").GetInt32());
        Assert.Equal(1, publish.GetProperty("channel").GetInt32());
        Assert.Equal("method", publish.GetProperty("kind").GetString());
        Assert.Equal("eu.new", publish.GetProperty("fields").GetProperty("routing-key").GetString());
        Assert.True(publish.GetProperty("fields").GetProperty("mandatory").GetBoolean());
        Assert.Equal("hello", lines[^1].GetProperty("fields").GetProperty("octets").GetProperty("text").GetString());
    }

    [Fact]
    public void Json_OfTableValues_KeepsTypes()
    {
        Table table = Table.Create(t => t.Add("long", long.MinValue).Add("double", double.NaN).Add("bytes", new byte[] { 0, 255 }).Add("time", new AmqpTimestamp(1)).Add("void", (string?)null));
        JsonElement fields = Lines([.. ProtocolHeader.V0_9_1, .. Classic.Method(1, new QueueDeclare { Queue = "q", Arguments = table })])[^1].GetProperty("fields");
        JsonElement arguments = fields.GetProperty("arguments");
        Assert.Equal(long.MinValue, arguments.GetProperty("long").GetInt64());
        Assert.Equal("NaN", arguments.GetProperty("double").GetString());
        Assert.Equal("00ff", arguments.GetProperty("bytes").GetProperty("hex").GetString());
        Assert.Equal("1970-01-01T00:00:01Z", arguments.GetProperty("time").GetString());
        Assert.Equal(JsonValueKind.Null, arguments.GetProperty("void").ValueKind);
    }

    [Fact]
    public void Json_OfAMistake_HoldsItsOffset()
    {
        JsonElement line = Lines([.. ProtocolHeader.V0_9_1, .. Classic.Raw(1, 1, 0, 90, 0, 10, 1)])[^1];
        Assert.Equal("1 octet left over", line.GetProperty("error").GetString());
        Assert.Equal(8 + 11, line.GetProperty("errorOffset").GetInt32());
    }
}
