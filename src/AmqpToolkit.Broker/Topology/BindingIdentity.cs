using System.Runtime.CompilerServices;

namespace AmqpToolkit.Broker.Topology;

/// <summary>Compares the bindings of one source: destination by reference, key and arguments by content.</summary>
internal sealed class BindingIdentity : IEqualityComparer<Binding>
{
    public static readonly BindingIdentity Instance = new();

    public bool Equals(Binding? x, Binding? y) =>
        ReferenceEquals(x, y)
        || (x is not null && y is not null
            && ReferenceEquals(x.Destination, y.Destination)
            && x.RoutingKey.AsSpan().SequenceEqual(y.RoutingKey)
            && x.Arguments.AsSpan().SequenceEqual(y.Arguments));

    public int GetHashCode(Binding binding) =>
        HashCode.Combine(RuntimeHelpers.GetHashCode(binding.Destination), Utf8Hash.Of(binding.RoutingKey), Utf8Hash.Of(binding.Arguments));
}
