namespace AmqpToolkit.Codec.Tests;

/// <summary>A test against the dissectors of tshark (Debian: tshark).</summary>
internal sealed class TsharkFactAttribute() : PeerFactAttribute(Peers.WhyNoProgram("tshark", "--version"));
