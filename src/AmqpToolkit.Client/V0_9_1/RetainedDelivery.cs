using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>
/// A received message that owns its memory: from basic.get, or kept from a loop by <see cref="Delivery.Retain"/>. Dispose of it once; settling
/// is apart from that (0-9-1 basic.get-ok).
/// </summary>
public sealed class RetainedDelivery : IDisposable
{
    private readonly Delivery _delivery;
    private DeliveryBlock? _block;

    internal RetainedDelivery(DeliveryBlock block)
    {
        _block = block;
        _delivery = new Delivery(block);
    }

    /// <inheritdoc cref="Delivery.DeliveryTag"/>
    public ulong DeliveryTag => _delivery.DeliveryTag;

    /// <inheritdoc cref="Delivery.Redelivered"/>
    public bool Redelivered => _delivery.Redelivered;

    /// <summary>The exchange that it was published to.</summary>
    public string Exchange => _delivery.Exchange;

    /// <summary>The key that it was published with.</summary>
    public string RoutingKey => _delivery.RoutingKey;

    /// <summary>Messages left in the queue, as basic.get told; 0 for a delivery of a consumer.</summary>
    public uint MessageCount => _delivery.Block.MessageCount;

    /// <summary>The properties, read where they lie.</summary>
    /// <exception cref="FormatException">They cannot be read.</exception>
    public BasicPropertiesView Properties => _delivery.Properties;

    /// <summary>The body, valid until <see cref="Dispose"/>.</summary>
    public ReadOnlyMemory<byte> Body => _delivery.Body;

    /// <summary>The same message as a handle, valid until <see cref="Dispose"/>.</summary>
    public Delivery Delivery => _delivery;

    /// <inheritdoc cref="Delivery.ReadProperties"/>
    public DecodeError ReadProperties(out BasicPropertiesView view) => _delivery.ReadProperties(out view);

    /// <inheritdoc cref="Delivery.Ack"/>
    public bool Ack(bool multiple = false) => _delivery.Ack(multiple);

    /// <inheritdoc cref="Delivery.Nack"/>
    public bool Nack(bool requeue = true, bool multiple = false) => _delivery.Nack(requeue, multiple);

    /// <inheritdoc cref="Delivery.Reject"/>
    public bool Reject(bool requeue = true) => _delivery.Reject(requeue);

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => Interlocked.Exchange(ref _block, null)?.Return();
}
