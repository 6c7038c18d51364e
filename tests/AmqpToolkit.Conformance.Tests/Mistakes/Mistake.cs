namespace AmqpToolkit.Conformance.Tests.Mistakes;

/// <summary>One thing that a client does wrong (or seems to), and what must come of it.</summary>
/// <param name="Row">The number by which the behaviour notes call it.</param>
/// <param name="What">What the client does; unique.</param>
/// <param name="Commit">Does it.</param>
/// <param name="Expected">What must come of it.</param>
internal sealed record Mistake(string Row, string What, Action<Scene> Commit, Outcome Expected)
{
    /// <summary>The profiles that behave so.</summary>
    public Profile Profiles { get; init; } = Profile.All;

    /// <summary>What RabbitMQ 3.10.8, an older release than the profile 3.13, does instead.</summary>
    public Outcome? OnReference { get; init; }

    /// <summary>The type of exchange that the mistake is about, if it comes with a plugin of RabbitMQ.</summary>
    public string? ExchangeType { get; init; }

    /// <summary>The frame_max of the erring connection.</summary>
    public int FrameMax { get; init; } = 131072;

    /// <summary>Who errs, one of <see cref="TestUsers"/>; null for guest, who may do everything.</summary>
    public string? User { get; init; }

    /// <summary>Whether it is made in words that 0-8 has not, or is none there.</summary>
    public bool IsForeignTo0_8 { get; init; }

    public override string ToString() => $"{Row} {What}";
}
