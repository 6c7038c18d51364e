using System.Text;
using AmqpToolkit.Broker.Channels;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Connections;

/// <content>Who waits for whom, as far as it is 0-9-1's: who declares durable things and then something else waits for the disk, and publishers hear of it when they wait.</content>
internal sealed partial class BrokerConnection
{
    private bool _clientTakesBlocked;

    /// <inheritdoc/>
    public ValueTask WaitUntilReadyAsync() => Holding.WaitUntilReadyAsync(WaitsForHeld);

    /// <inheritdoc/>
    public void HandleOutputDrained() => Holding.HandleOutputDrained();

    /// <summary>Leaves the rest of what was received alone until the peer has taken its answers, or the journal has kept what they promise.</summary>
    public void PauseIfSaturated() => HasPaused |= Holding.IsSaturated || WaitsForHeld || Holding.WaitsForRoom;

    /// <inheritdoc/>
    Task? IHeldConnection.FindOwnHindrance()
    {
        if (IsHolding && WaitsForHeld)
        {
            return _held!.WaitUntilEmptyAsync();
        }

        if (_awaited is { IsCompleted: false } awaited)
        {
            return awaited;
        }

        _awaited = null;
        return null;
    }

    /// <inheritdoc/>
    void IHeldConnection.HandleBlocked(string reason)
    {
        if (_clientTakesBlocked)
        {
            SendNow(new ConnectionBlocked { Reason = reason });
        }
    }

    /// <inheritdoc/>
    void IHeldConnection.HandleUnblocked()
    {
        if (_clientTakesBlocked)
        {
            SendNow(default(ConnectionUnblocked));
        }
    }

    /// <inheritdoc/>
    void IHeldConnection.HandleStalled(Consumer consumer) => Diagnostics.Log.ConsumerStalled(
        Logger, Name, consumer is ChannelConsumer known ? Encoding.UTF8.GetString(known.ConsumerTag) : string.Empty, consumer.Queue.NameText, consumer.Queue.VirtualHost.Name);

    private void SendNow<TMethod>(in TMethod method)
        where TMethod : struct, IMethod
    {
        Send(0, in method);
        Turn.End();
    }
}
