using System.Buffers.Binary;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Broker.Durability;

/// <summary>
/// What of a broker outlives it: its journal, the numbers by which the journal knows queues and exchanges, and what is not on the disk yet. One a
/// broker; a broker that keeps everything in memory has none. Any thread; the journal's lock, a leaf, is the only one.
/// </summary>
internal sealed partial class BrokerStore : IJournalWaiter, IDisposable
{
    /// <summary>Numbers that are set aside with one record.</summary>
    private const uint NumbersAtOnce = 1024;

    /// <summary>The first number that is given out: those below belong to what every virtual host has.</summary>
    internal const uint FirstNumber = 256;

    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private Journal? _journal;
    private JournalTicket _ticket;
    private uint _nextNumber = FirstNumber;
    private uint _numbersEnd = FirstNumber;
    private volatile bool _isClosed;
    private ulong _defined;
    private ulong _committed;

    private BrokerStore(AmqpBroker broker)
    {
        _logger = broker.Logger;
        _time = broker.Options.TimeProvider;
        DefinitionLevel = LevelOf(broker.Options.Durability);
    }

    /// <summary>The journal.</summary>
    public Journal Journal => _journal ?? throw new InvalidOperationException("the journal is being read");

    /// <summary>Outputs with something to tell since the last commit. On the journal's thread.</summary>
    public ToldOutputs Told { get; } = new();

    /// <summary>The logs of the streams.</summary>
    public StreamStore Streams { get; private set; } = null!;

    /// <summary>When a definition counts as kept.</summary>
    public CommitLevel DefinitionLevel { get; }

    /// <summary>Whether the last definition is not kept yet: who promises anything about definitions waits.</summary>
    public bool HasUncommittedDefinitions => Volatile.Read(ref _defined) != Volatile.Read(ref _committed);

    /// <summary>Whether the store has the users and virtual hosts that a broker begins with.</summary>
    public bool HasBegun { get; internal set; }

    /// <summary>The folder, if it had nothing when it was opened.</summary>
    public string? NewFolder { get; private set; }

    /// <summary>Whether anything was damaged when it was opened.</summary>
    public bool HasMetDamage { get; private set; }

    /// <summary>Whether the journal is being read, and takes nothing yet.</summary>
    public bool IsReading => _journal is null;

    /// <summary>Whether the broker stops, and nothing more is kept.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>What ended the journal; null while it works.</summary>
    public Exception? Failure => _journal?.Failure;

    /// <summary>Whether so much waits to be written that publishers should wait.</summary>
    public bool IsSaturated => _journal is { IsSaturated: true };

    /// <inheritdoc/>
    ref JournalTicket IJournalWaiter.Ticket => ref _ticket;

    /// <summary>Opens the folder of a broker and gives the broker what it holds.</summary>
    /// <exception cref="BrokerStoreException">It cannot be used.</exception>
    public static void Open(AmqpBroker broker)
    {
        var options = broker.Options;
        if (options.FileLayer is null)
        {
            RefuseUnderRepair(options.DataDirectory!);
        }

        // What is restored knows its store from the start, although it takes nothing before all is read.
        var store = broker.Store = new BrokerStore(broker);
        try
        {
            if (options.FileLayer is null)
            {
                RefuseWithoutJournal(options.DataDirectory!);
            }

            var files = options.FileLayer?.Invoke() ?? new DiskFileLayer(options.DataDirectory!);
            store.Streams = new StreamStore(store, files);
            var recovery = new BrokerRecovery(broker, store);
            store._journal = Journal.Open(files, options.Journal with { PlaceMask = QueuedMessage.PlaceMask }, recovery);
            store._journal.Told = store.Told.Send;
            store._journal.FullChanged = isFull =>
            {
                if (isFull)
                {
                    Log.DiskFull(broker.Logger);
                }
                else
                {
                    Log.DiskHasRoom(broker.Logger);
                }
            };
            store._journal.Damaged = damage => Log.StoreDamaged(broker.Logger, damage.Where, damage.WhatOf(number => NameOf(broker, number)));
            store.WatchNewest(store._journal);
            if (store._journal.FoundVersion is > 0 and < SegmentHeader.CurrentVersion)
            {
                Log.StoreUpgraded(broker.Logger, files.Folder, store._journal.FoundVersion, SegmentHeader.CurrentVersion);
            }

            store.BeginToSetPlacesAside();
            store.Streams.SkipNumbersOfFolders();
            recovery.Finish();
            store.HasMetDamage = recovery.HasMetDamage;
            store.Streams.NoteEnds();
            store.NewFolder = store._journal.FoundVersion == 0 && !recovery.HasMetDamage ? files.Folder : null;
            store.Streams.RemoveOrphans(recovery.HasQueue, recovery.WasRemoved, folder => Log.FolderLeft(broker.Logger, folder), mayRemove: !recovery.HasMetDamage);

            store.WatchRoom(broker);
            if (options.FileLayer is null && IsOpenToOthers(options.DataDirectory!))
            {
                Log.FolderIsOpen(broker.Logger, options.DataDirectory!);
            }
        }
        catch (IOException exception) when (DiskErrors.IsForRoom(exception))
        {
            string own = options.FileLayer is null && Directory.Exists(options.DataDirectory) && Directory.EnumerateDirectories(options.DataDirectory, "damaged-*").Any() ? "only what a repair has left in damaged-* may go, if nobody misses it" : "nothing can be spared";
            throw new BrokerStoreException($"the disk has no room, and a start needs some (8 MiB): make the volume larger, or remove what else is on it; of the folder {own}.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JournalVersionException or NotSupportedException)
        {
            throw new BrokerStoreException(exception.Message, exception);
        }
    }

    /// <summary>Tells once that the last file of the journal will not be missed any more.</summary>
    private void WatchNewest(Journal journal)
    {
        int told = 0;
        journal.NewestGivenUp = Tell;
        if (journal.NewestFailure is { } failure)
        {
            Tell(failure);
        }

        void Tell(Exception error)
        {
            if (Interlocked.Exchange(ref told, 1) == 0)
            {
                Log.NewestGivenUp(_logger, error.Message);
            }
        }
    }

    /// <exception cref="BrokerStoreException">A repair of the folder was interrupted.</exception>
    internal static void RefuseUnderRepair(string folder)
    {
        if (Directory.Exists(Path.Combine(folder, StoreFolders.Repaired)))
        {
            throw new BrokerStoreException($"A repair of the folder was interrupted: run amqp-broker repair {folder} again.");
        }
    }

    /// <exception cref="BrokerStoreException">There is what a broker left, without its journal.</exception>
    internal static void RefuseWithoutJournal(string folder)
    {
        if (StoreFolders.HasLostJournal(folder))
        {
            throw new BrokerStoreException(
                $"'{folder}' has what a broker left, but not its journal (segment-*.journal): put that back, or run amqp-broker repair {folder} to begin anew with the rest set aside.");
        }
    }

    private static bool IsOpenToOthers(string folder) => !OperatingSystem.IsWindows()
        && (File.GetUnixFileMode(folder) & (UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute)) is not UnixFileMode.None;

    /// <summary>When something of that durability counts as kept.</summary>
    public static CommitLevel LevelOf(DurabilityLevel durability) => durability == DurabilityLevel.Fsync ? CommitLevel.Fsync : CommitLevel.Os;

    /// <summary>A number that nothing had before, in any life of the store: for a queue, an exchange, a virtual host.</summary>
    public uint NextNumber()
    {
        using var append = Journal.Append();
        if (_nextNumber == _numbersEnd)
        {
            _numbersEnd = checked(_nextNumber + NumbersAtOnce);
            Span<byte> value = stackalloc byte[sizeof(uint)];
            BinaryPrimitives.WriteUInt32BigEndian(value, _numbersEnd);
            append.Define((ushort)DefinitionKind.Numbers, default, value);
        }

        return _nextNumber++;
    }

    /// <summary>A thing is now this. Under the lock under which it changed, so that the journal has changes in their order. Nothing while the journal is read.</summary>
    public void Define(DefinitionKind kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (_journal is not { } journal)
        {
            return;
        }

        using var append = journal.Append();
        append.Define((ushort)kind, name, value);
        append.Commit(this, ++_defined, DefinitionLevel);
    }

    /// <summary>A thing is gone. As <see cref="Define"/>.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="name">Its name.</param>
    /// <param name="value">What is to be known of it as long as the journal may have something of it.</param>
    public void Remove(DefinitionKind kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value = default)
    {
        if (_journal is not { } journal)
        {
            return;
        }

        using var append = journal.Append();
        append.Remove((ushort)kind, name, value: value);
        append.Commit(this, ++_defined, DefinitionLevel);
    }

    /// <summary>Notes that the store has the users and virtual hosts that a broker begins with, and the secret with which those are imitated who are not there.</summary>
    public void Begin(byte[] imitationSecret)
    {
        HasBegun = true;
        Define(DefinitionKind.Begun, default, imitationSecret);
    }

    /// <summary>Completes when everything that was changed before is kept.</summary>
    /// <exception cref="BrokerStoreException">It never will be (as the task's outcome).</exception>
    public Task FlushAsync() => FlushAsync(DefinitionLevel);

    /// <summary>As the other, for what counts as kept at a level.</summary>
    public Task FlushAsync(CommitLevel level)
    {
        var waiter = new FlushWaiter();
        using (var append = Journal.Append())
        {
            append.Commit(waiter, 0, level);
        }

        return waiter.Task;
    }

    /// <summary>Writes what waits, and notes that nothing was on its way.</summary>
    public void Dispose()
    {
        _isClosed = true;
        if (_journal is not null)
        {
            Streams.NoteLastEnds();
        }

        _journal?.Dispose();
        Streams?.Dispose();
    }

    /// <inheritdoc/>
    void IJournalWaiter.HandleCommitted(ulong token) => Volatile.Write(ref _committed, token);

    /// <inheritdoc/>
    void IJournalWaiter.HandleFailed(ulong token, Exception error) => Log.StoreFailed(_logger, error);

    /// <summary>Files of a stream that is deleted could not be removed.</summary>
    internal void TellRest(uint number, Exception error) => Log.StreamLeft(_logger, number, error.Message);

    /// <summary>How people know what has a number.</summary>
    internal static string NameOf(BindingDestination destination) => destination switch
    {
        MessageQueue queue => NameOf("queue", queue.NameText, queue.VirtualHost.Name),
        Exchange exchange => NameOf("exchange", exchange.NameText, exchange.VirtualHost.Name),
        _ => destination.NameText,
    };

    /// <summary>As the other, of what is only known by its names.</summary>
    internal static string NameOf(string kind, string name, string virtualHost) => $"{kind} '{name}' in virtual host '{virtualHost}'";

    /// <summary>As the other; looks through all that there is.</summary>
    private static string NameOf(AmqpBroker broker, uint number)
    {
        foreach (var virtualHost in broker.VirtualHosts.Topologies)
        {
            if (virtualHost.Queues.FirstOrDefault(queue => queue.StoreNumber == number) is { } found)
            {
                return NameOf(found);
            }
        }

        return JournalDamage.NumberOf(number);
    }

    /// <summary>Numbers up to this one were set aside in an earlier life.</summary>
    internal void SkipNumbers(uint end) => _nextNumber = _numbersEnd = Math.Max(end, FirstNumber);

    /// <summary>A number has an owner, though nobody has set it aside.</summary>
    internal void SkipNumber(uint number)
    {
        if (number >= _numbersEnd)
        {
            SkipNumbers(number + 1);
        }
    }

    /// <summary>Somebody who waits for a commit, once.</summary>
    private sealed class FlushWaiter : IJournalWaiter
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private JournalTicket _ticket;

        public Task Task => _done.Task;

        public ref JournalTicket Ticket => ref _ticket;

        public void HandleCommitted(ulong token) => _done.TrySetResult();

        public void HandleFailed(ulong token, Exception error) =>
            _done.TrySetException(new BrokerStoreException($"The journal has failed: {error.Message}", error));
    }
}
