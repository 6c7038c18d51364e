using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Protocol.Tests;

public sealed class ProtocolErrorTests
{
    [Fact]
    public void ReplyText_BeginsWithTheCodesName()
    {
        Assert.Equal("NOT_FOUND - no queue 'q' in vhost '/'", ProtocolError.NotFound("no queue 'q' in vhost '/'").ReplyText);
        Assert.Equal("INTERNAL_ERROR", ProtocolError.InternalError(string.Empty).ReplyText);
    }

    [Theory]
    [InlineData("a", 1)]
    [InlineData("\u00e9", 2)]
    [InlineData("\u20ac", 3)]
    [InlineData("\U0001F407", 4)]
    public void ReplyText_OfAnyLength_HoldsAtMost255OctetsAndWholeCharacters(string character, int octets)
    {
        for (int shift = 0; shift < 8; shift++)
        {
            for (int count = 200 / octets; count < 300; count++)
            {
                string text = new string('x', shift) + string.Concat(Enumerable.Repeat(character, count));
                string whole = $"NOT_FOUND - {text}";

                string reply = ProtocolError.NotFound(text).ReplyText;

                if (Encoding.UTF8.GetByteCount(whole) <= ProtocolError.MaxReplyTextOctets)
                {
                    Assert.Equal(whole, reply);
                    continue;
                }

                int length = Encoding.UTF8.GetByteCount(reply);
                Assert.InRange(length, ProtocolError.MaxReplyTextOctets - 3, ProtocolError.MaxReplyTextOctets);
                Assert.EndsWith("...", reply, StringComparison.Ordinal);
                Assert.StartsWith(reply[..^3], whole, StringComparison.Ordinal);
                Assert.DoesNotContain('\uFFFD', Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(reply)));
            }
        }
    }

    [Fact]
    public void EachHelper_HasTheScopeOfItsCode()
    {
        ProtocolError[] errors =
        [
            ProtocolError.AccessRefused(""), ProtocolError.NotFound(""), ProtocolError.ResourceLocked(""), ProtocolError.PreconditionFailed(""),
            ProtocolError.ConnectionForced(""), ProtocolError.FrameError(""), ProtocolError.SyntaxError(""), ProtocolError.CommandInvalid(""),
            ProtocolError.ChannelError(""), ProtocolError.UnexpectedFrame(""), ProtocolError.NotAllowed(""), ProtocolError.NotImplemented(""),
            ProtocolError.InternalError(""),
        ];

        // The specification calls connection-forced an error that an operator causes: it is hard.
        Assert.All(errors, error => Assert.Equal(Constants.ScopeOf(error.ReplyCode), error.Scope));
        Assert.Equal(errors.Length, errors.Select(error => error.ReplyCode).Distinct().Count());
    }

    [Fact]
    public void At_LaysTheErrorAtAMethodsDoor()
    {
        var error = ProtocolError.NotFound("x").At(BasicPublishView.MethodKey);

        Assert.Equal(BasicPublishView.MethodKey, error.MethodKey);
        Assert.Equal(404, error.ReplyCode);
        Assert.Contains("basic.publish", error.ToString(), StringComparison.Ordinal);
    }
}
