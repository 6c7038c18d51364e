using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Protocol.Tests;

public sealed class TuningTests
{
    private static readonly Tuning Offer = new(2047, 131072, 60);

    [Theory]
    [InlineData(2047, 131072u, 60)]
    [InlineData(1, 8192u, 0)]
    [InlineData(10, 10000u, 9999)]
    public void CheckAnswer_WithinTheOffer_IsFine(ushort channelMax, uint frameMax, ushort heartbeat) =>
        Assert.Null(Offer.CheckAnswer(new Tuning(channelMax, frameMax, heartbeat), 8192));

    [Theory]
    [InlineData(2048, 131072u, "channel_max = 2048", "2047")]
    [InlineData(0, 131072u, "channel_max = 0", "2047")]
    [InlineData(2047, 131073u, "frame_max = 131073", "131072")]
    [InlineData(2047, 0u, "frame_max = 0", "131072")]
    [InlineData(2047, 8191u, "frame_max = 8191", "8192")]
    [InlineData(2047, uint.MaxValue, "frame_max = 4294967295", "131072")]
    public void CheckAnswer_BeyondTheOffer_Is530(ushort channelMax, uint frameMax, string what, string limit)
    {
        var error = Offer.CheckAnswer(new Tuning(channelMax, frameMax, 0), 8192);

        Assert.Equal(530, error!.ReplyCode);
        Assert.Contains(what, error.ReplyText, StringComparison.Ordinal);
        Assert.Contains(limit, error.ReplyText, StringComparison.Ordinal);
    }

    [Fact]
    public void CheckAnswer_WithoutALimit_TakesAny()
    {
        var unlimited = new Tuning(0, 0, 0);

        Assert.Null(unlimited.CheckAnswer(new Tuning(ushort.MaxValue, uint.MaxValue, 1), 4096));
        Assert.Null(unlimited.CheckAnswer(default, 4096));
    }

    [Theory]
    [InlineData(100, 8192u, 30, 100, 8192, 30)]
    [InlineData(0, 0u, 0, 2047, 131072, 0)]
    [InlineData(9999, 999_999u, 9999, 2047, 131072, 60)]
    public void Answer_TakesTheSmaller_WhereZeroIsNoLimit(ushort channelMax, uint frameMax, ushort heartbeat, int channels, int octets, int seconds) =>
        Assert.Equal(new Tuning((ushort)channels, (uint)octets, (ushort)seconds), Offer.Answer(new Tuning(channelMax, frameMax, heartbeat)));

    [Fact]
    public void Answer_ToNoLimits_IsWhatIsWanted() =>
        Assert.Equal(new Tuning(5, 4096, 0), default(Tuning).Answer(new Tuning(5, 4096, 10)));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Answer_OfAnyWish_PassesTheCheckOfItsOffer(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 1000; round++)
        {
            var offer = new Tuning((ushort)random.Next(3000), (uint)random.Next(8192, 200_000), (ushort)random.Next(100));
            var wanted = new Tuning((ushort)random.Next(3000), random.Next(3) == 0 ? 0 : (uint)random.Next(8192, 200_000), (ushort)random.Next(100));

            Assert.True(offer.CheckAnswer(offer.Answer(wanted), 8192) is null, $"{offer} {wanted}");
        }
    }
}
