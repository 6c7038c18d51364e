using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;
using BenchmarkDotNet.Attributes;

namespace AmqpToolkit.Benchmarks;

/// <summary>The performatives of AMQP 1.0 that come with every message or every few, and the copy of their octets.</summary>
[MemoryDiagnoser]
[BenchmarkCategory("Codec", "V1_0")]
public class PerformativeBenchmarks
{
    private readonly byte[] _buffer = new byte[Sample.BufferOctets];
    private readonly byte[] _tag = [1, 2, 3, 4];
    private readonly byte[] _transfer;
    private readonly byte[] _disposition;
    private readonly byte[] _flow;
    private uint _deliveryId = 123456;

    public PerformativeBenchmarks()
    {
        _transfer = Written(Transfer());
        _disposition = Written(Disposition());
        _flow = Written(Flow());
    }

    [Benchmark(Description = "1.0 transfer: view, fields read")]
    public long TransferView()
    {
        if (Codec.V1_0.TransferView.TryParse(_transfer, out TransferView view, out int octets) != DecodeError.None)
        {
            return -1;
        }

        return view.Handle + view.DeliveryId + view.DeliveryTag.Length + (view.Settled ? 1 : 0) + (view.More ? 1 : 0) + octets;
    }

    [Benchmark(Description = "1.0 transfer: dispatched, fields read")]
    public long TransferDispatch()
    {
        var handler = new Handler();
        AnyFrame.Dispatch(ref handler, _transfer);
        return handler.Sum;
    }

    /// <summary>Where it is made is where it is written. One that comes out of a method is copied on the way: see the row after it.</summary>
    [Benchmark(Description = "1.0 transfer: written")]
    public int TransferWrite() =>
        new Transfer { Handle = 1, DeliveryId = _deliveryId, DeliveryTag = _tag, MessageFormat = 0, Settled = false, More = false }.Write(_buffer);

    [Benchmark(Description = "1.0 transfer: made by a method, written")]
    public int TransferMadeElsewhere() => Transfer().Write(_buffer);

    [Benchmark(Description = "1.0 transfer: written as a frame")]
    public int TransferFrame() => FrameWriter.WritePerformative(
        _buffer, Sample.Channel, new Transfer { Handle = 1, DeliveryId = _deliveryId, DeliveryTag = _tag, MessageFormat = 0, Settled = false, More = false });

    [Benchmark(Description = "1.0 disposition, accepted: view, fields read")]
    public long DispositionView() => Codec.V1_0.DispositionView.TryParse(_disposition, out DispositionView view, out _) == DecodeError.None
        ? view.First + view.Last + (view.Settled ? 1 : 0) + (int)view.State.Kind
        : -1;

    [Benchmark(Description = "1.0 disposition, accepted: written")]
    public int DispositionWrite() => Disposition().Write(_buffer);

    [Benchmark(Description = "1.0 flow: view, fields read")]
    public long FlowView() => Codec.V1_0.FlowView.TryParse(_flow, out FlowView view, out _) == DecodeError.None
        ? view.NextIncomingId + view.IncomingWindow + view.DeliveryCount + view.LinkCredit
        : -1;

    [Benchmark(Description = "1.0 flow: written")]
    public int FlowWrite() => Flow().Write(_buffer);

    [Benchmark(Description = "copy: the octets of a transfer")]
    public void Copy() => _transfer.CopyTo(_buffer.AsSpan());

    private static byte[] Written<T>(T performative)
        where T : struct, IDescribedType
    {
        byte[] octets = new byte[performative.MaxOctets];
        return octets[..performative.Write(octets)];
    }

    private static Flow Flow() => new()
    {
        NextIncomingId = 1,
        IncomingWindow = 2048,
        NextOutgoingId = 77,
        OutgoingWindow = 2048,
        Handle = 1,
        DeliveryCount = 5000,
        LinkCredit = 100,
    };

    private Transfer Transfer() => new() { Handle = 1, DeliveryId = _deliveryId, DeliveryTag = _tag, MessageFormat = 0, Settled = false, More = false };

    private Disposition Disposition() => new() { Role = Role.Receiver, First = _deliveryId, Last = _deliveryId + 100, Settled = true, State = default(Accepted) };

    private struct Handler : IFrameHandler
    {
        internal long Sum { get; private set; }

        public void HandleTransfer(in TransferView value, ReadOnlySpan<byte> rest) =>
            Sum = value.Handle + value.DeliveryId + value.DeliveryTag.Length + (value.Settled ? 1 : 0) + (value.More ? 1 : 0) + rest.Length;

        public void HandleOpen(in OpenView value, ReadOnlySpan<byte> rest) => Sum = -1;

        public void HandleBegin(in BeginView value, ReadOnlySpan<byte> rest) => Sum = -1;

        public void HandleAttach(in AttachView value, ReadOnlySpan<byte> rest) => Sum = -1;

        public void HandleFlow(in FlowView value, ReadOnlySpan<byte> rest) => Sum = -1;

        public void HandleDisposition(in DispositionView value, ReadOnlySpan<byte> rest) => Sum = -1;

        public void HandleDetach(in DetachView value, ReadOnlySpan<byte> rest) => Sum = -1;

        public void HandleEnd(in EndView value, ReadOnlySpan<byte> rest) => Sum = -1;

        public void HandleClose(in CloseView value, ReadOnlySpan<byte> rest) => Sum = -1;
    }
}
