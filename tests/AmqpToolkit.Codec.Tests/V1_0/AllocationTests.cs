using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>What runs for every frame and message of 1.0 allocates nothing.</summary>
public sealed class AllocationTests
{
    private const int Rounds = 1000;

    private readonly byte[] _buffer = new byte[4096];
    private readonly byte[] _tag = [1, 2, 3, 4];

    [Fact]
    public void Transfer_WrittenReadAndDispatched_AllocatesNothing() => AssertNoAllocation(() =>
    {
        var transfer = new Transfer { Handle = 1, DeliveryId = 1000, DeliveryTag = _tag, MessageFormat = 0, Settled = false, More = true };
        int octets = FrameWriter.WritePerformative(_buffer, 1, transfer, "payload"u8);
        _ = FrameReader.TryRead(_buffer.AsSpan(0, octets), 512, out Frame frame);
        var handler = new Counter();
        _ = AnyFrame.Dispatch(ref handler, frame.Body);
        return handler.Sum;
    });

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Disposition_WithAnyOutcome_AllocatesNothing(int outcome) => AssertNoAllocation(() =>
    {
        EncodedValue state = outcome switch
        {
            0 => default(Accepted),
            1 => default(Released),
            2 => new Modified { DeliveryFailed = true, UndeliverableHere = true },
            _ => new TransactionalState { TxnId = EncodedValue.Binary(_tag), Outcome = default(Accepted) },
        };
        int octets = new Disposition { Role = Role.Receiver, First = 1, Last = 100_000, Settled = true, State = state }.Write(_buffer);
        _ = DispositionView.TryParse(_buffer.AsSpan(0, octets), out DispositionView view, out _);
        return (int)view.State.Kind + (int)view.Last;
    });

    [Fact]
    public void Message_WrittenAndIndexed_AllocatesNothing()
    {
        var builder = new EncodedValueBuilder();
        var id = Guid.NewGuid();
        AssertNoAllocation(() =>
        {
            builder.Clear()
                .Add(new Header { Durable = true, Ttl = 60000 })
                .Add(new Properties { MessageId = EncodedValue.Uuid(id), To = EncodedValue.String("queue"), CorrelationId = EncodedValue.ULong(7), ContentType = "text/plain" })
                .Describe(ApplicationPropertiesView.DescriptorCode).BeginMap().AddString("key").AddInt(5).End()
                .Add(new Data { Value = _tag });
            _ = MessageSections.TryParse(builder.Span, out MessageSections sections);
            _ = PropertiesView.TryParse(sections.Properties, out PropertiesView properties, out _);
            _ = properties.MessageId.TryGetMessageIdUuid(out Guid read);
            _ = ApplicationPropertiesView.TryParse(sections.ApplicationProperties, out ApplicationPropertiesView map, out _);
            int sum = read == id && map.Value.TryGetValue("key"u8, out _) && sections.TryGetData(out ReadOnlySpan<byte> data) ? data.Length : 0;
            foreach (EncodedMapEntryView entry in map.Value)
            {
                sum += entry.Key.Octets;
            }

            return sum;
        });
    }

    [Fact]
    public void Builder_WithArrays_AllocatesNothing()
    {
        var builder = new EncodedValueBuilder();
        AssertNoAllocation(() =>
        {
            builder.Clear().BeginList().BeginArray(AmqpType.Symbol).AddSymbol("a").AddSymbol("bc").End();
            builder.BeginArray(AmqpType.UInt).AddUInt(0).AddUInt(1).AddUInt(70000).End().End();
            return builder.AsValue().MaxOctets;
        });
    }

    [Fact]
    public void Values_OfScalars_AllocateNothing() => AssertNoAllocation(() =>
        EncodedValue.ULong(ulong.MaxValue).Write(_buffer) + EncodedValue.Symbol("symbol").Write(_buffer) + EncodedValue.Timestamp(-1).Write(_buffer)
        + EncodedValue.Decimal128(UInt128.MaxValue).Write(_buffer) + EncodedValue.Boolean(true).Write(_buffer) + EncodedValue.String("text").MaxOctets);

    private static void AssertNoAllocation(Func<int> run)
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

    private struct Counter : IFrameHandler
    {
        internal int Sum { get; private set; }

        public void HandleTransfer(in TransferView value, ReadOnlySpan<byte> rest) => Sum += value.DeliveryTag.Length + rest.Length + (int)value.DeliveryId;

        public readonly void HandleOpen(in OpenView value, ReadOnlySpan<byte> rest) => throw new NotSupportedException();

        public readonly void HandleBegin(in BeginView value, ReadOnlySpan<byte> rest) => throw new NotSupportedException();

        public readonly void HandleAttach(in AttachView value, ReadOnlySpan<byte> rest) => throw new NotSupportedException();

        public readonly void HandleFlow(in FlowView value, ReadOnlySpan<byte> rest) => throw new NotSupportedException();

        public readonly void HandleDisposition(in DispositionView value, ReadOnlySpan<byte> rest) => throw new NotSupportedException();

        public readonly void HandleDetach(in DetachView value, ReadOnlySpan<byte> rest) => throw new NotSupportedException();

        public readonly void HandleEnd(in EndView value, ReadOnlySpan<byte> rest) => throw new NotSupportedException();

        public readonly void HandleClose(in CloseView value, ReadOnlySpan<byte> rest) => throw new NotSupportedException();
    }
}
