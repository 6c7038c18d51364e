using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AmqpToolkit.Storage.Files;

/// <summary>
/// The system's own calls for "on the disk". The base library's flush swallows what the system answers and has none for a folder, and a
/// journal that does not hear of an error confirms what is lost.
/// </summary>
internal static partial class NativeFiles
{
    /// <summary>macOS: flush the drive's cache, too; a plain fsync there does not.</summary>
    private const int FullSyncCommand = 51;

    private const int OpenReadOnly = 0;

    private const int Interrupted = 4;

    /// <summary>Waits until the contents of a file are on the disk.</summary>
    /// <exception cref="IOException">The system could not say so.</exception>
    public static void SyncFile(SafeFileHandle file, string name)
    {
        if (OperatingSystem.IsWindows())
        {
            if (!FlushFileBuffers(file))
            {
                throw Failure("sync", name);
            }

            return;
        }

        while ((OperatingSystem.IsMacOS() ? FullSync(file, FullSyncCommand) : DataSync(file)) != 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted)
            {
                throw Failure("sync", name);
            }
        }
    }

    /// <summary>Waits until the names of a folder are on the disk. Windows writes them with the file.</summary>
    /// <exception cref="IOException">The system could not say so.</exception>
    public static void SyncFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int descriptor = OpenFolder(folder, OpenReadOnly);
        if (descriptor < 0)
        {
            throw Failure("open", folder);
        }

        try
        {
            while (SyncDescriptor(descriptor) != 0)
            {
                if (Marshal.GetLastPInvokeError() != Interrupted)
                {
                    throw Failure("sync", folder);
                }
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Failure(string what, string name)
    {
        int error = Marshal.GetLastPInvokeError();
        return new IOException($"Cannot {what} '{name}': {new Win32Exception(error).Message} (error {error}).", error);
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int DataSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int FullSync(SafeFileHandle file, int command);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFolder(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncDescriptor(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);

    [LibraryImport("kernel32", EntryPoint = "FlushFileBuffers", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool FlushFileBuffers(SafeFileHandle file);
}
