using System.Buffers;
using AmqpToolkit.Codec.V0_10;

namespace AmqpToolkit.Codec.Tests.V0_10;

/// <summary>Frames of twelve octets of header, and the segments that they carry.</summary>
public class FrameTests
{
    private static readonly byte[] Attach = Hex.Parse(
        """
        0F 00 0014       # all four flags, control, size 20
        00 00 0102       # reserved, track control, channel 258
        00000000         # reserved
        0201 0100 0002 7331
        """);

    [Fact]
    public void Control_IsOneFrame()
    {
        byte[] octets = new byte[64];

        int written = FrameWriter.WriteControl(octets, channel: 258, new SessionAttach { Name = "s1" });

        Assert.Equal(Hex.Of(Attach), Hex.Of(octets.AsSpan(0, written)));
    }

    [Fact]
    public void Command_IsOnTheTrackOfCommands()
    {
        byte[] octets = new byte[64];

        int written = FrameWriter.WriteCommand(octets, channel: 1, new MessageTransfer { Destination = "q" }, sync: true, isLast: false);

        Assert.Equal("0B010014" + "00010001" + "00000000" + "0401" + "0101" + "0100" + "0171", Hex.Of(octets.AsSpan(0, written)));
    }

    [Fact]
    public void Frame_IsReadInPlace()
    {
        Assert.Equal(FrameReadStatus.Complete, FrameReader.TryRead([.. Attach, 0xFF], maxFrameOctets: 4096, out Frame frame));
        Assert.Equal((FrameFlags.Whole, SegmentType.Control, Track.Control, (ushort)258), (frame.Flags, frame.Type, frame.Track, frame.Channel));
        Assert.Equal("0201010000027331", Hex.Of(frame.Payload));
        Assert.Equal(20, frame.Octets);
    }

    [Fact]
    public void Frame_CutAnywhere_IsIncomplete()
    {
        for (int cut = 0; cut < Attach.Length; cut++)
        {
            Assert.Equal(FrameReadStatus.Incomplete, FrameReader.TryRead(Attach.AsSpan(0, cut), 4096, out _));
        }
    }

    [Theory]
    [InlineData(20, FrameReadStatus.Complete)]
    [InlineData(19, FrameReadStatus.TooLarge)]
    [InlineData(0, FrameReadStatus.Complete)]
    public void Frame_OverTheLimit_IsKnownFromItsHeader(ushort limit, FrameReadStatus expected)
    {
        Assert.Equal(expected, FrameReader.TryRead(Attach, limit, out _));
        FrameReadStatus fromHeader = FrameReader.TryRead(Attach.AsSpan(0, FrameReader.HeaderOctets), limit, out _);
        Assert.Equal(expected == FrameReadStatus.TooLarge ? expected : FrameReadStatus.Incomplete, fromHeader);
    }

    [Theory]
    [InlineData("4F00001400000102000000000201010000027331")] // another version of the format
    [InlineData("0F00000B00000102000000000201010000027331")] // a size below the header
    [InlineData("0F000000000001020000000002")]
    public void Frame_WithABadHeader_IsRefused(string hex) =>
        Assert.Equal(FrameReadStatus.BadHeader, FrameReader.TryRead(Hex.Parse(hex), 4096, out _));

    [Theory]
    [InlineData("4F0000140000010200000000", 1, FrameReadStatus.BadHeader)] // the version stands in the first octet
    [InlineData("0F00000B0000010200000000", 4, FrameReadStatus.BadHeader)] // the size ends with the fourth
    [InlineData("0F0010010000010200000000", 4, FrameReadStatus.TooLarge)]
    public void Frame_WithABadHeader_IsRefusedAsSoonAsItIsKnown(string hex, int known, FrameReadStatus expected)
    {
        byte[] octets = Hex.Parse(hex);
        for (int cut = 0; cut <= octets.Length; cut++)
        {
            Assert.Equal(cut < known ? FrameReadStatus.Incomplete : expected, FrameReader.TryRead(octets.AsSpan(0, cut), 4096, out _));
        }
    }

    [Fact]
    public void ReservedBits_AreIgnored()
    {
        byte[] octets = [.. Attach];
        octets[0] |= 0x30;
        octets[4] = 0xFF;
        octets[5] |= 0xF0;
        octets[11] = 0xFF;

        Assert.Equal(FrameReadStatus.Complete, FrameReader.TryRead(octets, 4096, out Frame frame));
        Assert.Equal((FrameFlags.Whole, Track.Control), (frame.Flags, frame.Track));
    }

    [Theory]
    [InlineData(13)]
    [InlineData(14)]
    [InlineData(100)]
    [InlineData(65535)]
    public void Segment_OverFramesOfAnySize_IsPutTogether(ushort maxFrameOctets)
    {
        byte[] payload = [.. Enumerable.Range(0, 300).Select(i => (byte)i)];
        var output = new ArrayBufferWriter<byte>();
        FrameWriter.WriteSegment(output, SegmentType.Command, FrameFlags.FirstSegment, channel: 1, payload, maxFrameOctets);
        FrameWriter.WriteSegment(output, SegmentType.Body, FrameFlags.LastSegment, channel: 1, payload, maxFrameOctets);
        FrameWriter.WriteSegment(output, SegmentType.Command, FrameFlags.FirstSegment | FrameFlags.LastSegment, channel: 1, [], maxFrameOctets);
        var assembler = new SegmentAssembler(300);
        ReadOnlySpan<byte> rest = output.WrittenSpan;
        var segments = new List<string>();
        while (FrameReader.TryRead(rest, maxFrameOctets, out Frame frame) == FrameReadStatus.Complete)
        {
            rest = rest[frame.Octets..];
            SegmentStatus status = assembler.Add(frame, out Segment segment);
            Assert.Equal(frame.IsLastFrame ? SegmentStatus.Complete : SegmentStatus.Incomplete, status);
            if (status == SegmentStatus.Complete)
            {
                Assert.True(segment.IsComplete);
                Assert.Equal(segment.Payload.IsEmpty ? "" : Hex.Of(payload), Hex.Of(segment.Payload));
                segments.Add($"{segment.Type} {segment.IsFirst} {segment.IsLast}");
            }
        }

        Assert.True(rest.IsEmpty);
        Assert.Equal(["Command True False", "Body False True", "Command True True"], segments);
    }

    [Fact]
    public void Segment_PastTheBound_IsRefusedAndNothingIsKept()
    {
        var assembler = new SegmentAssembler(10);

        Assert.Equal(SegmentStatus.Incomplete, Add(assembler, FrameFlags.FirstSegment | FrameFlags.FirstFrame, SegmentType.Command, octets: 8));
        Assert.Equal(SegmentStatus.TooLarge, Add(assembler, FrameFlags.FirstSegment, SegmentType.Command, octets: 3));
        Assert.Equal(SegmentStatus.OutOfOrder, Add(assembler, FrameFlags.Whole, SegmentType.Command, octets: 1));
    }

    [Fact]
    public void Bodies_CanBeHandedOnAsTheyCome()
    {
        var assembler = new SegmentAssembler(10, keepsBodies: false);

        Assert.Equal(SegmentStatus.Complete, Add(assembler, FrameFlags.Whole & ~FrameFlags.LastSegment, SegmentType.Command, octets: 8));
        Assert.Equal(SegmentStatus.Complete, Add(assembler, FrameFlags.LastSegment | FrameFlags.FirstFrame, SegmentType.Body, octets: 5000));
        Assert.Equal(SegmentStatus.Complete, Add(assembler, FrameFlags.LastSegment, SegmentType.Body, octets: 5000));
        Assert.Equal(SegmentStatus.Complete, Add(assembler, FrameFlags.LastSegment | FrameFlags.LastFrame, SegmentType.Body, octets: 5000));
        Assert.Equal(SegmentStatus.Complete, Add(assembler, FrameFlags.Whole, SegmentType.Command, octets: 8));
    }

    [Theory]
    [InlineData("h:F2")]                    // a header first
    [InlineData("b:F3")]
    [InlineData("c:01")]                    // the middle of a segment first
    [InlineData("c:07")]                    // a segment that is not the first one
    [InlineData("x:0B")]                    // a control that is not the last segment
    [InlineData("c:0B c:07")]               // a command in the middle of an assembly
    [InlineData("c:0B b:03 h:07")]          // a header after the body
    [InlineData("c:0B h:03 h:07")]          // two headers
    [InlineData("c:0B h:0B")]               // a second first segment
    [InlineData("c:0A c:02")]               // a second first frame
    [InlineData("c:0A h:01")]               // another type within a segment
    [InlineData("c:0A c:0D")]               // the last segment, as it turns out later
    [InlineData("c:0F:0")]                  // a command on the track of controls
    [InlineData("x:0F:1")]
    [InlineData("u:0F")]                    // an unknown type
    public void Frames_OutOfOrder_AreRefused(string frames)
    {
        var assembler = new SegmentAssembler(100);
        string[] all = frames.Split(' ');
        for (int i = 0; i < all.Length; i++)
        {
            SegmentType type = all[i][0] switch { 'x' => SegmentType.Control, 'c' => SegmentType.Command, 'h' => SegmentType.Header, 'b' => SegmentType.Body, _ => (SegmentType)9 };
            var flags = (FrameFlags)(Convert.ToByte(all[i][2..4], 16) & 0x0F);
            Track? track = all[i].Length > 4 ? (Track)(all[i][5] - '0') : null;
            SegmentStatus status = Add(assembler, flags, type, octets: 1, track);
            Assert.Equal(i == all.Length - 1, status == SegmentStatus.OutOfOrder);
        }
    }

    private static SegmentStatus Add(SegmentAssembler assembler, FrameFlags flags, SegmentType type, int octets, Track? track = null)
    {
        byte[] input = new byte[FrameReader.HeaderOctets + octets];
        FrameWriter.WriteHeader(input, flags, type, track ?? (type == SegmentType.Control ? Track.Control : Track.Command), channel: 1, octets);
        Assert.Equal(FrameReadStatus.Complete, FrameReader.TryRead(input, 0, out Frame frame));
        return assembler.Add(frame, out _);
    }
}
