using AmqpToolkit.Storage.Journaling;
using AmqpToolkit.Storage.Streams;

namespace AmqpToolkit.Storage.Tests.Streams;

public sealed class StreamFormatTests
{
    /// <summary>A segment that is full, as version 1 writes it: two messages with a mark behind each, and the index.</summary>
    private static readonly string[] Version1 =
    [
        // header
        "414D5150544B530A0100000000000000B3BDAA68414BEC4381B5865D034F0DA100000000000000000068E5CF8B010000000000000000000000000000B3978AA7",
        // the same header
        "414D5150544B530A0100000000000000B3BDAA68414BEC4381B5865D034F0DA100000000000000000068E5CF8B010000000000000000000000000000B3978AA7",
        // message 0: header
        "040000000100000000000000000000000068E5CF8B010000C5D4AA3BD4374D54",
        // payload and zeros
        "6669766500000000",
        // mark: header
        "080000000200000001000000000000000068E5CF8B010000639FA6B2AFCA1E00",
        // nothing was known to be on the disk
        "0000000000000000",
        // message 1: header
        "070000000100000001000000000000000168E5CF8B0100007F95A64B1AA46527",
        // payload and a zero
        "616E642073697800",
        // mark: header
        "080000000200000002000000000000000168E5CF8B010000B78262E8D0A25993",
        // 208 octets were
        "D000000000000000",
        // index: header
        "200000000300000002000000000000000268E5CF8B0100002135FCCAB7449825",
        // offset 0 at 128; the index itself at 288
        "00000000000000000068E5CF8B01000080000000000000002001000000000000",
    ];

    [Fact]
    public void Recover_ASegmentOfVersion1_ReadsIt()
    {
        var disk = new SimulatedDisk();
        using (var created = new TestStream(disk))
        {
            created.Publish(1, "to make the folder");
        }

        var folder = TestStream.FolderOf(disk);
        folder.Put(StreamSegment.NameOf(0), Convert.FromHexString(string.Concat(Version1)));
        using var stream = new TestStream(disk);

        Assert.Equal([(0, "five"), (1, "and six")], stream.Read(StreamPosition.First));
        Assert.Equal([(1, "and six")], stream.Read(StreamPosition.From(1_700_000_000_001)));
        Assert.Equal(2, stream.Log.EndOffset);
        stream.Publish(1_700_000_000_002, "more");
        Assert.Equal([(0, "five"), (1, "and six"), (2, "more")], stream.Read(StreamPosition.First));
        Assert.Empty(stream.Damage);
    }

    [Fact]
    public void Write_HasTheOctetsOfTheDocument()
    {
        var disk = new SimulatedDisk();
        using (var written = new TestStream(disk, segmentOctets: 300))
        {
            written.Publish(1_700_000_000_000, "five");
            written.Publish(1_700_000_000_001, "and six");
            written.Publish(1_700_000_000_002, "seven begins another segment");
        }

        byte[] octets = TestStream.FolderOf(disk).Read(StreamSegment.NameOf(0));
        Assert.Equal("AMQPTKS\n"u8, octets.AsSpan(0, 8));
        Assert.Equal(octets[..64], octets[64..128]);
        int message = 128;
        Assert.Equal([4, 0, 0, 0, 1, 0, 0, 0, .. BitConverter.GetBytes(0L), .. BitConverter.GetBytes(1_700_000_000_000L)], octets[message..(message + 24)]);
        Assert.Equal([.. "five"u8, 0, 0, 0, 0], octets[(message + 32)..(message + 40)]);
        uint seed = Crc32C.Compute(octets.AsSpan(16, 16));
        uint header = Crc32C.Compute(octets.AsSpan(message, 24), seed);
        Assert.Equal(header, BitConverter.ToUInt32(octets, message + 24));
        Assert.Equal(Crc32C.Compute(octets.AsSpan(message + 32, 8), header), BitConverter.ToUInt32(octets, message + 28));
        int mark = message + 40;
        Assert.Equal([8, 0, 0, 0, 2, 0, 0, 0, .. BitConverter.GetBytes(1L)], octets[mark..(mark + 16)]);
        long index = BitConverter.ToInt64(octets, octets.Length - 8);
        Assert.Equal([32, 0, 0, 0, 3, 0, 0, 0, .. BitConverter.GetBytes(2L)], octets[(int)index..((int)index + 16)]);
        Assert.Equal([.. BitConverter.GetBytes(0L), .. BitConverter.GetBytes(1_700_000_000_000L), .. BitConverter.GetBytes(128L)], octets[((int)index + 32)..((int)index + 56)]);
    }
}
