namespace AmqpToolkit.Decode;

/// <summary>How the process ends.</summary>
internal static class ExitCode
{
    /// <summary>Everything was decoded.</summary>
    public const int Clean = 0;

    /// <summary>There were errors in what was decoded; they are in the output.</summary>
    public const int Errors = 1;

    /// <summary>The command line or an input cannot be used.</summary>
    public const int BadUsage = 2;
}
