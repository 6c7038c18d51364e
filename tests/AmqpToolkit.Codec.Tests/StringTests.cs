using System.Buffers;

namespace AmqpToolkit.Codec.Tests;

public class StringTests
{
    [Fact]
    public void ShortString_FromTextAndFromOctets_AreEqual()
    {
        ShortString text = "clé";
        ShortString octets = "clé"u8.ToArray();
        ShortString slice = new ReadOnlyMemory<byte>([0, .. "clé"u8, 0]).Slice(1, 4);

        Assert.True(text == octets);
        Assert.True(octets == slice);
        Assert.True(text.Equals((object)slice));
        Assert.Equal(text.GetHashCode(), slice.GetHashCode());
        Assert.True(text != "cle");
        Assert.Equal("clé", slice.ToString());
        Assert.Equal("clé", text.ToString());
    }

    [Fact]
    public void ShortString_Default_IsTheEmptyString()
    {
        ShortString none = default;
        Span<byte> destination = [0xAA, 0xAA];

        Assert.True(none.IsEmpty);
        Assert.Equal(string.Empty, none.ToString());
        Assert.Equal(none, (ShortString)string.Empty);
        Assert.Equal(none, (ShortString)(string?)null);
        Assert.Equal(none, (ShortString)(byte[]?)null);
        Assert.Equal(none.GetHashCode(), ((ShortString)string.Empty).GetHashCode());
        Assert.Equal(0, none.MaxOctets);
        Assert.Equal(1, none.WriteWithLength(destination));
        Assert.Equal(new byte[] { 0, 0xAA }, destination.ToArray());
    }

    [Fact]
    public void ShortString_Write_StaysWithinMaxOctets()
    {
        Span<byte> destination = stackalloc byte[256];
        foreach (string text in new[] { "", "a", "é", "€", "😀", new string('€', 85), new string('a', 255), "\uD800" })
        {
            ShortString value = text;
            int octets = value.Write(destination);

            Assert.InRange(octets, 0, value.MaxOctets);
            Assert.Equal(1 + octets, value.WriteWithLength(destination));
            Assert.Equal(octets, destination[0]);
        }
    }

    [Fact]
    public void ShortString_Over255Octets_Throws()
    {
        Assert.Throws<ArgumentException>(() => new ShortString(new string('a', 256)));
        Assert.Throws<ArgumentException>(() => new ShortString(new string('€', 86)));
        Assert.Throws<ArgumentException>(() => new ShortString(new byte[256].AsMemory()));
        Assert.Throws<ArgumentException>(() => ShortString.CopyOf(new byte[256]));
        Assert.Equal(255, new ShortString(new string('é', 127) + "a").MaxOctets);
    }

    [Fact]
    public void ShortString_OverMemoryThatIsNoArray_Copies()
    {
        using var memory = new UnarrayedOctets("abc"u8);

        var value = new ShortString(memory.Memory);

        Assert.Equal("abc", value.ToString());
    }

    [Fact]
    public void LongString_FromTextAndFromOctets_AreEqual()
    {
        LongString text = "clé";
        LongString octets = "clé"u8.ToArray();
        LongString slice = new ReadOnlyMemory<byte>([0, .. "clé"u8, 0]).Slice(1, 4);

        Assert.True(text == octets);
        Assert.True(text == "clé");
        Assert.True(octets == slice);
        Assert.True(text.Equals((object)slice));
        Assert.Equal(text.GetHashCode(), slice.GetHashCode());
        Assert.True(text != "cle");
        Assert.Equal("clé", slice.ToString());
        Assert.Equal("clé"u8.ToArray(), text.ToMemory().ToArray());
    }

    [Fact]
    public void LongString_WriteWithLength_WritesFourOctetsOfLength()
    {
        Span<byte> destination = stackalloc byte[16];

        Assert.Equal(7, ((LongString)"a€"u8.ToArray()[..3]).WriteWithLength(destination));
        Assert.Equal("00000003", Hex.Of(destination[..4]));
        Assert.Equal(8, ((LongString)"a€").WriteWithLength(destination));
        Assert.Equal("0000000461E282AC", Hex.Of(destination[..8]));
        Assert.Equal(4, default(LongString).WriteWithLength(destination));
        Assert.Equal("00000000", Hex.Of(destination[..4]));
    }

    [Fact]
    public void Timestamp_AsDate_RoundTripsUpToTheYear9999()
    {
        AmqpTimestamp last = DateTimeOffset.MaxValue;

        Assert.True(last.TryGetDateTimeOffset(out DateTimeOffset date));
        Assert.Equal(9999, date.Year);
        Assert.False(new AmqpTimestamp(last.Seconds + 1).TryGetDateTimeOffset(out _));
        Assert.Equal("18446744073709551615", new AmqpTimestamp(ulong.MaxValue).ToString());
        Assert.Equal("1970-01-01T00:00:01Z", new AmqpTimestamp(1).ToString());
        AmqpTimestamp first = new(1);
        Assert.True(first < last && last > first && first <= last && last >= first);
        Assert.True(first.CompareTo(last) < 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => AmqpTimestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddSeconds(-1)));
    }

    private sealed class UnarrayedOctets : MemoryManager<byte>
    {
        private readonly byte[] _octets;

        internal UnarrayedOctets(ReadOnlySpan<byte> octets) => _octets = octets.ToArray();

        public override Span<byte> GetSpan() => _octets;

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
