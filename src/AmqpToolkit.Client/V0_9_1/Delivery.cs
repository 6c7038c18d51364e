using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>
/// A received message, as a handle to pooled memory. It holds until the loop asks for the next one; to keep it longer, <see cref="Retain"/>
/// it. A use after that throws instead of showing another message. It can be settled after that as well, by any thread, once (0-9-1 basic.deliver).
/// </summary>
public readonly struct Delivery : IEquatable<Delivery>
{
    private readonly DeliveryBlock? _block;
    private readonly int _version;

    internal Delivery(DeliveryBlock block)
    {
        _block = block;
        _version = block.Version;
        DeliveryTag = block.DeliveryTag;
    }

    /// <summary>The number under which it is settled, rising from 1 on each channel.</summary>
    public ulong DeliveryTag { get; }

    /// <summary>Whether it may have been delivered before.</summary>
    public bool Redelivered => Block.Redelivered;

    /// <summary>The exchange that it was published to.</summary>
    /// <exception cref="ObjectDisposedException">The loop has gone on.</exception>
    public string Exchange => Block.Channel.Text(Block.Exchange);

    /// <summary>The key that it was published with.</summary>
    /// <exception cref="ObjectDisposedException">The loop has gone on.</exception>
    public string RoutingKey => Block.Channel.Text(Block.RoutingKey);

    /// <summary>The exchange in UTF-8.</summary>
    /// <exception cref="ObjectDisposedException">The loop has gone on.</exception>
    public ReadOnlySpan<byte> ExchangeUtf8 => Block.Exchange;

    /// <summary>The routing key in UTF-8, as its publisher wrote it: no broker checks it.</summary>
    /// <exception cref="ObjectDisposedException">The loop has gone on.</exception>
    public ReadOnlySpan<byte> RoutingKeyUtf8 => Block.RoutingKey;

    /// <summary>The consumer that it came to; null when basic.get fetched it.</summary>
    public AmqpConsumer? Consumer => Handle.Consumer;

    /// <summary>The properties, read where they lie.</summary>
    /// <exception cref="ObjectDisposedException">The loop has gone on.</exception>
    /// <exception cref="FormatException">They cannot be read: the publisher wrote them so, and the broker let them pass.</exception>
    public BasicPropertiesView Properties => ReadProperties(out var view) is var error && error == DecodeError.None
        ? view
        : throw new FormatException($"The properties of delivery {DeliveryTag} cannot be read: {error}.");

    /// <summary>The properties as octets: flags and list.</summary>
    /// <exception cref="ObjectDisposedException">The loop has gone on.</exception>
    public ReadOnlySpan<byte> RawProperties => Block.Properties;

    /// <summary>The body, borrowed until the loop asks for the next delivery. Always in one piece.</summary>
    /// <exception cref="ObjectDisposedException">The loop has gone on.</exception>
    public ReadOnlyMemory<byte> Body => Block.Body;

    private DeliveryBlock Handle => _block ?? throw new InvalidOperationException("This is no delivery.");

    internal bool IsValid => _block is { } block && block.Version == _version;

    internal DeliveryBlock Block => Handle.Version == _version
        ? _block!
        : throw new ObjectDisposedException(nameof(Delivery), "The delivery is over; retain it to keep it.");

    /// <summary>Whether both are the same delivery.</summary>
    public static bool operator ==(Delivery left, Delivery right) => left.Equals(right);

    /// <summary>Whether they are two.</summary>
    public static bool operator !=(Delivery left, Delivery right) => !left.Equals(right);

    /// <summary>Reads the properties without throwing for what their publisher wrote.</summary>
    /// <returns>What is wrong with them, or <see cref="DecodeError.None"/>.</returns>
    /// <exception cref="ObjectDisposedException">The loop has gone on.</exception>
    public DecodeError ReadProperties(out BasicPropertiesView view) => BasicPropertiesView.TryParse(Block.Properties, out view);

    /// <summary>Takes the message off its queue (basic.ack). Acks that come close together are sent as one.</summary>
    /// <param name="multiple">Whether every earlier delivery of the channel is meant as well.</param>
    /// <returns>False when the channel has ended: the broker will deliver the message again.</returns>
    /// <exception cref="InvalidOperationException">It was settled before, or needs no ack.</exception>
    public bool Ack(bool multiple = false) => Settling.Ack(DeliveryTag, multiple);

    /// <summary>Refuses the message (basic.nack): it goes back to its queue, or is dropped or dead-lettered.</summary>
    /// <param name="requeue">Whether it goes back.</param>
    /// <param name="multiple">Whether every earlier delivery of the channel is meant as well.</param>
    /// <inheritdoc cref="Ack"/>
    public bool Nack(bool requeue = true, bool multiple = false) => Settling.Nack(DeliveryTag, requeue, multiple);

    /// <summary>Refuses the message (basic.reject).</summary>
    /// <param name="requeue">Whether it goes back to its queue.</param>
    /// <inheritdoc cref="Ack"/>
    public bool Reject(bool requeue = true) => Settling.Reject(DeliveryTag, requeue);

    /// <summary>Takes the memory over from the loop: the result is the caller's, to be disposed of once.</summary>
    /// <exception cref="ObjectDisposedException">The loop has gone on.</exception>
    /// <exception cref="InvalidOperationException">It is retained already.</exception>
    public RetainedDelivery Retain()
    {
        var block = Block;
        if (block.IsRetained)
        {
            throw new InvalidOperationException("The delivery is retained already.");
        }

        block.IsRetained = true;
        return new RetainedDelivery(block);
    }

    /// <inheritdoc/>
    public bool Equals(Delivery other) => ReferenceEquals(_block, other._block) && _version == other._version;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Delivery other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_block, _version);

    private AmqpChannel Settling => Handle.NoAck
        ? throw new InvalidOperationException("A delivery without acknowledgement cannot be settled.")
        : _block!.Channel;
}
