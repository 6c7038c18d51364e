using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;
using AmqpToolkit.Storage.Streams;

namespace AmqpToolkit.Broker.Durability;

/// <summary>The logs of a broker's streams, each in a folder of its own beside the journal's files. Any thread.</summary>
internal sealed class StreamStore(BrokerStore store, IFileLayer files) : IDisposable
{
    private const string FolderName = StoreFolders.Streams;

    /// <summary>How long a stop may wait for streams that are not synced otherwise.</summary>
    private static readonly TimeSpan s_lastSyncs = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<uint, StreamLog> _logs = new();

    /// <summary>Streams that are being removed.</summary>
    private readonly ConcurrentDictionary<uint, Task> _removals = new();

    /// <summary>Files of streams that are being removed.</summary>
    private readonly ConcurrentDictionary<Task, byte> _drops = new();
    private IFileLayer? _folder;

    private IFileLayer Folder => LazyInitializer.EnsureInitialized(ref _folder, () => files.OpenFolder(FolderName));

    /// <summary>The log of the stream with a number, as an earlier broker has left it, or empty.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="JournalVersionException">It is of a version that this program does not know.</exception>
    public StreamLog Open(uint number, CommitLevel level, Action<JournalDamage> damaged)
    {
        string name = NameOf(number);
        var log = new StreamLog(() => Folder.OpenFolder(name), new StreamLogOptions()) { Journal = () => store.Journal, Level = level, Damaged = damaged };

        // What is declared while the broker runs has a number that nothing had before.
        if (store.IsReading && files.ListFolders().Contains(FolderName) && Folder.ListFolders().Contains(name))
        {
            log.Recover(store.KnownEndOf(number), store.KnownFirstOf(number));
        }
        else
        {
            log.Miss(store.KnownEndOf(number), store.KnownFirstOf(number));
        }

        _logs[number] = log;
        return log;
    }

    /// <summary>Notes in the journal how far each stream is on the disk, so that what is missing later is missed.</summary>
    public void NoteEnds()
    {
        foreach (var (number, log) in _logs)
        {
            NoteEnd(number, log);
        }
    }

    /// <summary>As the other, when the broker stops: then what can be brought to the disk in a short time comes there. To be stopped in order matters more.</summary>
    public void NoteLastEnds()
    {
        long start = Stopwatch.GetTimestamp();
        foreach (var (number, log) in _logs)
        {
            if (log.Level != CommitLevel.Fsync && log.EndOffset > store.KnownEndOf(number))
            {
                TrySyncAll(log, store.KnownEndOf(number), () => Stopwatch.GetElapsedTime(start) < s_lastSyncs);
            }

            NoteEnd(number, log);
        }
    }

    /// <summary>Notes in the journal how far a stream is on the disk. Where a commit does not mean the disk nobody knows, but when the broker stops.</summary>
    public void NoteEnd(uint number, StreamLog log)
    {
        long end = log.SyncedEndOffset;
        if (end > store.KnownEndOf(number) || (end > 0 && store.KnownFirstOf(number) < 0))
        {
            store.NoteStream(number, store.KnownFirstOf(number) is >= 0 and var first ? first : log.FirstOffset, end);
        }
    }

    /// <summary>
    /// A stream has dropped its oldest messages: their files go as soon as the disk knows that they may be missing.
    /// </summary>
    /// <param name="number">The stream.</param>
    /// <param name="firstOffset">The first offset that it has now.</param>
    /// <param name="drop">Removes the files.</param>
    public void Drop(uint number, long firstOffset, Action drop)
    {
        Task dropping = DropAsync(number, firstOffset, drop);
        _drops[dropping] = 0;
        dropping.ContinueWith(done => _drops.TryRemove(done, out _), TaskScheduler.Default);
    }

    /// <summary>A stream is deleted: its files go as soon as the journal has kept that, so that no crash brings it back empty.</summary>
    public void Remove(uint number, StreamLog log)
    {
        Task removal = RemoveAsync(number, log);
        _removals[number] = removal;
        removal.ContinueWith(_ => _removals.TryRemove(number, out Task? _), TaskScheduler.Default);
    }

    /// <summary>A folder that is there, and whose stream nobody knows, stays: no other stream may come to have its number. While the broker starts.</summary>
    public void SkipNumbersOfFolders()
    {
        foreach (string name in files.ListFolders().Contains(FolderName) ? Folder.ListFolders() : [])
        {
            if (uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number < uint.MaxValue / 2)
            {
                store.SkipNumber(number);
            }
        }
    }

    /// <summary>
    /// Removes the folders of streams that were deleted: a crash came before they were removed. What belongs to nothing that anybody knows of is told and left: it may have come
    /// from a copy, or its definition be lost. While the broker starts.
    /// </summary>
    /// <param name="isThere">Whether there is a stream with a number, kept or not at the moment.</param>
    /// <param name="wasRemoved">Whether there was one, and was deleted.</param>
    /// <param name="tell">Told the names of folders that are left.</param>
    /// <param name="mayRemove">Whether nothing is damaged that may be what declares a stream.</param>
    public void RemoveOrphans(Func<uint, bool> isThere, Func<uint, bool> wasRemoved, Action<string> tell, bool mayRemove)
    {
        if (!files.ListFolders().Contains(FolderName))
        {
            return;
        }

        foreach (string name in Folder.ListFolders())
        {
            bool isNumber = uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out uint number);
            if (isNumber && isThere(number))
            {
                continue;
            }

            if (isNumber && mayRemove && wasRemoved(number))
            {
                Folder.DeleteFolder(name);
            }
            else if (!isNumber || !wasRemoved(number))
            {
                tell($"{FolderName}/{name}");
            }
        }
    }

    /// <summary>Closes the logs. The journal is closed already, so that nobody who removes a stream still waits for it; whoever owns the folder may do as they like with it afterwards.</summary>
    public void Dispose()
    {
        Task.WaitAll([.. _removals.Values, .. _drops.Keys]);
        foreach (var log in _logs.Values)
        {
            log.Dispose();
        }

        _folder?.Dispose();
    }

    private static string NameOf(uint number) => number.ToString(CultureInfo.InvariantCulture);

    private static void TrySyncAll(StreamLog log, long knownEnd, Func<bool> mayGoOn)
    {
        try
        {
            log.SyncAll(knownEnd, mayGoOn);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Then nothing is known of it, as before.
        }
    }

    private async Task DropAsync(uint number, long firstOffset, Action drop)
    {
        try
        {
            // A journal that closes still takes who waits, and no note: then the files stay. So they do while a disk that is full has no room for the note.
            if (store.NoteStream(number, firstOffset, 0))
            {
                await store.FlushAsync(CommitLevel.Fsync).ConfigureAwait(false);
                drop();
            }
        }
        catch (Exception error) when (error is BrokerStoreException or ObjectDisposedException)
        {
            // They are dropped again when the broker next starts.
        }
    }

    private async Task RemoveAsync(uint number, StreamLog log)
    {
        try
        {
            await store.FlushAsync().ConfigureAwait(false);
            log.Drop();
            _logs.TryRemove(number, out _);
            if (log.HasFolder)
            {
                Folder.DeleteFolder(NameOf(number));
            }
        }
        catch (Exception error) when (error is BrokerStoreException or IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // What is left of it is removed when the broker next starts.
            store.TellRest(number, error);
        }
    }
}
