using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Codec.Tests;

/// <summary>What runs for every message allocates nothing.</summary>
public class AllocationTests
{
    private const int Rounds = 1000;

    private readonly byte[] _buffer = new byte[4096];

    [Fact]
    public void MethodView_ParseAndRead_AllocatesNothing()
    {
        byte[] publish = MethodRoundTripTests.Write(new BasicPublish { Exchange = "exchange", RoutingKey = "key" });

        AssertNoAllocation(() =>
        {
            _ = BasicPublishView.TryParse(publish.AsSpan(sizeof(uint)), out BasicPublishView view);
            return view.Exchange.Length + view.RoutingKey.Length + (view.IsTextValid ? 1 : 0) + (view.Mandatory ? 1 : 0);
        });
    }

    [Fact]
    public void MethodFrame_Write_AllocatesNothing()
    {
        var fromText = new BasicPublish { Exchange = "exchange", RoutingKey = "key" };
        var fromOctets = new BasicPublish { Exchange = "exchange"u8.ToArray(), RoutingKey = "key"u8.ToArray() };

        AssertNoAllocation(() => FrameWriter.WriteMethod(_buffer, 1, fromText) + FrameWriter.WriteMethod(_buffer, 1, fromOctets));
    }

    [Fact]
    public void Properties_WriteAndRead_AllocatesNothing()
    {
        var properties = new BasicProperties { ContentType = "text/plain", DeliveryMode = 2, Headers = new Table(TableVectors.EveryType) };

        AssertNoAllocation(() =>
        {
            int octets = properties.Write(_buffer);
            _ = BasicPropertiesView.TryParse(_buffer.AsSpan(0, octets), out BasicPropertiesView view);
            return view.ContentType.Length + view.DeliveryMode + (view.Headers.ContainsKey("V"u8) ? 1 : 0);
        });
    }

    [Fact]
    public void Table_ValidateLookUpAndEnumerate_AllocatesNothing() => AssertNoAllocation(() =>
    {
        var table = new TableView(TableVectors.EveryType);
        int sum = TableView.Validate(table.Span) == DecodeError.None ? 1 : 0;
        sum += table.TryGetValue("A"u8, out FieldValueView array) && array.TryGetArray(out ArrayView elements) && elements.GetEnumerator().MoveNext() ? 1 : 0;
        foreach (TableEntryView entry in table)
        {
            sum += entry.Key.Length + entry.Value.Payload.Length;
        }

        return sum;
    });

    [Fact]
    public void TableBuilder_Reused_AllocatesNothing()
    {
        var builder = new TableBuilder();
        AssertNoAllocation(() => builder.Clear()
            .Add("text", "value")
            .Add("number"u8, 42)
            .AddTable("table"u8, 7, static (nested, state) => nested.Add("state"u8, state))
            .AddArray("array"u8, 7, static (array, state) => array.Add(state).AddTable(state, static (nested, state) => nested.Add("state"u8, state)))
            .Write(_buffer));
    }

    [Fact]
    public void Frames_ReadAndWritten_AllocateNothing() => AssertNoAllocation(() =>
    {
        int at = FrameWriter.WriteContentHeader(_buffer, 1, BasicPropertiesView.ClassId, 5, [0, 0]);
        at += FrameWriter.WriteBody(_buffer.AsSpan(at), 1, "hello"u8);
        at += FrameWriter.WriteHeartbeat(_buffer.AsSpan(at));
        ReadOnlySpan<byte> rest = _buffer.AsSpan(0, at);
        int frames = 0;
        while (FrameReader.TryRead(rest, 4096, out Frame frame) == FrameReadStatus.Complete)
        {
            frames += frame.Type == Constants.FrameHeader && ContentHeaderView.TryParse(frame.Payload, out ContentHeaderView header) == DecodeError.None
                ? (int)header.BodyOctets
                : 1;
            rest = rest[frame.Octets..];
        }

        return frames;
    });

    internal static void AssertNoAllocation(Func<int> run)
    {
        int checksum = run();
        for (int warmUp = 0; warmUp < Rounds; warmUp++)
        {
            checksum += run();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < Rounds; round++)
        {
            checksum += run();
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.NotEqual(0, checksum);
        Assert.Equal(0, allocated);
    }
}
