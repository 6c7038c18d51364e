using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>Frames of 1.0 (part 2, 2.3), over any segmentation.</summary>
public sealed class FrameTests
{
    private const uint MaxFrameSize = 512;

    private static readonly byte[] Extended = Hex.Parse(
        """
        00 00 00 12  # size 18
        03           # doff: the body begins at 12
        00           # type AMQP
        00 05        # channel 5
        DE AD BE EF  # extended header
        00 53 18 45  # close
        FF FF        # payload
        """);

    [Fact]
    public void TryRead_FrameWithAnExtendedHeader_PassesOverIt()
    {
        Assert.Equal(FrameReadStatus.Complete, FrameReader.TryRead([.. Extended, 1, 2], MaxFrameSize, out Frame frame));

        Assert.Equal(FrameType.Amqp, frame.Type);
        Assert.Equal(5, frame.Channel);
        Assert.Equal(Extended.Length, frame.Octets);
        Assert.Equal("00531845FFFF", Convert.ToHexString(frame.Body));
    }

    [Fact]
    public void TryRead_AnyProperPrefix_IsIncomplete()
    {
        for (int length = 0; length < Extended.Length; length++)
        {
            Assert.Equal(FrameReadStatus.Incomplete, FrameReader.TryRead(Extended.AsSpan(0, length), MaxFrameSize, out Frame frame));
            Assert.True(frame.Body.IsEmpty);
        }
    }

    [Theory]
    [InlineData("00000200", 512, FrameReadStatus.Incomplete)]
    [InlineData("00000201", 512, FrameReadStatus.TooLarge)]
    [InlineData("7FFFFFFF", uint.MaxValue, FrameReadStatus.Incomplete)]
    [InlineData("80000000", uint.MaxValue, FrameReadStatus.TooLarge)]
    [InlineData("FFFFFFFF", uint.MaxValue, FrameReadStatus.TooLarge)]
    [InlineData("00000007", 512, FrameReadStatus.Malformed)]
    [InlineData("00000000", 512, FrameReadStatus.Malformed)]
    [InlineData("0000000802000000", 512, FrameReadStatus.Complete)]
    [InlineData("0000000801000000", 512, FrameReadStatus.Malformed)]
    [InlineData("0000000800000000", 512, FrameReadStatus.Malformed)]
    [InlineData("0000000803000000", 512, FrameReadStatus.Malformed)]
    [InlineData("0000001005000000", 512, FrameReadStatus.Malformed)]
    [InlineData("00000010FF000000", 512, FrameReadStatus.Malformed)]
    [InlineData("0000020102000000", 512, FrameReadStatus.TooLarge)]
    [InlineData("0000020102000000", 513, FrameReadStatus.Incomplete)]
    public void TryRead_Header_IsJudgedBeforeTheRestHasCome(string hex, uint maxFrameSize, FrameReadStatus status) =>
        Assert.Equal(status, FrameReader.TryRead(Convert.FromHexString(hex), maxFrameSize, out _));

    [Fact]
    public void Frames_OneAfterTheOther_AreFoundHoweverTheyCome()
    {
        byte[] stream = new byte[1024];
        int length = FrameWriter.WritePerformative(stream, 1, new Open { ContainerId = "me" });
        length += FrameWriter.WriteEmpty(stream.AsSpan(length));
        length += FrameWriter.WriteSasl(stream.AsSpan(length), new SaslOutcome { Code = SaslCode.Ok });
        length += FrameWriter.WritePerformative(stream.AsSpan(length), ushort.MaxValue, new Transfer { Handle = 7 }, "payload"u8);
        string[] expected =
        [
            "Amqp 1 005310C00501A1026D65",
            "Amqp 0 ",
            "Sasl 0 005344C003015000",
            "Amqp 65535 005314C003015207" + Convert.ToHexString("payload"u8),
        ];

        for (int step = 1; step <= length; step++)
        {
            var found = new List<string>();
            int at = 0;
            for (int received = 0; received < length;)
            {
                received = Math.Min(received + step, length);
                while (FrameReader.TryRead(stream.AsSpan(at, received - at), MaxFrameSize, out Frame frame) == FrameReadStatus.Complete)
                {
                    found.Add($"{frame.Type} {frame.Channel} {Convert.ToHexString(frame.Body)}");
                    at += frame.Octets;
                }
            }

            Assert.Equal(expected, found);
            Assert.Equal(length, at);
        }
    }

    [Fact]
    public void Write_ToAnEndThatIsTooNear_Throws()
    {
        byte[] frame = new byte[64];
        int octets = FrameWriter.WritePerformative(frame, 0, default(Close), "payload"u8);
        for (int length = 0; length < octets; length++)
        {
            Assert.ThrowsAny<Exception>(() => FrameWriter.WritePerformative(frame.AsSpan(0, length), 0, default(Close), "payload"u8));
        }
    }
}
