using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.V1_0;

/// <summary>
/// A queue that was made for a link (1.0 sections 3.5.9 to 3.5.13). It is the connection's own: others may send to it, and it ends with the connection at the
/// latest. Used by the connection's reader.
/// </summary>
/// <param name="Queue">The queue.</param>
/// <param name="Policy">When it goes; on the link's close where the peer has not said.</param>
internal sealed record DynamicNode(MessageQueue Queue, AnyLifetimePolicy.Member Policy)
{
    private static ReadOnlySpan<byte> PolicyKey => "lifetime-policy"u8;

    /// <summary>Its address.</summary>
    public EncodedValue Address => EncodedValue.String($"/queues/{Queue.NameText}");

    /// <summary>What the node answers of its properties.</summary>
    public EncodedValue Properties
    {
        get
        {
            var builder = new EncodedValueBuilder().BeginMap().AddSymbol("lifetime-policy");
            _ = Policy switch
            {
                AnyLifetimePolicy.Member.DeleteOnNoLinks => builder.Add(default(DeleteOnNoLinks)),
                AnyLifetimePolicy.Member.DeleteOnNoMessages => builder.Add(default(DeleteOnNoMessages)),
                AnyLifetimePolicy.Member.DeleteOnNoLinksOrMessages => builder.Add(default(DeleteOnNoLinksOrMessages)),
                _ => builder.Add(default(DeleteOnClose)),
            };
            return builder.AddSymbol("supported-dist-modes").AddSymbol(StdDistMode.Texts.Move).End().ToValue();
        }
    }

    /// <summary>The policy that a peer asks for.</summary>
    public static AnyLifetimePolicy.Member PolicyOf(EncodedMapView properties) =>
        properties.TryGetValue(PolicyKey, out var value) && ReadPolicy(value) is var policy and not (AnyLifetimePolicy.Member.None or AnyLifetimePolicy.Member.Unknown)
            ? policy
            : AnyLifetimePolicy.Member.DeleteOnClose;

    /// <summary>The link that it was made for is closed: it goes, unless its policy has it wait for something.</summary>
    public void HandleClosed(PeerConnection connection)
    {
        var error = connection.VirtualHost.DeleteQueue(
            Queue.Name,
            ifUnused: Policy is AnyLifetimePolicy.Member.DeleteOnNoLinks or AnyLifetimePolicy.Member.DeleteOnNoLinksOrMessages,
            ifEmpty: Policy is AnyLifetimePolicy.Member.DeleteOnNoMessages or AnyLifetimePolicy.Member.DeleteOnNoLinksOrMessages,
            connection,
            out _,
            out var deleted);
        if (error is null)
        {
            deleted?.FinishClose(connection.Turn);
        }
    }

    private static AnyLifetimePolicy.Member ReadPolicy(EncodedValueView value)
    {
        Span<byte> octets = stackalloc byte[64];
        return value.Octets > octets.Length ? AnyLifetimePolicy.Member.Unknown : new AnyLifetimePolicy(octets[..value.CopyTo(octets)]).Kind;
    }
}
