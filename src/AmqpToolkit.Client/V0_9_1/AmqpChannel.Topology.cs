using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Client.V0_9_1;

/// <content>Exchanges, queues and bindings (0-9-1 classes exchange and queue).</content>
public sealed partial class AmqpChannel
{
    /// <summary>Declares an exchange; <see cref="ExchangeDeclare.Passive"/> only asks whether it is there.</summary>
    /// <exception cref="AmqpException">The channel has ended, as it does with 404, 406 and the like.</exception>
    public ValueTask ExchangeDeclareAsync(in ExchangeDeclare method, CancellationToken cancellationToken = default) =>
        CallAsync(method, method.NoWait, cancellationToken);

    /// <summary>Declares an exchange.</summary>
    /// <param name="exchange">Its name.</param>
    /// <param name="type">direct, fanout, topic, headers, or what the broker has besides.</param>
    /// <param name="durable">Whether it outlives the broker's process.</param>
    /// <param name="autoDelete">Whether it goes with its last binding.</param>
    /// <param name="arguments">Further settings.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="ExchangeDeclareAsync(in ExchangeDeclare, CancellationToken)"/>
    public ValueTask ExchangeDeclareAsync(
        ShortString exchange, ShortString type, bool durable = false, bool autoDelete = false, Table arguments = default, CancellationToken cancellationToken = default) =>
        ExchangeDeclareAsync(
            new ExchangeDeclare { Exchange = exchange, Type = type, Durable = durable, AutoDelete = autoDelete, Arguments = arguments }, cancellationToken);

    /// <summary>Deletes an exchange.</summary>
    /// <inheritdoc cref="ExchangeDeclareAsync(in ExchangeDeclare, CancellationToken)"/>
    public ValueTask ExchangeDeleteAsync(in ExchangeDelete method, CancellationToken cancellationToken = default) =>
        CallAsync(method, method.NoWait, cancellationToken);

    /// <summary>Deletes an exchange.</summary>
    /// <param name="exchange">Its name.</param>
    /// <param name="ifUnused">Whether it stays when it has bindings.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="ExchangeDeclareAsync(in ExchangeDeclare, CancellationToken)"/>
    public ValueTask ExchangeDeleteAsync(ShortString exchange, bool ifUnused = false, CancellationToken cancellationToken = default) =>
        ExchangeDeleteAsync(new ExchangeDelete { Exchange = exchange, IfUnused = ifUnused }, cancellationToken);

    /// <summary>Binds an exchange to an exchange (exchange.bind).</summary>
    /// <inheritdoc cref="ExchangeDeclareAsync(in ExchangeDeclare, CancellationToken)"/>
    public ValueTask ExchangeBindAsync(in ExchangeBind method, CancellationToken cancellationToken = default) =>
        CallAsync(method, method.NoWait, cancellationToken);

    /// <summary>Takes a binding between exchanges away (exchange.unbind).</summary>
    /// <inheritdoc cref="ExchangeDeclareAsync(in ExchangeDeclare, CancellationToken)"/>
    public ValueTask ExchangeUnbindAsync(in ExchangeUnbind method, CancellationToken cancellationToken = default) =>
        CallAsync(method, method.NoWait, cancellationToken);

    /// <summary>Declares a queue; <see cref="QueueDeclare.Passive"/> only asks whether it is there.</summary>
    /// <returns>Its name and what it holds; with <see cref="QueueDeclare.NoWait"/> the name alone.</returns>
    /// <inheritdoc cref="ExchangeDeclareAsync(in ExchangeDeclare, CancellationToken)"/>
    public ValueTask<QueueDeclareOk> QueueDeclareAsync(in QueueDeclare method, CancellationToken cancellationToken = default)
    {
        if (!method.NoWait)
        {
            return CallAsync(in method, new PendingCall<QueueDeclareOk>(QueueDeclare.MethodKey), cancellationToken);
        }

        Send(in method, cancellationToken);
        return new ValueTask<QueueDeclareOk>(new QueueDeclareOk { Queue = method.Queue });
    }

    /// <summary>Declares a queue.</summary>
    /// <param name="queue">Its name; empty lets the broker choose one.</param>
    /// <param name="durable">Whether it outlives the broker's process.</param>
    /// <param name="exclusive">Whether it belongs to this connection and goes with it.</param>
    /// <param name="autoDelete">Whether it goes with its last consumer.</param>
    /// <param name="arguments">Further settings.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="QueueDeclareAsync(in QueueDeclare, CancellationToken)"/>
    public ValueTask<QueueDeclareOk> QueueDeclareAsync(
        ShortString queue,
        bool durable = false,
        bool exclusive = false,
        bool autoDelete = false,
        Table arguments = default,
        CancellationToken cancellationToken = default) =>
        QueueDeclareAsync(
            new QueueDeclare { Queue = queue, Durable = durable, Exclusive = exclusive, AutoDelete = autoDelete, Arguments = arguments }, cancellationToken);

    /// <summary>Asks what a queue holds.</summary>
    /// <exception cref="AmqpException">The channel has ended: with 404 when there is no such queue.</exception>
    public ValueTask<QueueDeclareOk> QueueDeclarePassiveAsync(ShortString queue, CancellationToken cancellationToken = default) =>
        QueueDeclareAsync(new QueueDeclare { Queue = queue, Passive = true }, cancellationToken);

    /// <summary>Binds a queue to an exchange.</summary>
    /// <inheritdoc cref="ExchangeDeclareAsync(in ExchangeDeclare, CancellationToken)"/>
    public ValueTask QueueBindAsync(in QueueBind method, CancellationToken cancellationToken = default) =>
        CallAsync(method, method.NoWait, cancellationToken);

    /// <summary>Binds a queue to an exchange.</summary>
    /// <inheritdoc cref="ExchangeDeclareAsync(in ExchangeDeclare, CancellationToken)"/>
    public ValueTask QueueBindAsync(ShortString queue, ShortString exchange, ShortString routingKey, CancellationToken cancellationToken = default) =>
        QueueBindAsync(new QueueBind { Queue = queue, Exchange = exchange, RoutingKey = routingKey }, cancellationToken);

    /// <summary>Takes a binding of a queue away.</summary>
    /// <inheritdoc cref="ExchangeDeclareAsync(in ExchangeDeclare, CancellationToken)"/>
    public ValueTask QueueUnbindAsync(in QueueUnbind method, CancellationToken cancellationToken = default) =>
        CallAsync(method, noWait: false, cancellationToken);

    /// <summary>Drops the messages of a queue that nobody has taken.</summary>
    /// <returns>How many there were.</returns>
    /// <inheritdoc cref="ExchangeDeclareAsync(in ExchangeDeclare, CancellationToken)"/>
    public ValueTask<uint> QueuePurgeAsync(ShortString queue, CancellationToken cancellationToken = default) =>
        CallAsync(new QueuePurge { Queue = queue }, new PendingCall<uint>(QueuePurge.MethodKey), cancellationToken);

    /// <summary>Deletes a queue with its messages.</summary>
    /// <param name="queue">Its name.</param>
    /// <param name="ifUnused">Whether it stays when it has consumers.</param>
    /// <param name="ifEmpty">Whether it stays when it has messages.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How many messages there were.</returns>
    /// <inheritdoc cref="ExchangeDeclareAsync(in ExchangeDeclare, CancellationToken)"/>
    public ValueTask<uint> QueueDeleteAsync(ShortString queue, bool ifUnused = false, bool ifEmpty = false, CancellationToken cancellationToken = default) =>
        CallAsync(
            new QueueDelete { Queue = queue, IfUnused = ifUnused, IfEmpty = ifEmpty }, new PendingCall<uint>(QueueDelete.MethodKey), cancellationToken);
}
