using AmqpToolkit.Testing;

namespace AmqpToolkit.Packages.Tests;

/// <summary>A fact that asks systemd.</summary>
public sealed class SystemdFactAttribute() : PeerFactAttribute(Peers.WhyNoProgram("systemd-analyze", "--version"));
