namespace AmqpToolkit.Broker.Topology;

/// <summary>A binding of an exchange that shows its history to who comes later: it knows where in the history it stands.</summary>
internal sealed class HistoryBinding(Exchange source, BindingDestination destination, byte[] routingKey, byte[] arguments)
    : Binding(source, destination, routingKey, arguments)
{
    /// <summary>Messages that were matched with a smaller stamp have not seen the binding. Under the exchange's gate.</summary>
    public long Stamp { get; set; }

    /// <summary>The last message that was kept before the binding: it and those before it are shown. Under the exchange's gate.</summary>
    public ulong LastShown { get; set; }
}
