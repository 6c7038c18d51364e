using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Mistakes;

/// <summary>One thing that a client does wrong before its connection is open, and what must come of it.</summary>
/// <param name="Row">The number by which the behaviour notes call it.</param>
/// <param name="What">What the client does; unique.</param>
/// <param name="Commit">Does it and hands on the peer.</param>
/// <param name="Expected">What must come of it.</param>
internal sealed record HandshakeMistake(string Row, string What, Func<BrokerUnderTest, ScriptedPeer> Commit, Outcome Expected)
{
    /// <summary>The profiles that behave so.</summary>
    public Profile Profiles { get; init; } = Profile.All;

    /// <summary>What RabbitMQ 3.10.8, an older release than the profile 3.13, does instead.</summary>
    public Outcome? OnReference { get; init; }

    /// <summary>Whether it needs <see cref="TestUsers"/>.</summary>
    public bool NeedsUsers { get; init; }

    public override string ToString() => $"{Row} {What}";
}
