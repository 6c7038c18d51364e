namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>A test against rhea, a JavaScript implementation of 1.0 (npm: rhea; NODE_PATH names its folder).</summary>
internal sealed class RheaFactAttribute() : PeerFactAttribute(Peers.WhyNoNodeModule("rhea"))
{
    internal static LinePeer Peer() => new("node", "rhea_peer.js");
}
