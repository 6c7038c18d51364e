using AmqpToolkit.Storage.Journaling;
using AmqpToolkit.Storage.Streams;

namespace AmqpToolkit.Storage.Files;

/// <summary>Folders in a data folder that mean something.</summary>
internal static class StoreFolders
{
    /// <summary>There while a repaired journal takes the place of a damaged one: until that is done no broker uses the folder.</summary>
    public const string Repaired = "repaired";

    /// <summary>The logs of streams, each in a folder that has the stream's number for a name.</summary>
    public const string Streams = "streams";

    /// <summary>Whether a folder has a journal.</summary>
    public static bool HasJournal(string folder) =>
        Directory.Exists(folder) && Directory.EnumerateFiles(folder).Any(static file => SegmentName.TryParse(Path.GetFileName(file), out _));

    /// <summary>
    /// Whether a folder has lost its journal: there are streams, or the note of a newest segment, and not one segment. A journal has its first segment before it has anything else.
    /// </summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public static bool HasLostJournal(string folder)
    {
        try
        {
            if (!Directory.Exists(folder) || HasJournal(folder))
            {
                return false;
            }

            string streams = Path.Combine(folder, Streams);
            return (Directory.Exists(streams) && Directory.EnumerateFiles(streams, "*", SearchOption.AllDirectories).Any(static file => StreamSegment.TryParse(Path.GetFileName(file), out _)))
                || NewestSegment.ReadBoth(new DiskFileLayer(folder) { IsReadOnly = true }) is not (null, null);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException(DiskErrors.WhyNotTaken(folder, error), error);
        }
    }
}
