using System.Buffers.Binary;

namespace AmqpToolkit.Decode.Tests;

/// <summary>Damaged captures: an answer, always, in bounded memory.</summary>
public sealed class CaptureFuzzTests
{
    private static byte[] Capture(CaptureFormat format) => new CaptureBuilder { Format = format }.Open()
        .Packet(true, 0, Classic.Client).Packet(false, 0, Classic.Server, acknowledged: Classic.Client.Length).ToArray();

    [Theory]
    [InlineData(CaptureFormat.Pcap)]
    [InlineData(CaptureFormat.Pcapng)]
    public void Capture_CutAnywhere_KeepsWhatWasWhole(CaptureFormat format)
    {
        byte[] whole = Capture(format);
        int clean = 0;
        for (int cut = 0; cut < whole.Length; cut++)
        {
            ToolResult result = Tool.Run(whole[..cut], "--form", "Capture");
            clean += result.ExitCode == ExitCode.Clean ? 1 : 0;
            Assert.True(result.ExitCode == ExitCode.Clean || result.Output.Contains("ERROR", StringComparison.Ordinal), $"cut at {cut}");
        }

        Assert.InRange(clean, 3, 10); // at the edges of packets and blocks only
    }

    [Fact]
    public void Magic_OfNothingKnown_IsAnError()
    {
        ToolResult result = Tool.Run([0xA1, 0xB2, 0xCD, 0x34, .. new byte[40]], "--form", "Capture");
        Assert.Equal(ExitCode.Errors, result.ExitCode);
        Assert.Contains("0xa1b2cd34 is no magic number", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Packet_OfAHugeLength_IsRefusedAtItsOffset()
    {
        byte[] capture = Capture(CaptureFormat.Pcap);
        BinaryPrimitives.WriteUInt32LittleEndian(capture.AsSpan(24 + 8), uint.MaxValue);
        ToolResult result = Tool.Run(capture);
        Assert.Contains("ERROR in the input at 24: a packet of 4294967295 octets", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Block_OfAnImpossibleLength_IsRefused()
    {
        byte[] capture = Capture(CaptureFormat.Pcapng);
        BinaryPrimitives.WriteUInt32LittleEndian(capture.AsSpan(28 + 4), 13);
        Assert.Contains("a block cannot have 13 octets", Tool.Run(capture).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Link_ThatIsUnknown_IsNamedOnce()
    {
        byte[] capture = new CaptureBuilder { Format = CaptureFormat.Pcap, LinkType = 147 }.Add(new byte[60]).Add(new byte[60]).ToArray();
        ToolResult result = Tool.Run(capture);
        Assert.Equal("ERROR in the input at 0: packets of link type 147 cannot be read", Assert.Single(result.Lines));
    }

    [Theory]
    [InlineData(CaptureFormat.Pcap)]
    [InlineData(CaptureFormat.PcapBigEndian)]
    [InlineData(CaptureFormat.Pcapng)]
    public void Capture_MutatedAtRandom_EndsInBoundedMemory(CaptureFormat format)
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        byte[] whole = Capture(format);
        long before = GC.GetAllocatedBytesForCurrentThread();
        const int Rounds = 500;
        for (int round = 0; round < Rounds; round++)
        {
            byte[] capture = (byte[])whole.Clone();
            for (int changes = random.Next(1, 9); changes > 0; changes--)
            {
                capture[random.Next(capture.Length)] = (byte)random.Next(256);
            }

            ToolResult result = Tool.Run(random.Next(3) == 0 ? capture[..random.Next(capture.Length)] : capture, "--form", "Capture");
            Assert.True(result.ExitCode is ExitCode.Clean or ExitCode.Errors, $"seed {seed}, round {round}: {result.Error}");
        }

        long each = (GC.GetAllocatedBytesForCurrentThread() - before) / Rounds;
        Assert.True(each < 4 << 20, $"seed {seed}: {each} octets a run");
    }

    [Fact]
    public void Stream_OfRandomOctets_EndsInBoundedMemory()
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        foreach (string edition in new[] { "0-8", "0-9", "0-9-1", "0-10", "1.0" })
        {
            byte[] stream = new byte[1 << 20];
            random.NextBytes(stream);
            ToolResult result = Tool.Run(stream, "--form", "Raw", "--edition", edition);
            Assert.True(result.ExitCode == ExitCode.Errors, $"seed {seed}, {edition}");
        }
    }
}
