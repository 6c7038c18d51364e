namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>A test against qpid-proton's Data (Debian: python3-qpid-proton).</summary>
internal sealed class ProtonFactAttribute() : PeerFactAttribute(Peers.WhyNoPythonModule("proton"))
{
    internal static LinePeer Peer() => new(Peers.Python, "proton_peer.py");
}
