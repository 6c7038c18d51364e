namespace AmqpToolkit.Broker.Topology;

/// <summary>The forms of x-match. Those with x look at arguments whose name begins with "x-" as well.</summary>
[Flags]
internal enum HeadersMatch : byte
{
    All = 0,
    Any = 1,
    AllWithX = 2,
    AnyWithX = Any | AllWithX,
}
