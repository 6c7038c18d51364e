namespace AmqpToolkit.Storage.Journaling;

/// <summary>Which errors of the system pass.</summary>
internal static class DiskErrors
{
    /// <summary>ENOSPC, "no space left on device", as Linux and macOS number it.</summary>
    public const int NoSpace = 28;

    /// <summary>EDQUOT on Linux.</summary>
    private const int QuotaExceeded = 122;

    /// <summary>ERROR_DISK_FULL as an HRESULT.</summary>
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    /// <summary>Whether an error goes away when somebody makes room.</summary>
    public static bool IsFull(IOException error) => error.HResult is NoSpace or QuotaExceeded or WindowsDiskFull;
}
