using System.Globalization;

namespace AmqpToolkit.Broker.Topology;

/// <summary>A binding of a consistent-hash exchange: its key is the share of messages that its destination gets.</summary>
internal sealed class HashBinding : Binding
{
    public HashBinding(Exchange source, BindingDestination destination, byte[] routingKey, byte[] arguments)
        : base(source, destination, routingKey, arguments)
    {
        Weight = TryParseWeight(routingKey, out long weight) ? weight : 1;
        DestinationHash = StableHash.Of(destination.Name);
    }

    /// <summary>The share, 1 and more.</summary>
    public long Weight { get; }

    /// <summary>Sets the destination apart from the others; the same in each process.</summary>
    public ulong DestinationHash { get; }

    /// <summary>Reads a weight: a whole number in decimal digits.</summary>
    public static bool TryParseWeight(ReadOnlySpan<byte> key, out long weight) =>
        long.TryParse(key, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out weight);
}
