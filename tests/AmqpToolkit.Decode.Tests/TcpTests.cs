namespace AmqpToolkit.Decode.Tests;

/// <summary>What the network does to a stream.</summary>
public sealed class TcpTests
{
    private static readonly byte[] Stream = [.. Classic.Client, .. Classic.Publish, .. Classic.Heartbeat];

    private static readonly IReadOnlyList<string> Whole = [.. Tool.Run(Stream).Frames];

    [Fact]
    public void Segments_OfOneOctet_AreOneStream()
    {
        CaptureBuilder capture = CaptureBuilder.Pcap().Open();
        for (int i = 0; i < Stream.Length; i++)
        {
            capture.Packet(true, i, Stream.AsSpan(i, 1));
        }

        Assert.Equal(Whole, Tool.Run(capture.ToArray()).Frames);
    }

    /// <summary>Cut at random, reordered, sent twice, overlapping: the same frames come out.</summary>
    [Fact]
    public void Segments_OutOfOrderTwiceAndOverlapping_AreOneStream()
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        for (int round = 0; round < 200; round++)
        {
            List<(int Start, int Octets)> segments = [];
            for (int at = 0; at < Stream.Length;)
            {
                int octets = Math.Min(random.Next(1, 60), Stream.Length - at);
                int before = random.Next(3) == 0 ? Math.Min(at, random.Next(30)) : 0;
                int after = random.Next(3) == 0 ? Math.Min(Stream.Length - at - octets, random.Next(30)) : 0;
                segments.Add((at - before, octets + before + after));
                if (random.Next(4) == 0)
                {
                    segments.Add(segments[random.Next(segments.Count)]);
                }

                at += octets;
            }

            for (int i = 0; i + 1 < segments.Count; i++)
            {
                int other = Math.Min(segments.Count - 1, i + random.Next(4));
                (segments[i], segments[other]) = (segments[other], segments[i]);
            }

            CaptureBuilder capture = CaptureBuilder.Pcap().Open();
            foreach ((int start, int octets) in segments)
            {
                capture.Packet(true, start, Stream.AsSpan(start, octets));
            }

            ToolResult result = Tool.Run(capture.ToArray());
            Assert.True(Whole.SequenceEqual(result.Frames) && result.ExitCode == ExitCode.Clean, $"seed {seed}, round {round}:\n{result.Output}");
        }
    }

    [Fact]
    public void Segment_ThatIsMissing_IsCountedAndPassedOver()
    {
        int startOk = 8 + Classic.StartOk.Length;
        CaptureBuilder capture = CaptureBuilder.Pcap().Open()
            .Packet(true, 0, Stream.AsSpan(0, 20))
            .Packet(true, 30, Stream.AsSpan(30))
            .Packet(false, 0, Classic.Server, acknowledged: Stream.Length);
        ToolResult result = Tool.Run(capture.ToArray());
        Assert.Equal(ExitCode.Errors, result.ExitCode);
        Assert.Contains(result.Lines, line => line.EndsWith("@20 ERROR: 10 octets are missing; the frame at 8 is lost with them", StringComparison.Ordinal));
        Assert.Contains(result.Lines, line => line.Contains($"@{startOk} (decoding goes on after ", StringComparison.Ordinal));
        Assert.Equal(2, result.Frames.Count(frame => frame.StartsWith("[1] basic.publish", StringComparison.Ordinal)));
        int goesOn = result.Lines.ToList().FindIndex(line => line.Contains("decoding goes on", StringComparison.Ordinal));
        int start = result.Lines.ToList().FindIndex(line => line.Contains("connection.start ", StringComparison.Ordinal));
        Assert.True(goesOn < start, "the acknowledgement tells that nothing more comes");
    }

    [Fact]
    public void Segment_MissingAtTheEnd_IsTold()
    {
        ToolResult result = Tool.Run(CaptureBuilder.Pcap().Open().Packet(true, 0, Stream.AsSpan(0, 8)).Packet(true, 108, Stream.AsSpan(108)).ToArray());
        Assert.Contains("100 octets are missing", result.Output, StringComparison.Ordinal);
        Assert.Equal("[0] heartbeat", result.Frames.Last());
    }

    [Fact]
    public void Packet_CutByTheSnapLength_IsAGap()
    {
        CaptureBuilder capture = CaptureBuilder.Pcap().Open()
            .Packet(true, 0, Stream.AsSpan(0, 100), captured: 14 + 20 + 20 + 60)
            .Packet(true, 100, Stream.AsSpan(100))
            .Packet(false, 0, Classic.Server, acknowledged: Stream.Length);
        ToolResult result = Tool.Run(capture.ToArray());
        Assert.Contains("@60 ERROR: 40 octets are missing", result.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Errors, result.ExitCode);
    }

    [Fact]
    public void KeepAlive_OfOneOctet_ChangesNothing()
    {
        CaptureBuilder capture = CaptureBuilder.Pcap().Open().Packet(true, 0, Stream.AsSpan(0, 8)).Packet(true, 7, [0]).Packet(true, 8, Stream.AsSpan(8));
        Assert.Equal(Whole, Tool.Run(capture.ToArray()).Frames);
    }

    [Fact]
    public void SegmentsThatWait_AreBounded()
    {
        CaptureBuilder capture = CaptureBuilder.Pcap().Open().Packet(true, 0, Stream.AsSpan(0, 8));
        byte[] segment = new byte[60_000];
        for (int i = 0; i < 100; i++)
        {
            capture.Packet(true, 100_000 + (i * 60_000L), segment);
        }

        ToolResult result = Tool.Run(capture.ToArray());
        Assert.Contains("99992 octets are missing", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Conversation_AfterABrokenOne_IsDecoded()
    {
        byte[] broken = CaptureBuilder.Pcap().Open().Packet(true, 0, [.. "AMQP"u8, 0, 0, 9, 1, 1, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 7, 7, 7]).ToArray();
        byte[] whole = new CaptureBuilder { Format = CaptureFormat.Pcap, ClientPort = 40001 }.Open().Packet(true, 0, Stream).ToArray();
        ToolResult result = Tool.Run([.. broken, .. whole.AsSpan(24)]);
        Assert.Equal(ExitCode.Errors, result.ExitCode);
        Assert.Contains("a payload of 4294967295 octets", result.Output, StringComparison.Ordinal);
        Assert.Equal(2, result.Frames.Count(frame => frame.StartsWith("[1] basic.publish", StringComparison.Ordinal)));
    }
}
