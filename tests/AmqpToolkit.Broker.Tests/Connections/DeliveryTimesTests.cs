using AmqpToolkit.Broker.Channels;

namespace AmqpToolkit.Broker.Tests.Connections;

/// <summary>When deliveries were given out, as far as looks tell.</summary>
public sealed class DeliveryTimesTests
{
    [Fact]
    public void Time_IsThatOfTheFirstLookAfterTheDelivery()
    {
        var times = new DeliveryTimes();
        times.Look(1, 3, 100);
        times.Look(1, 3, 200);
        times.Look(1, 6, 300);

        Assert.Equal([100, 100, 300, 300, 300], Enumerable.Range(1, 5).Select(tag => times.TimeOf((ulong)tag)));
    }

    [Fact]
    public void Looks_ThatTellNothingOfWhatIsOutstanding_AreForgotten()
    {
        var times = new DeliveryTimes();
        for (ulong tag = 1; tag <= 1000; tag++)
        {
            times.Look(tag, tag + 1, (long)tag);
            Assert.InRange(times.Count, 1, 2);
        }

        Assert.Equal(1000, times.TimeOf(1000));
    }

    [Fact]
    public void Looks_AreBounded_AndTellNoTimeTooEarly()
    {
        var times = new DeliveryTimes();
        for (ulong tag = 1; tag <= 5000; tag++)
        {
            times.Look(1, tag + 1, (long)tag);
            Assert.InRange(times.Count, 1, 256);
        }

        for (ulong tag = 1; tag <= 5000; tag++)
        {
            Assert.InRange(times.TimeOf(tag), (long)tag, 5000);
        }

        Assert.Equal(5000, times.TimeOf(5000));
        Assert.Equal(4950, times.TimeOf(4950));
    }
}
