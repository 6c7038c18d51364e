using System.Buffers;
using System.Reflection;
using AmqpToolkit.Codec.V0_10;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Codec.Tests;

/// <summary>Upper bounds of octets stop at what a span can hold; they do not turn around into small or negative ones.</summary>
public class SizeBoundTests
{
    /// <summary>Says that it has as many octets as there can be; nobody may look at them.</summary>
    private static readonly LongString Huge = new(new byte[1], 0, int.MaxValue);

    public static TheoryData<Type> Types =>
        [.. NullTextTests.Implementing(typeof(IMethod)).Concat(NullTextTests.Implementing(typeof(IDescribedType))).Concat(NullTextTests.Implementing(typeof(IPacked))).Where(type => Longs(type).Any())];

    [Theory]
    [MemberData(nameof(Types))]
    public void MaxOctets_OfTextsAsLongAsTheyCanBe_IsAsMuchAsASpanCanHold(Type type)
    {
        object value = Activator.CreateInstance(type)!;
        foreach (PropertyInfo text in Longs(type))
        {
            text.SetValue(value, Huge);
        }

        Assert.Equal(int.MaxValue, type.GetProperty("MaxOctets")!.GetValue(value));
    }

    [Fact]
    public void MaxOctets_OfRangesThatNoSpanCanHold_IsAsMuchAsASpanCanHold()
    {
        Assert.Equal(int.MaxValue, new SequenceSet(new Boundless<SequenceRange>().Memory).MaxOctets);
        Assert.Equal(int.MaxValue, new ByteRanges(new Boundless<ByteRange>().Memory).MaxOctets);
    }

    [Fact]
    public void Builders_GivenMoreThanAnArrayCanHold_RefuseIt()
    {
        Assert.Throws<ArgumentException>(() => new PackedBuilder().AddString(Huge));
        Assert.Throws<ArgumentException>(() => new PackedBuilder().BeginMap().Key("k").AddString(Huge));
        Assert.Throws<ArgumentException>(() => new EncodedValueBuilder().AddString(Huge));
        Assert.Throws<ArgumentException>(() => new EncodedValueBuilder().Add(new Data { Value = Huge }));
        Assert.Throws<ArgumentException>(() => EncodedValue.Of(new Data { Value = Huge }));
        Assert.Throws<ArgumentException>(() => EncodedValue.String(Huge));
    }

    private static IEnumerable<PropertyInfo> Longs(Type type) => NullTextTests.Texts(type).Where(text => text.PropertyType == typeof(LongString));

    /// <summary>As many elements as a memory can say to have, none of which exists.</summary>
    private sealed class Boundless<T> : MemoryManager<T>
    {
        public override Memory<T> Memory => CreateMemory(int.MaxValue);

        public override Span<T> GetSpan() => throw new InvalidOperationException("Nobody looks at the elements.");

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin() => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
        }
    }
}
