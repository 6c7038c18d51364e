using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Client.V1_0;

/// <summary>A message of a <see cref="ReceivedBatch"/>, read where it lies, and settled once by one of the outcomes (1.0 section 3.4). It holds as long as its batch.</summary>
public readonly ref struct BatchMessage
{
    private readonly ReceivedBatch _batch;
    private readonly int _index;

    internal BatchMessage(ReceivedBatch batch, int index)
    {
        _batch = batch;
        _index = index;
    }

    /// <summary>All its sections, as they came (1.0 section 3.2): <see cref="MessageSections.TryParse"/> finds them, <see cref="AmqpSender.SendEncodedAsync"/> sends them on.</summary>
    /// <exception cref="ObjectDisposedException">The batch is over.</exception>
    public ReadOnlySpan<byte> Octets => _batch.OctetsOf(_index);

    /// <summary>The format that its sender says it has (1.0 section 2.8.11): 0 for AMQP's own.</summary>
    /// <exception cref="ObjectDisposedException">The batch is over.</exception>
    public uint MessageFormat => _batch.EntryOf(_index).MessageFormat;

    /// <summary>Whether its sender has settled it: there is nothing to say of it.</summary>
    /// <exception cref="ObjectDisposedException">The batch is over.</exception>
    public bool IsSettled => _batch.EntryOf(_index).IsSettled;

    /// <summary>A copy that outlives the batch.</summary>
    /// <exception cref="ObjectDisposedException">The batch is over.</exception>
    /// <exception cref="FormatException">It cannot be read: whoever wrote it wrote it so.</exception>
    public AmqpMessage ToMessage() => AmqpMessage.TryRead(Octets, out var message) is var error && error == DecodeError.None
        ? message!
        : throw new FormatException($"The message cannot be read: {error}.");

    /// <inheritdoc cref="AmqpDelivery.Accept"/>
    /// <exception cref="ObjectDisposedException">The batch is over.</exception>
    public void Accept() => Settle(OutcomeStates.Accepted);

    /// <inheritdoc cref="AmqpDelivery.Release"/>
    /// <exception cref="ObjectDisposedException">The batch is over.</exception>
    public void Release() => Settle(OutcomeStates.Released);

    /// <inheritdoc cref="AmqpDelivery.Reject"/>
    /// <exception cref="ObjectDisposedException">The batch is over.</exception>
    public void Reject(string? condition = null, string? description = null) => Settle(OutcomeStates.Rejected(condition, description));

    /// <inheritdoc cref="AmqpDelivery.Modify"/>
    /// <exception cref="ObjectDisposedException">The batch is over.</exception>
    public void Modify(bool deliveryFailed, bool undeliverableHere = false, EncodedValue messageAnnotations = default) =>
        Settle(OutcomeStates.Modified(deliveryFailed, undeliverableHere, messageAnnotations));

    private void Settle(EncodedValue state)
    {
        ref var entry = ref _batch.EntryOf(_index);
        if (entry.IsSettled)
        {
            return;
        }

        if (entry.IsSaid)
        {
            throw new InvalidOperationException("An outcome was said before.");
        }

        _batch.Receiver.Settle(entry.Sequence, state);
        entry.IsSaid = true;
    }
}
