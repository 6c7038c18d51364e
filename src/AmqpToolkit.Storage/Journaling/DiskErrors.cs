namespace AmqpToolkit.Storage.Journaling;

/// <summary>What errors of the system mean: which of them pass, and how to say it.</summary>
internal static class DiskErrors
{
    /// <summary>ENOSPC, "no space left on device", as Linux and macOS number it.</summary>
    public const int NoSpace = 28;

    /// <summary>EDQUOT on Linux.</summary>
    private const int QuotaExceeded = 122;

    /// <summary>ERROR_DISK_FULL as an HRESULT.</summary>
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    /// <summary>EROFS, as Linux and macOS number it.</summary>
    private const int ReadOnlyFileSystem = 30;

    /// <summary>ERROR_WRITE_PROTECT as an HRESULT.</summary>
    private const int WindowsWriteProtected = unchecked((int)0x80070013);

    /// <summary>EWOULDBLOCK on Linux, from a lock that another process has.</summary>
    private const int WouldBlock = 11;

    /// <summary>EWOULDBLOCK on macOS.</summary>
    private const int MacWouldBlock = 35;

    /// <summary>ERROR_SHARING_VIOLATION as an HRESULT.</summary>
    private const int WindowsSharingViolation = unchecked((int)0x80070020);

    /// <summary>Whether an error goes away when somebody makes room.</summary>
    public static bool IsFull(IOException error) => error.HResult is NoSpace or QuotaExceeded or WindowsDiskFull;

    /// <summary>As the other, of an error or what lies behind it.</summary>
    public static bool IsForRoom(Exception? error) => error is IOException io && (IsFull(io) || IsForRoom(io.InnerException));

    /// <summary>Says why a folder could not be taken.</summary>
    public static string WhyNotTaken(string folder, Exception error) => error switch
    {
        UnauthorizedAccessException => $"The folder '{folder}' may not be written by this user: {error.Message}",
        IOException { HResult: WouldBlock or MacWouldBlock or WindowsSharingViolation } => $"The folder '{folder}' is in use by another process.",
        IOException { HResult: ReadOnlyFileSystem or WindowsWriteProtected } => $"The folder '{folder}' cannot be written: its file system is read-only.",
        IOException io when IsFull(io) => $"The folder '{folder}' cannot be written: the disk has no room.",
        _ => $"The folder '{folder}' cannot be used: {error.Message}",
    };
}
