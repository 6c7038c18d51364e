namespace AmqpToolkit.Codec.Tests;

/// <summary>A test against pamqp 3, a Python codec by other hands (Debian: python3-pamqp).</summary>
internal sealed class PamqpFactAttribute() : PeerFactAttribute(Peers.WhyNoPythonModule("pamqp.commands, pamqp.frame"));
