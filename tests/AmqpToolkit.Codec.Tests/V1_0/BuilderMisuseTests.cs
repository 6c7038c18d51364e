using System.Runtime.InteropServices;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>What the builder refuses: it says so before anything has changed, so that what was built so far stays whole.</summary>
public sealed class BuilderMisuseTests
{
    [Fact]
    public void Value_OfSeveral_IsRefused()
    {
        EncodedValueBuilder builder = new EncodedValueBuilder().AddUInt(1).AddUInt(2);

        Assert.Throws<InvalidOperationException>(() => builder.ToValue());
        Assert.Throws<InvalidOperationException>(() => builder.AsValue());
        Assert.Equal("52015202", Hex.Of(builder.Span));
        Assert.Equal(EncodedValue.UInt(3), builder.Clear().AddUInt(3).ToValue());
    }

    [Fact]
    public void Descriptor_WithoutValue_IsRefused()
    {
        EncodedValueBuilder top = new EncodedValueBuilder().Describe(1);
        EncodedValueBuilder inList = new EncodedValueBuilder().BeginList().Describe(1);

        Assert.Throws<InvalidOperationException>(() => top.ToValue());
        Assert.Throws<InvalidOperationException>(() => top.AsValue());
        Assert.Throws<InvalidOperationException>(() => inList.End());
        Assert.Equal("00530140", Hex.Of(top.AddNull().ToValue().ToMemory().Span));
        Assert.Equal("C0050100530140", Hex.Of(inList.AddNull().End().ToValue().ToMemory().Span));
    }

    [Fact]
    public void Key_WithoutValue_IsRefusedAndMayGetOne()
    {
        EncodedValueBuilder builder = new EncodedValueBuilder().BeginMap().AddUInt(1);

        Assert.Throws<InvalidOperationException>(() => builder.End());

        Assert.Equal("C10402520140", Hex.Of(builder.AddNull().End().ToValue().ToMemory().Span));
    }

    [Fact]
    public void Element_OfAnotherType_LeavesTheArrayAsItWas()
    {
        EncodedValueBuilder builder = new EncodedValueBuilder().BeginArray(AmqpType.UByte).AddUByte(1);

        Assert.Throws<InvalidOperationException>(() => builder.AddNull());
        Assert.Throws<InvalidOperationException>(() => builder.BeginList());
        Assert.Throws<InvalidOperationException>(() => builder.BeginArray(AmqpType.Described));

        Assert.Equal("E0040250" + "0102", Hex.Of(builder.AddUByte(2).End().ToValue().ToMemory().Span));
    }

    [Fact]
    public void Nesting_BeyondTheDepth_IsRefused()
    {
        EncodedValueBuilder builder = new();
        EncodedValue list = new EncodedValueBuilder().BeginList().AddNull().End().ToValue();
        EncodedValue lists = new EncodedValueBuilder().BeginList().Add(list).End().ToValue();
        for (int i = 0; i < AmqpReader.MaxDepth - 1; i++)
        {
            builder.BeginList();
        }

        Assert.Throws<InvalidOperationException>(() => builder.BeginArray(AmqpType.UByte, 1));
        Assert.Throws<InvalidOperationException>(() => builder.Add(lists));
        Assert.Throws<InvalidOperationException>(() => builder.Add(lists.View));
        builder.Add(list).Describe(1).Add(list).BeginList();
        Assert.Throws<InvalidOperationException>(() => builder.BeginList());
        Assert.Throws<InvalidOperationException>(() => builder.BeginMap());
        Assert.Throws<InvalidOperationException>(() => builder.Describe(1));
        Assert.Throws<InvalidOperationException>(() => builder.Add(default(Accepted)));
        Assert.Throws<InvalidOperationException>(() => builder.Add(list));
        builder.AddNull();
        for (int i = 0; i < AmqpReader.MaxDepth; i++)
        {
            builder.End();
        }

        Assert.Equal(DecodeError.None, AmqpReader.Validate(builder.ToValue().ToMemory().Span, out int octets));
        Assert.Equal(builder.Span.Length, octets);
    }

    [Fact]
    public void Descriptors_BeyondTheDepth_AreRefused()
    {
        EncodedValueBuilder builder = new();
        for (int i = 0; i < AmqpReader.MaxDepth; i++)
        {
            builder.Describe(1);
        }

        Assert.Throws<InvalidOperationException>(() => builder.Describe(1));
        Assert.Throws<InvalidOperationException>(() => builder.Add(default(Accepted)));
        Assert.Equal(DecodeError.None, AmqpReader.Validate(builder.AddNull().Span, out _));
    }

    [Fact]
    public void ElementsWithoutOctets_BeyondTheirNumber_AreRefused()
    {
        EncodedValueBuilder builder = new EncodedValueBuilder().BeginArray(AmqpType.Null);
        for (int i = 0; i < AmqpReader.MaxZeroWidthElements; i++)
        {
            builder.AddNull();
        }

        Assert.Throws<InvalidOperationException>(() => builder.AddNull());
        Assert.Equal(DecodeError.None, AmqpReader.Validate(builder.End().ToValue().ToMemory().Span, out _));
    }

    [Fact]
    public void Symbols_OfWhichOneIsNone_LeaveNothingBehind()
    {
        EncodedValueBuilder builder = new();

        Assert.Throws<ArgumentException>(() => builder.AddSymbols(["a", "é"]));

        Assert.Equal(EncodedValue.UInt(1), builder.AddUInt(1).ToValue());
    }

    [Fact]
    public void Sizes_NearTheLargestNumber_AreRefused()
    {
        EncodedValueBuilder builder = new EncodedValueBuilder().AddNull();
        var text = new LongString("x", 0, int.MaxValue / 2); // only its length is looked at

        Assert.Throws<ArgumentException>(() => builder.AddString(text));
        Assert.Throws<ArgumentException>(() => builder.AddSymbol(text));
        Assert.Throws<ArgumentException>(() => builder.AddBinary(Endless()));
        Assert.Throws<ArgumentException>(() => EncodedValue.String(text));
        Assert.Throws<ArgumentException>(() => EncodedValue.String(new LongString(new byte[1], 0, int.MaxValue - 4)));
        Assert.Equal("40", Hex.Of(builder.Span));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(200)]
    public void Map_HasAsManyPairsAsItCounts(int pairs)
    {
        EncodedValueBuilder builder = new EncodedValueBuilder().BeginMap();
        for (int i = 0; i < pairs; i++)
        {
            builder.AddSymbol("k" + i).AddUInt((uint)i);
        }

        Assert.True(builder.End().ToValue().View.TryGetMap(out EncodedMapView map));
        int walked = 0;
        foreach (EncodedMapEntryView entry in map)
        {
            Assert.True(map.TryGetValue(System.Text.Encoding.ASCII.GetBytes("k" + walked), out _));
            walked++;
        }

        Assert.Equal((pairs, pairs), (map.Count, walked));
    }

    private static ReadOnlySpan<byte> Endless() => MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(new byte[1]), int.MaxValue);
}
