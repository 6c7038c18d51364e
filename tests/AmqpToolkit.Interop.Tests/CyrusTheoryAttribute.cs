namespace AmqpToolkit.Interop.Tests;

/// <summary>A theory that needs the SCRAM of Cyrus SASL (Debian: libsasl2-modules), and users of a broker of ours: RabbitMQ has no SCRAM.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CyrusTheoryAttribute : PeerTheoryAttribute
{
    private const string Trial = "import ctypes, glob; ctypes.CDLL('libsasl2.so.2'); assert glob.glob('/usr/lib/*/sasl2/libscram.so*')";

    /// <summary>Skips where it is missing, and when AMQP_URL is set.</summary>
    public CyrusTheoryAttribute()
        : base(Peers.WhyNoProgram(Peers.Python, "-c", Trial) is null ? null : "no libsasl2 with SCRAM (libsasl2-modules)") => Skip ??= OwnBrokerFactAttribute.WhyNot();
}
