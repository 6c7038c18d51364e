using System.Collections;

namespace AmqpToolkit.Codec.Tests;

public class TableBuilderTests
{
    [Fact]
    public void Add_EveryType_WritesTheVector()
    {
        Table table = Table.Create(b => b
            .Add("true", true)
            .Add("t"u8, false)
            .Add("b", sbyte.MinValue)
            .Add("B", byte.MaxValue)
            .Add("s", short.MinValue)
            .Add("u", ushort.MaxValue)
            .Add("I", int.MinValue)
            .Add("i", uint.MaxValue)
            .Add("l", long.MinValue)
            .Add("L", -2L)
            .Add("f", 1.5f)
            .Add("d", -2.5)
            .Add("D", 3.15m)
            .Add("neg", -0.001m)
            .Add("S", "aé")
            .Add("raw", new ReadOnlySpan<byte>([0xC3, 0x28]))
            .Add("x", new byte[] { 0x00, 0xFF })
            .Add("T", new AmqpTimestamp(0x60000000))
            .Add("V", FieldValue.Void)
            .AddTable("F", nested => nested.Add("in", true))
            .AddArray("A", array => array.Add((sbyte)7).Add(string.Empty))
            .Add(string.Empty, default(FieldValue)));

        byte[] expected = [.. TableVectors.EveryType];
        expected[Array.LastIndexOf(expected, (byte)'L')] = (byte)'l'; // written as l
        Assert.Equal(Hex.Of(expected), Hex.Of(table.Span));
    }

    [Fact]
    public void Add_Nested_PatchesLengths()
    {
        Table table = Table.Create(b => b.AddTable("a", a => a
            .AddArray("b", array => array
                .AddTable(t => t.Add("c", 42))
                .AddArray(_ => { })
                .Add(FieldValue.Void))
            .Add("d", FieldValue.Void)));

        Assert.Equal(Hex.Of(TableVectors.Nested), Hex.Of(table.Span));
    }

    [Fact]
    public void Add_OfValuesThatWereRead_WritesTheSameOctets()
    {
        var builder = new TableBuilder();
        foreach (TableEntryView entry in new TableView(TableVectors.EveryType))
        {
            builder.Add(entry.Key, entry.Value);
        }

        Assert.Equal(Hex.Of(TableVectors.EveryType), Hex.Of(builder.Span));
    }

    [Fact]
    public void Create_FromADictionaryThatWasRead_GivesItAgain()
    {
        Dictionary<string, object?> read = new TableView(TableVectors.EveryType).ToDictionary();

        Table table = Table.Create(read);

        Assert.Equal(DecodeError.None, TableView.Validate(table.Span));
        Assert.Equal(read, table.ToDictionary());
    }

    [Fact]
    public void AddObject_OfEachKind_PicksTheFieldType()
    {
        (object? Value, FieldType Type)[] kinds =
        [
            (null, FieldType.Void), (true, FieldType.Boolean), ((sbyte)1, FieldType.Int8), ((byte)1, FieldType.UInt8), ((short)1, FieldType.Int16),
            ((ushort)1, FieldType.UInt16), (1, FieldType.Int32), (1u, FieldType.UInt32), (1L, FieldType.Int64), (1UL, FieldType.Int64),
            (1f, FieldType.Single), (1d, FieldType.Double), (1m, FieldType.Decimal), ("a", FieldType.LongString), ((LongString)"a", FieldType.LongString),
            ((ShortString)"a", FieldType.LongString), (new byte[1], FieldType.Binary), (new ReadOnlyMemory<byte>(new byte[1]), FieldType.Binary),
            (new AmqpTimestamp(1), FieldType.Timestamp), (DateTimeOffset.UnixEpoch, FieldType.Timestamp), (new Table(TableVectors.Nested), FieldType.Table),
            (new Dictionary<string, object?>(), FieldType.Table), (new object?[] { 1, "a", null }, FieldType.Array), (new ArrayList { 1 }, FieldType.Array),
        ];
        foreach ((object? value, FieldType type) in kinds)
        {
            Table table = new TableBuilder().AddObject("k", value).ToTable();

            Assert.Equal(DecodeError.None, TableView.Validate(table.Span));
            Assert.True(table.View.TryGetValue("k"u8, out FieldValueView read));
            Assert.Equal(type, read.Type);
        }
    }

    [Fact]
    public void AddObject_OfForeignType_Throws()
    {
        Assert.Throws<ArgumentException>(() => new TableBuilder().AddObject("k", new Version(1, 0)));
        Assert.Throws<ArgumentException>(() => new TableBuilder().AddObject("k", ulong.MaxValue));
    }

    [Fact]
    public void AddObject_NestedInItself_Throws()
    {
        var loop = new List<object?>();
        loop.Add(loop);

        Assert.Throws<InvalidOperationException>(() => new TableBuilder().AddObject("k", loop));
    }

    [Fact]
    public void Add_KeyOf255Octets_IsTheLongest()
    {
        string longest = new('é', 127);
        Table table = Table.Create(b => b.Add(longest + "x", true));

        Assert.Equal(DecodeError.None, TableView.Validate(table.Span));
        Assert.Throws<ArgumentException>(() => new TableBuilder().Add(longest + "é", true));
        Assert.Throws<ArgumentException>(() => new TableBuilder().Add(new byte[256], true));
    }

    [Theory]
    [InlineData("2147483647")]
    [InlineData("-2147483648")]
    [InlineData("0.0000000000000000000000000001")]
    [InlineData("-21474836.48")]
    public void Add_DecimalOf32Bits_RoundTrips(string text)
    {
        decimal value = decimal.Parse(text);
        Table table = Table.Create(b => b.Add("k", value));

        Assert.True(table.View.TryGetValue("k"u8, out FieldValueView read));
        Assert.True(read.TryGetDecimal(out decimal again));
        Assert.Equal(text, again.ToString());
    }

    [Theory]
    [InlineData("2147483648")]
    [InlineData("-2147483649")]
    [InlineData("79228162514264337593543950335")]
    [InlineData("7.9228162514264337593543950335")]
    public void Add_DecimalOfMoreBits_Throws(string text) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new TableBuilder().Add("k", decimal.Parse(text)));

    [Fact]
    public void Clear_ThenAdd_StartsAnew()
    {
        var builder = new TableBuilder();
        Assert.Throws<FormatException>(() => builder.AddTable("a", _ => throw new FormatException()));
        builder.Clear().Add("k", 1);

        Assert.Equal("016B4900000001", Hex.Of(builder.Span));
        Assert.Equal(builder.Octets, builder.Span.Length);
    }

    [Fact]
    public void Add_MuchMoreThanTheFirstBuffer_Grows()
    {
        var builder = new TableBuilder();
        string text = new('é', 10_000);
        for (int entry = 0; entry < 100; entry++)
        {
            builder.Add($"key-{entry}", text).Add($"raw-{entry}", new byte[3_000]);
        }

        byte[] destination = new byte[builder.Octets];
        Assert.Equal(destination.Length, builder.Write(destination));
        Assert.Equal(DecodeError.None, TableView.Validate(destination));
        Assert.Equal(200, new TableView(destination).ToDictionary().Count);
    }

    [Fact]
    public void Table_Equality_IsThatOfOctets()
    {
        Table left = Table.Create(b => b.Add("k", 1));
        Table right = new(Hex.Parse("01 6B 49 00 00 00 01"));

        Assert.True(left == right);
        Assert.True(left.Equals((object)right));
        Assert.Equal(left.GetHashCode(), right.GetHashCode());
        Assert.True(left != Table.Empty);
        Assert.True(Table.Empty.IsEmpty);
        Assert.True(Table.Empty.View.IsEmpty);
    }
}
