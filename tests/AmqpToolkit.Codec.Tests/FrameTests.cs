using System.Buffers.Binary;
using AmqpToolkit.Codec.Classic;

namespace AmqpToolkit.Codec.Tests;

public class FrameTests
{
    private const uint FrameMax = 4096;

    private static readonly byte[] BasicAck = Hex.Parse(
        """
        01                       # type method
        00 05                    # channel 5
        00 00 00 0D              # size 13
        00 3C 00 50              # basic.ack
        00 00 00 00 00 00 00 07  # delivery-tag
        01                       # multiple
        CE                       # end
        """);

    [Fact]
    public void TryRead_WholeFrame_IsComplete()
    {
        Assert.Equal(FrameReadStatus.Complete, FrameReader.TryRead([.. BasicAck, 0x01, 0x02], FrameMax, out Frame frame));

        Assert.Equal(1, frame.Type);
        Assert.Equal(5, frame.Channel);
        Assert.Equal(BasicAck.Length, frame.Octets);
        Assert.Equal(Hex.Of(BasicAck.AsSpan(7, 13)), Hex.Of(frame.Payload));
    }

    [Fact]
    public void TryRead_AnyProperPrefix_IsIncomplete()
    {
        for (int length = 0; length < BasicAck.Length; length++)
        {
            Assert.Equal(FrameReadStatus.Incomplete, FrameReader.TryRead(BasicAck.AsSpan(0, length), FrameMax, out Frame frame));
            Assert.True(frame.Payload.IsEmpty);
        }
    }

    [Fact]
    public void TryRead_FramesOneAfterTheOther_AreAllFound()
    {
        byte[] input = [.. BasicAck, .. Hex.Parse("08 00 00 00 00 00 00 CE"), .. BasicAck];
        ReadOnlySpan<byte> rest = input;
        var types = new List<byte>();
        while (FrameReader.TryRead(rest, FrameMax, out Frame frame) == FrameReadStatus.Complete)
        {
            types.Add(frame.Type);
            rest = rest[frame.Octets..];
        }

        Assert.True(rest.IsEmpty);
        Assert.Equal([1, 8, 1], types);
    }

    [Fact]
    public void TryRead_WrongEndOctet_IsBadEnd()
    {
        for (int octet = 0; octet <= byte.MaxValue; octet++)
        {
            byte[] input = [.. BasicAck];
            input[^1] = (byte)octet;

            FrameReadStatus expected = octet == 0xCE ? FrameReadStatus.Complete : FrameReadStatus.BadEnd;
            Assert.Equal(expected, FrameReader.TryRead(input, FrameMax, out _));
        }
    }

    [Theory]
    [InlineData(0, 4096, FrameReadStatus.Incomplete)]
    [InlineData(4088, 4096, FrameReadStatus.Incomplete)]
    [InlineData(4089, 4096, FrameReadStatus.TooLarge)]
    [InlineData(uint.MaxValue, 4096, FrameReadStatus.TooLarge)]
    [InlineData(0x7FFFFFFF, 4096, FrameReadStatus.TooLarge)]
    [InlineData(0x80000000, 4096, FrameReadStatus.TooLarge)]
    [InlineData(0, 8, FrameReadStatus.Incomplete)]
    [InlineData(1, 8, FrameReadStatus.TooLarge)]
    [InlineData(0, 7, FrameReadStatus.TooLarge)]
    [InlineData(0, 1, FrameReadStatus.TooLarge)]
    [InlineData(0x7FFFFFF7, uint.MaxValue, FrameReadStatus.Incomplete)]
    [InlineData(0x7FFFFFF8, uint.MaxValue, FrameReadStatus.TooLarge)]
    [InlineData(uint.MaxValue, uint.MaxValue, FrameReadStatus.TooLarge)]
    [InlineData(0x7FFFFFF7, 0, FrameReadStatus.Incomplete)]
    [InlineData(uint.MaxValue, 0, FrameReadStatus.TooLarge)]
    public void TryRead_SizeAgainstLimit_IsJudgedFromTheHeaderAlone(uint payloadOctets, uint maxFrameOctets, FrameReadStatus expected)
    {
        byte[] header = [3, 0, 1, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(3), payloadOctets);

        Assert.Equal(expected, FrameReader.TryRead(header, maxFrameOctets, out _));
    }

    [Fact]
    public void TryReadHeader_NeedsSevenOctets()
    {
        Assert.False(FrameReader.TryReadHeader(BasicAck.AsSpan(0, 6), out _, out _, out _));
        Assert.True(FrameReader.TryReadHeader(BasicAck.AsSpan(0, 7), out byte type, out ushort channel, out uint payloadOctets));
        Assert.Equal((1, 5, 13u), (type, channel, payloadOctets));
    }

    [Fact]
    public void WriteBody_ThenTryRead_GivesTheBody()
    {
        byte[] destination = new byte[64];

        int octets = FrameWriter.WriteBody(destination, channel: 0xFFFF, "hello"u8);

        Assert.Equal("03 FFFF 00000005 68656C6C6F CE".Replace(" ", "", StringComparison.Ordinal), Hex.Of(destination.AsSpan(0, octets)));
        Assert.Equal(FrameReadStatus.Complete, FrameReader.TryRead(destination.AsSpan(0, octets), (uint)octets, out Frame frame));
        Assert.True(frame.Payload.SequenceEqual("hello"u8));
        Assert.Equal(FrameReadStatus.TooLarge, FrameReader.TryRead(destination.AsSpan(0, octets), (uint)octets - 1, out _));
    }

    [Fact]
    public void WriteHeartbeat_WritesEightOctets()
    {
        byte[] destination = new byte[8];

        Assert.Equal(8, FrameWriter.WriteHeartbeat(destination));
        Assert.Equal("08000000000000CE", Hex.Of(destination));
    }

    [Fact]
    public void WriteContentHeader_ThenTryParse_GivesTheSame()
    {
        byte[] properties = Hex.Parse("10 00 02"); // delivery-mode 2
        byte[] destination = new byte[64];

        int octets = FrameWriter.WriteContentHeader(destination, channel: 1, classId: 60, bodyOctets: 0x0102030405060708, properties);

        Assert.Equal(
            Hex.Of(Hex.Parse(
                """
                02                       # type content header
                00 01                    # channel
                00 00 00 0F              # size
                00 3C                    # class basic
                00 00                    # weight
                01 02 03 04 05 06 07 08  # body size
                10 00                    # property flags
                02                       # delivery-mode
                CE                       # end
                """)),
            Hex.Of(destination.AsSpan(0, octets)));
        Assert.Equal(FrameWriter.ContentHeaderOverheadOctets + properties.Length, octets);
        Assert.Equal(FrameReadStatus.Complete, FrameReader.TryRead(destination, FrameMax, out Frame frame));
        Assert.Equal(DecodeError.None, ContentHeaderView.TryParse(frame.Payload, out ContentHeaderView header));
        Assert.Equal((60, 0, 0x0102030405060708ul), (header.ClassId, header.Weight, header.BodyOctets));
        Assert.True(header.Properties.SequenceEqual(properties));
    }

    [Fact]
    public void ContentHeader_BelowFourteenOctets_IsTruncated()
    {
        byte[] payload = Hex.Parse("003C 0007 FFFFFFFFFFFFFFFF 0000");
        for (int length = 0; length < payload.Length; length++)
        {
            Assert.Equal(DecodeError.Truncated, ContentHeaderView.TryParse(payload.AsSpan(0, length), out _));
        }

        Assert.Equal(DecodeError.None, ContentHeaderView.TryParse(payload, out ContentHeaderView header));
        Assert.Equal((60, 7, ulong.MaxValue), (header.ClassId, header.Weight, header.BodyOctets));
    }

    [Fact]
    public void Write_IntoTooShortDestination_Throws()
    {
        Assert.ThrowsAny<ArgumentException>(() => FrameWriter.WriteBody(new byte[11], 1, "hello"u8));
        Assert.Throws<IndexOutOfRangeException>(() => FrameWriter.WriteBody(new byte[12], 1, "hello"u8));
        Assert.ThrowsAny<ArgumentException>(() => FrameWriter.WriteContentHeader(new byte[20], 1, 60, 0, new byte[2]));
        Assert.Throws<IndexOutOfRangeException>(() => FrameWriter.WriteHeartbeat(new byte[7]));
    }

    [Fact]
    public void ProtocolHeaders_StartWithTheName()
    {
        Assert.Equal("414D515000000901", Hex.Of(ProtocolHeader.V0_9_1));
        Assert.Equal("414D515001010009", Hex.Of(ProtocolHeader.V0_9));
        Assert.Equal("414D515001010800", Hex.Of(ProtocolHeader.V0_8));
        Assert.Equal("414D51500101000A", Hex.Of(ProtocolHeader.V0_10));
        Assert.Equal("414D515000010000", Hex.Of(ProtocolHeader.V1_0));
        Assert.Equal("414D515003010000", Hex.Of(ProtocolHeader.V1_0_Sasl));
    }
}
