namespace AmqpToolkit.Interop.Tests;

/// <summary>A theory that needs a program, and settings that only a broker of ours is started with.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ToolTheoryAttribute : PeerTheoryAttribute
{
    /// <summary>Skips where it is missing, and when AMQP_URL is set.</summary>
    public ToolTheoryAttribute(string tool)
        : base(Peers.WhyNoProgram(tool, "version"))
    {
        Tool = tool;
        Skip ??= OwnBrokerFactAttribute.WhyNot();
    }

    /// <summary>The program.</summary>
    public string Tool { get; }
}
