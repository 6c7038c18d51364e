namespace AmqpToolkit.Interop.Tests;

/// <summary>A theory that needs PHP and Debian's php-amqplib.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PhpTheoryAttribute() : PeerTheoryAttribute(Peers.WhyNoProgram("php", "-r", "require 'PhpAmqpLib/autoload.php';"));
