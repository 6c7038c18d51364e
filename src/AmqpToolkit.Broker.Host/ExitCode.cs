namespace AmqpToolkit.Broker.Host;

/// <summary>How the process ends.</summary>
internal static class ExitCode
{
    /// <summary>Stopped by a signal, clients closed.</summary>
    public const int Stopped = 0;

    /// <summary>Could not start: an address is taken or not allowed.</summary>
    public const int CannotListen = 1;

    /// <summary>An option, a variable or a file says something that is no setting.</summary>
    public const int BadSetting = 2;

    /// <summary>The folder for what is kept cannot be used.</summary>
    public const int CannotKeep = 3;

    /// <summary>A data folder was looked through, and some of it is damaged.</summary>
    public const int Damaged = 4;

    /// <summary>Definitions were exported, and some of them have no form there.</summary>
    public const int LeftOut = 5;
}
