using System.Buffers;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Durability;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Broker.Paging;

/// <summary>
/// Decides when messages that wait leave memory, writes those that the journal does not have to scratch files, and reads all of them back. One a broker
/// with a folder. Any thread; its lock is a leaf, and so are the journals' own.
/// </summary>
/// <param name="broker">The broker.</param>
/// <param name="limitOctets">Memory of messages from which on those that come and wait are paged out.</param>
/// <param name="scratchFiles">Opens the folder of the scratch files; what the journal does not have stays in memory if it gives none.</param>
internal sealed class MessagePaging(AmqpBroker broker, long limitOctets, Func<IFileLayer?> scratchFiles) : IJournalWaiter
{
    /// <summary>Readers that are kept for the next who wants one: each holds up to a MiB.</summary>
    private const int KeptReaders = 4;

    /// <summary>The part of the memory of messages that reading back may use, however much the names of messages take.</summary>
    private const int LeastShareForReading = 4;

    /// <summary>
    /// Octets of messages in memory from which on those that the journal has anyway wait there alone: to let them go costs nothing, and the system has what was
    /// written lately at hand.
    /// </summary>
    private const long MostKeptOctets = 32 * 1024 * 1024;

    /// <summary>How long scratch files that could not be made are not tried again, in milliseconds.</summary>
    private const long ScratchRestMilliseconds = 5000;

    [ThreadStatic]
    private static byte[]? t_head;

    private readonly Lock _gate = new();
    private readonly Stack<PageReader> _readers = [];
    private readonly PagingSweep _sweep = new(broker);

    /// <summary>Half way to where publishers are held back: what comes does not wait in memory, so that what was there before has to go.</summary>
    private readonly long _hardLimitOctets = limitOctets + ((broker.Memory.LimitOctets - limitOctets) / 2);
    private Journal? _scratch;
    private long _scratchTriesAt;
    private bool _isStopping;
    private int _reading;
    private TaskCompletionSource? _idle;
    private JournalRoom? _room;
    private JournalTicket _ticket;
    private volatile bool _isPressed;
    private volatile bool _isNearlyPressed;
    private volatile bool _isKeptPressed;
    private volatile bool _isKeptNearlyPressed;
    private readonly long _keptLimitOctets = Math.Min(limitOctets, MostKeptOctets);

    /// <summary>Who reads messages back.</summary>
    public ReadingThreads Threads { get; } = new();

    /// <summary>Whether messages take so much memory that those that wait are to be paged out.</summary>
    public bool IsPressed => _isPressed;

    /// <summary>Whether a good part of that is in use: what comes to a queue of which much is on the disk would keep the memory from those before it.</summary>
    public bool IsNearlyPressed => _isNearlyPressed;

    /// <summary>As <see cref="IsPressed"/>, for messages that the journal has.</summary>
    public bool IsKeptPressed => _isKeptPressed;

    /// <summary>As <see cref="IsNearlyPressed"/>, for messages that the journal has.</summary>
    public bool IsKeptNearlyPressed => _isKeptNearlyPressed;

    /// <summary>Whether what the journal has can be had back from there.</summary>
    public bool CanReadKept => broker.Store is { Failure: null };

    /// <summary>Whether so much waits to be written to the scratch files that publishers should wait.</summary>
    public bool IsSaturated => _scratch is { IsSaturated: true, Failure: null };

    /// <summary>Whether the scratch files have no room.</summary>
    public bool IsFull => _scratch is { IsFull: true };

    /// <summary>Octets that the journals need to know where their messages lie.</summary>
    public long NameOctets => (long)((broker.Store is { IsReading: false } store ? store.Journal.MessageCount : 0) + (_scratch?.MessageCount ?? 0)) * Journal.NameOctets;

    /// <summary>Octets of messages in the scratch files; 0 while there are none.</summary>
    public JournalSize? ScratchSize => _scratch?.Size;

    /// <inheritdoc/>
    ref JournalTicket IJournalWaiter.Ticket => ref _ticket;

    private MessageArena Arena => broker.Arena;

    /// <summary>Follows the memory in use.</summary>
    public void Follow(long inUseOctets)
    {
        bool isPressed = inUseOctets > (_isPressed ? limitOctets / 10 * 9 : limitOctets);
        if (isPressed != _isPressed)
        {
            _isPressed = isPressed;
        }

        bool isNearlyPressed = isPressed || inUseOctets > limitOctets / 2;
        if (isNearlyPressed != _isNearlyPressed)
        {
            _isNearlyPressed = isNearlyPressed;
        }

        long bodies = Arena.InUseOctets;
        bool isKeptPressed = isPressed || bodies > (_isKeptPressed ? _keptLimitOctets / 10 * 9 : _keptLimitOctets);
        if (isKeptPressed != _isKeptPressed)
        {
            _isKeptPressed = isKeptPressed;
        }

        bool isKeptNearlyPressed = isNearlyPressed || isKeptPressed || bodies > _keptLimitOctets / 2;
        if (isKeptNearlyPressed != _isKeptNearlyPressed)
        {
            _isKeptNearlyPressed = isKeptNearlyPressed;
        }

        if (inUseOctets > _hardLimitOctets && Arena.InUseOctets > FewOctets)
        {
            _sweep.StartUnlessResting();
        }
    }

    /// <summary>Whether so little is in memory that nothing more need go.</summary>
    public bool HasRoom() => Arena.TakenOctets < limitOctets || Arena.InUseOctets < FewOctets;

    /// <summary>Writes a message of a batch to the scratch files, what several queues get of it once. Under any lock.</summary>
    /// <returns>False when there are none: it stays in memory.</returns>
    public bool TryWrite(IncomingBatch batch, int index, out MessageRef message) => TryWrite(batch[index], batch.IsShared ? batch : null, index, out message);

    private bool TryWrite(in MessageContent content, IncomingBatch? sharing, int index, out MessageRef message)
    {
        message = default;
        if (Volatile.Read(ref _isStopping) || (_scratch ?? OpenScratch()) is not { Failure: null } scratch)
        {
            return false;
        }

        Span<byte> head = t_head ??= new byte[StoredMessageFormat.MaxHeadOctets];
        int octets = StoredMessageFormat.WriteHead(head, in content);
        byte[]? rented = content.Large is null ? null : Gather(content.Large);
        var parts = new ContentParts(head[..octets], content.Properties, rented is null ? content.Body : rented.AsSpan(0, (int)content.Large!.Octets));
        try
        {
            using var appender = scratch.Append();
            var name = sharing is null
                ? appender.Message(0, 0, default, in parts)
                : appender.Enqueue(0, 0, default, Share(in appender, scratch, sharing, index, in parts));
            message = MessageRef.PagedOut(name.Value, content.BodyOctets);

            // Asked for, it is written at once, and does not gather in memory.
            appender.Commit(this, 0, CommitLevel.Os);
            return true;
        }
        catch (ObjectDisposedException)
        {
            // The broker has stopped meanwhile.
            return false;
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    private static StoredContent Share(in Journal.Appender appender, Journal scratch, IncomingBatch batch, int index, scoped in ContentParts parts)
    {
        var shared = batch.ScratchContent(index);
        if (shared.IsNone)
        {
            shared = appender.Content(in parts);
            batch.SetScratchContent(index, shared, scratch);
        }

        return shared;
    }

    /// <summary>Pages a message out; the caller's reference goes with it. Under the queue's lock.</summary>
    /// <param name="message">The message, in memory.</param>
    /// <param name="stored">Its name in the journal, if it is there.</param>
    /// <param name="pagedOut">What stands for it from now on.</param>
    /// <returns>False when there is nowhere to go.</returns>
    public bool TryPageOut(MessageRef message, StoredMessage stored, out MessageRef pagedOut)
    {
        var content = Arena.Read(message);
        pagedOut = MessageRef.PagedOut(0, content.BodyOctets);
        if (stored.IsNone ? !TryWrite(in content, sharing: null, 0, out pagedOut) : !CanReadKept)
        {
            return false;
        }

        Arena.Release(message);
        return true;
    }

    /// <summary>A queue is done with a message that is not in memory, or has it there again.</summary>
    public void Forget(MessageRef message)
    {
        if (message.IsPagedOut && message.ScratchName != 0)
        {
            using var appender = _scratch!.Append();
            appender.Forget(new StoredMessage(message.ScratchName));
        }
    }

    /// <summary>A reader for one thread, to be given back with <see cref="EndReading"/>; null when the broker stops.</summary>
    public PageReader? BeginReading()
    {
        lock (_gate)
        {
            if (_isStopping || broker.Store is not { IsReading: false } store)
            {
                return null;
            }

            _reading++;
            return _readers.TryPop(out var reader) ? reader : new PageReader(store.Journal);
        }
    }

    /// <summary>Gives the reader back.</summary>
    public void EndReading(PageReader reader)
    {
        Arena.TellThread();
        TaskCompletionSource? idle = null;
        lock (_gate)
        {
            reader.Run.Begin(null, 0);
            if (_readers.Count < KeptReaders)
            {
                _readers.Push(reader);
            }

            if (--_reading == 0)
            {
                idle = _idle;
            }
        }

        idle?.TrySetResult();
    }

    /// <summary>Reads a message back into memory. No lock held.</summary>
    /// <returns>Where it lies now; lost when the disk does not have what was written.</returns>
    /// <exception cref="IOException">The disk does not answer; it may later.</exception>
    public MessageRef Read(PageReader reader, MessageRef message, StoredMessage stored)
    {
        if (!message.IsPagedOut)
        {
            return message;
        }

        bool isThere = message.ScratchName == 0
            ? reader.TryReadKept(stored, out var octets)
            : reader.TryReadScratch(_scratch!, message.ScratchName, out octets);
        return isThere && StoredMessageFormat.TryRead(octets, out var content) ? Arena.StoreContiguous(in content) : message.ToLost();
    }

    /// <summary>Octets of bodies that are read back in one go: the fewer the less memory there is.</summary>
    public long OctetsAtOnce => HoldsReading ? 64 * 1024 : Arena.InUseOctets > limitOctets ? 256 * 1024 : 1024 * 1024;

    /// <summary>
    /// Whether what is in memory, and can be settled there, has to be before more is read. What lists and journals need of messages on the disk grows less only when those are
    /// read: a part of the memory is left for it, whatever they take.
    /// </summary>
    public bool HoldsReading =>
        Arena.InUseOctets > Math.Max(broker.Memory.LimitOctets - (Arena.ListOctets + NameOctets), broker.Memory.LimitOctets / LeastShareForReading);

    /// <summary>So little in memory that to page it out would change nothing.</summary>
    private long FewOctets => broker.Memory.LimitOctets / LeastShareForReading / 2;

    /// <summary>The disk did not answer.</summary>
    public void TellReadFailed(IOException error) => Log.ReadFailed(broker.Logger, error.Message);

    /// <summary>Completes when what waits to be written to the scratch files is, or never will be.</summary>
    public Task WaitForRoomAsync()
    {
        lock (_gate)
        {
            _room ??= new JournalRoom(_scratch!);
        }

        return _room.WaitAsync();
    }

    /// <summary>Waits for those who read; nobody reads any more.</summary>
    public async Task StopReadingAsync()
    {
        Task idle;
        lock (_gate)
        {
            _isStopping = true;
            _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            idle = _reading == 0 ? Task.CompletedTask : _idle.Task;
        }

        await idle.ConfigureAwait(false);
    }

    /// <summary>Gives the scratch files up; nothing waits in queues any more that anybody could want.</summary>
    public void CloseScratch()
    {
        try
        {
            _scratch?.CloseAbruptly();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // What is left is removed at the next start.
            Log.ScratchFailed(broker.Logger, error.Message);
        }
    }

    /// <inheritdoc/>
    void IJournalWaiter.HandleCommitted(ulong token)
    {
        // Nobody was promised anything.
    }

    /// <inheritdoc/>
    void IJournalWaiter.HandleFailed(ulong token, Exception error) => Log.ScratchFailed(broker.Logger, error.Message);

    /// <summary>Opens the scratch files, once: most brokers never need them.</summary>
    private Journal? OpenScratch()
    {
        lock (_gate)
        {
            long now = broker.Timers.Now;
            if (_scratch is not null || _isStopping || now < _scratchTriesAt)
            {
                return _scratch;
            }

            // A disk that has no room now may have some later.
            _scratchTriesAt = now + ScratchRestMilliseconds;
            try
            {
                var files = scratchFiles();
                _scratch = files is null ? null : Journal.Open(new ScratchFileLayer(files), broker.Options.Journal with { SpareSegments = 0 }, new NoVisitor());
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                Log.ScratchFailed(broker.Logger, error.Message);
            }

            return _scratch;
        }
    }

    private static byte[] Gather(LargeBody large)
    {
        byte[] octets = ArrayPool<byte>.Shared.Rent((int)large.Octets);
        int at = 0;
        foreach (var chunk in large.Chunks)
        {
            chunk.AsSpan().CopyTo(octets.AsSpan(at));
            at += chunk.Count;
        }

        return octets;
    }

    /// <summary>The scratch files are empty when they are opened.</summary>
    private sealed class NoVisitor : IJournalVisitor
    {
        public void VisitDefinition(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
        {
        }

        public bool HasQueue(uint queue) => false;

        public void VisitMessage(in RecoveredMessage message)
        {
        }

        public void VisitDamage(JournalDamage damage)
        {
        }

        public void VisitEnd(bool wasClosed)
        {
        }
    }
}
