using System.Runtime.CompilerServices;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// A binding (0-9-1 section 3.1.3): messages of <see cref="Source"/> that match key or arguments go to <see cref="Destination"/>.
/// Two bindings are the same when source, destination, key and arguments are. Owned by its source; changed under the topology lock.
/// </summary>
internal class Binding
{
    public Binding(Exchange source, BindingDestination destination, byte[] routingKey, byte[] arguments)
    {
        Source = source;
        Destination = destination;
        RoutingKey = routingKey;
        Arguments = arguments;
        IdentityHash = HashCode.Combine(RuntimeHelpers.GetHashCode(destination), Utf8Hash.Of(routingKey), arguments.Length == 0 ? 0 : Utf8Hash.Of(arguments));
    }

    public Exchange Source { get; }

    public BindingDestination Destination { get; }

    public byte[] RoutingKey { get; }

    /// <summary>Wire octets of the arguments, entries ordered by key: equal content is equal octets.</summary>
    public byte[] Arguments { get; }

    internal Binding? NextOfDestination { get; set; }

    internal Binding? PreviousOfDestination { get; set; }

    /// <summary>Whether its destination knows it: one that is removed is its own next.</summary>
    internal bool IsLinked => !ReferenceEquals(NextOfDestination, this);

    /// <summary>Equal for bindings of one source that are the same.</summary>
    internal int IdentityHash { get; }

    /// <summary>Where the binding stands in its <see cref="BindingList"/>.</summary>
    internal int Position { get; set; }

    /// <summary>Whether two bindings of one source are the same.</summary>
    internal bool IsSameAs(Binding other) =>
        IdentityHash == other.IdentityHash
        && ReferenceEquals(Destination, other.Destination)
        && RoutingKey.AsSpan().SequenceEqual(other.RoutingKey)
        && Arguments.AsSpan().SequenceEqual(other.Arguments);
}
