using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Protocol.Tests;

public sealed class ContentStateTests
{
    [Fact]
    public void TakeHeader_OfAnEmptyBody_CompletesTheContent()
    {
        var content = Begun();

        Assert.Null(content.TakeHeader(Header(0), out var header));

        Assert.Equal(60, header.ClassId);
        Assert.True(content.IsIdle);
        Assert.Null(content.CheckMethod(BasicPublishView.MethodKey));
    }

    [Fact]
    public void TakeBody_InParts_CompletesWithTheLastOctet()
    {
        var content = Begun();
        Assert.Null(content.TakeHeader(Header(10), out _));

        Assert.Null(content.TakeBody(4, out bool isLast));
        Assert.False(isLast);
        Assert.Equal(6u, content.RemainingOctets);
        Assert.Null(content.TakeBody(0, out isLast));
        Assert.False(isLast);
        Assert.Null(content.TakeBody(6, out isLast));

        Assert.True(isLast);
        Assert.True(content.IsIdle);
    }

    [Fact]
    public void EachPart_OutOfTurn_Is505()
    {
        var idle = default(ContentState);
        Expect(505, idle.TakeHeader(Header(0), out _));
        Expect(505, idle.TakeBody(1, out _));

        var header = Begun();
        Expect(505, header.CheckMethod(BasicPublishView.MethodKey));
        Expect(505, header.TakeBody(1, out _));

        var body = Begun();
        body.TakeHeader(Header(1), out _);
        Expect(505, body.CheckMethod(BasicPublishView.MethodKey));
        Expect(505, body.TakeHeader(Header(1), out _));
    }

    [Fact]
    public void TakeHeader_OfAnotherClass_Is505()
    {
        var content = Begun();

        var error = Expect(505, content.TakeHeader(Header(1, classId: 50), out _));

        Assert.Contains("class 60", error.ReplyText, StringComparison.Ordinal);
        Assert.Equal(BasicPublishView.MethodKey, error.MethodKey);
    }

    [Fact]
    public void TakeHeader_WithWeight_Is505()
    {
        byte[] header = Header(1);
        header[3] = 1;

        Expect(505, Begun().TakeHeader(header, out _));
    }

    [Theory]
    [InlineData(ContentState.MaxBodyOctets, true)]
    [InlineData(ContentState.MaxBodyOctets + 1, false)]
    [InlineData(ulong.MaxValue, false)]
    public void TakeHeader_OfAHugeBody_IsRefusedWhenItIsAnnounced(ulong octets, bool isTaken)
    {
        var content = Begun();

        var error = content.TakeHeader(Header(octets), out _);

        if (isTaken)
        {
            Assert.Null(error);
        }
        else
        {
            Expect(501, error);
        }
    }

    [Fact]
    public void TakeHeader_ThatIsTooShort_IsRefused()
    {
        for (int octets = 0; octets < 14; octets++)
        {
            var error = Begun().TakeHeader(Header(1).AsSpan(0, octets), out _);

            Expect(octets < 12 ? 501 : 541, error);
        }
    }

    [Fact]
    public void TakeBody_BeyondWhatWasAnnounced_Is501()
    {
        var content = Begun();
        content.TakeHeader(Header(3), out _);

        Expect(501, content.TakeBody(4, out bool isLast));

        Assert.False(isLast);
    }

    [Fact]
    public void Reset_InTheMiddle_AwaitsNothing()
    {
        var content = Begun();
        content.TakeHeader(Header(3), out _);

        content.Reset();

        Assert.True(content.IsIdle);
        Assert.Equal(0u, content.RemainingOctets);
        Assert.Null(content.CheckMethod(BasicPublishView.MethodKey));
    }

    private static ContentState Begun()
    {
        var content = default(ContentState);
        content.Begin(BasicPublishView.MethodKey);
        return content;
    }

    private static byte[] Header(ulong bodyOctets, ushort classId = 60)
    {
        byte[] header = new byte[14];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(header, classId);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(4), bodyOctets);
        return header;
    }

    private static ProtocolError Expect(int replyCode, ProtocolError? error)
    {
        Assert.NotNull(error);
        Assert.True(error.ReplyCode == replyCode, error.ToString());
        Assert.Equal(ErrorScope.Connection, error.Scope);
        return error;
    }
}
