using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>Fields at their places: what is written there, and that nothing is written where no room is.</summary>
public sealed class CompositeWriterTests
{
    [Theory]
    [InlineData(0u, "43")]
    [InlineData(1u, "5201")]
    [InlineData(255u, "52FF")]
    [InlineData(256u, "7000000100")]
    [InlineData(uint.MaxValue, "70FFFFFFFF")]
    public void UInt_AtAnyPlaceWithAnyRoom_IsWrittenOrRefused(uint value, string expected)
    {
        int octets = expected.Length / 2;
        for (int at = 0; at < 4; at++)
        {
            for (int room = 0; room <= octets + 4; room++)
            {
                byte[] buffer = new byte[at + room];
                if (room >= octets)
                {
                    Assert.Equal(at + octets, CompositeWriter.WriteUInt(buffer, at, value));
                    Assert.Equal(expected, Convert.ToHexString(buffer, at, octets));
                    Assert.True(buffer.AsSpan(0, at).IndexOfAnyExcept((byte)0) < 0 && buffer.AsSpan(at + octets).IndexOfAnyExcept((byte)0) < 0);
                }
                else
                {
                    AssertRefused(buffer, target => CompositeWriter.WriteUInt(target, at, value));
                }
            }
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(9)]
    [InlineData(int.MaxValue)]
    public void Field_OutsideOfTheTarget_IsRefused(int at)
    {
        byte[] buffer = new byte[8];

        AssertRefused(buffer, target => CompositeWriter.WriteUInt(target, at, 7));
        AssertRefused(buffer, target => CompositeWriter.WriteBoolean(target, at, true));
        AssertRefused(buffer, target => CompositeWriter.WriteNull(target, at));
        AssertRefused(buffer, target => CompositeWriter.WriteULong(target, at, 7));
        AssertRefused(buffer, target => CompositeWriter.WriteString(target, at, "a"));
    }

    private static void AssertRefused(byte[] buffer, Action<byte[]> write)
    {
        Exception? refusal = Record.Exception(() => write(buffer));

        Assert.True(refusal is ArgumentException or IndexOutOfRangeException, $"{refusal}");
        Assert.Equal(-1, buffer.AsSpan().IndexOfAnyExcept((byte)0));
    }
}
