using System.Net;
using AmqpToolkit.Broker.Tests.Fuzz;
using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Tests.Durability;

/// <summary>A broker on a folder of its own, that can be stopped and started again, or leave its folder behind as a crash would.</summary>
internal sealed class KeptBroker : IAsyncDisposable
{
    /// <summary>What messages may take in memory.</summary>
    private const long MemoryLimitOctets = 1024L * 1024 * 1024;

    private readonly List<string> _folders = [];
    private readonly TimeProvider _time;
    private readonly Func<string, IFileLayer>? _files;
    private readonly DefectLog _log = new();
    private AmqpBroker _broker = null!;

    private readonly bool _toleratesDefects;
    private readonly JournalOptions _journal;
    private readonly long _pagingOctets;
    private readonly long _memoryOctets;

    private KeptBroker(TimeProvider time, Func<string, IFileLayer>? files, bool toleratesDefects, JournalOptions journal, long pagingOctets, long memoryOctets) =>
        (_time, _files, _toleratesDefects, _journal, _pagingOctets, _memoryOctets) = (time, files, toleratesDefects, journal, pagingOctets, memoryOctets);

    public AmqpBroker Broker => _broker;

    public Journal Journal => _broker.Store!.Journal;

    /// <summary>Where it keeps things.</summary>
    public string Folder => _folders[^1];

    /// <summary>Errors that the broker has logged.</summary>
    public IEnumerable<string> Defects => _log.Defects;

    /// <summary>Starts a broker on an empty folder.</summary>
    /// <param name="time">Its clock.</param>
    /// <param name="files">The disk that it sees.</param>
    /// <param name="toleratesDefects">Whether errors are expected in its log.</param>
    /// <param name="segmentOctets">Octets of a segment of its journal.</param>
    /// <param name="backlogOctets">Octets that may wait to be written.</param>
    /// <param name="pagingOctets">Memory from which on messages are paged out.</param>
    /// <param name="memoryOctets">Memory from which on publishers are held back.</param>
    public static async Task<KeptBroker> StartAsync(
        TimeProvider? time = null,
        Func<string, IFileLayer>? files = null,
        bool toleratesDefects = false,
        int segmentOctets = 1024 * 1024,
        int backlogOctets = 32 * 1024 * 1024,
        long pagingOctets = MemoryLimitOctets / 2,
        long memoryOctets = MemoryLimitOctets)
    {
        var journal = new JournalOptions { SegmentOctets = segmentOctets, SpareSegments = 0, BacklogOctets = backlogOctets };
        var kept = new KeptBroker(time ?? TimeProvider.System, files, toleratesDefects, journal, pagingOctets, memoryOctets);
        kept.AddFolder();
        await kept.OpenAsync();
        return kept;
    }

    /// <summary>Stops in order, and starts on the same folder.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await OpenAsync();
    }

    /// <summary>Stops in order.</summary>
    public async Task StopAsync()
    {
        // Clients of tests do not answer connection.close: they are not waited for.
        await _broker.StopAsync(new CancellationToken(canceled: true));
        await _broker.DisposeAsync();
    }

    /// <summary>Starts on what the files hold now, as if the process had been killed. Nothing may be on its way.</summary>
    public async Task CrashAsync()
    {
        await TakeSnapshotAsync();
        await StopAsync();
        await OpenAsync();
    }

    /// <summary>Copies what the files hold now; the next broker opens that.</summary>
    public async Task TakeSnapshotAsync()
    {
        // What nobody waits for lies in memory for a while; what somebody was promised does not.
        string from = _folders[^1];
        while (!await TryCopyAsync(from, AddFolder()))
        {
            // A file has gone between its name and its octets.
        }
    }

    private static async Task<bool> TryCopyAsync(string from, string to)
    {
        Directory.CreateDirectory(to);
        try
        {
            string newest = Path.Combine(from, NewestSegment.FileName);
            if (File.Exists(newest))
            {
                // Before anything that it may come to speak of meanwhile.
                File.Copy(newest, Path.Combine(to, NewestSegment.FileName), overwrite: true);
            }

            foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) is not ("lock" or NewestSegment.FileName)))
            {
                string target = Path.Combine(to, Path.GetRelativePath(from, file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                await using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                await using var copy = new FileStream(target, FileMode.CreateNew);
                await source.CopyToAsync(copy);
            }

            return true;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Spoils the last record that holds a text in the files that the next broker opens, as a loss of power does to what was not synced.</summary>
    public void Spoil(string text)
    {
        byte[] wanted = System.Text.Encoding.UTF8.GetBytes(text);
        foreach (string file in Directory.GetFiles(_folders[^1], "segment-*").OrderDescending())
        {
            byte[] octets = File.ReadAllBytes(file);
            int at = octets.AsSpan().LastIndexOf(wanted);
            if (at >= 0)
            {
                octets[at] ^= 1;
                File.WriteAllBytes(file, octets);
                return;
            }
        }

        Assert.Fail($"'{text}' is in no file");
    }

    /// <summary>Waits until everything that was appended so far is in the files.</summary>
    public Task FlushAsync() => _broker.Store!.FlushAsync();

    /// <summary>How many messages the journal knows.</summary>
    public int CountStored() => Journal.Size.Messages;

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        foreach (string folder in _folders)
        {
            Directory.Delete(folder, recursive: true);
        }

        Assert.True(_toleratesDefects || _log.Defects.IsEmpty, string.Join("\n", _log.Defects));
    }

    private string AddFolder()
    {
        _folders.Add(Path.Combine(Path.GetTempPath(), $"amqp-kept-{Guid.NewGuid():N}"));
        return _folders[^1];
    }

    /// <summary>Starts on the folder.</summary>
    /// <param name="memoryOctets">Memory from which on publishers are held back; as before if not said.</param>
    public async Task OpenAsync(long? memoryOctets = null)
    {
        string folder = _folders[^1];
        _broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions
        {
            Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)],
            DataDirectory = folder,
            TimeProvider = _time,
            LoggerFactory = _log,
            MemoryLimitOctets = memoryOctets ?? _memoryOctets,
            PagingWatermark = (double)_pagingOctets / _memoryOctets,
            FileLayer = _files is null ? null : () => _files(folder),
            Journal = _journal,
        });
    }
}
