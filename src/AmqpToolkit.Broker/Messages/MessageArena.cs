using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AmqpToolkit.Broker.Paging;

namespace AmqpToolkit.Broker.Messages;

/// <summary>
/// Where a broker keeps its messages: slots of a few sizes in large arrays, reference-counted, named by <see cref="MessageRef"/>. Nothing
/// is allocated per message. Any thread; each keeps a few free slots at hand, so that the shared lists are locked once in a
/// batch.
/// </summary>
/// <remarks>
/// A slot, in the machine's own order, is
/// <code>
///   0            4             8           12         13       14      15      16     20       24
///   +------------+-------------+-----------+----------+--------+-------+-------+------+--------+----------
///   | references | properties  | body      | exchange | key    | size  | flags | large| unused | exchange, key, properties, body
///   | int        | octets, int | octets,int| octets   | octets | class |       | int  |        |
///   +------------+-------------+-----------+----------+--------+-------+-------+------+--------+----------
/// </code>
/// A free slot holds the next free one in its first eight octets.
/// </remarks>
internal sealed class MessageArena
{
    /// <summary>Octets before the data of a slot.</summary>
    public const int HeaderOctets = 24;

    private const int SlabOctets = 256 * 1024;
    private const int LargeSlabOctets = 1024 * 1024;

    [ThreadStatic]
    private static SlotCache? t_cache;

    private readonly Lock _gate = new();
    private readonly SharedSlots[] _shared;
    private readonly Stack<int> _freeSlabNumbers = new();
    private readonly Stack<int> _freeLarge = new();
    private LargeBody?[] _large = new LargeBody?[4];
    private int _largeCount;
    private byte[]?[] _slabs = new byte[16][];
    private int _slabCount;
    private long _inUseOctets;
    private long _listOctets;

    public MessageArena()
    {
        ListOctetsCounter = CountListOctets;
        _shared = new SharedSlots[SlotSizes.Count];
        for (int index = 0; index < _shared.Length; index++)
        {
            _shared[index] = new SharedSlots();
        }
    }

    /// <summary><see cref="CountListOctets"/>, made once.</summary>
    public Action<long> ListOctetsCounter { get; }

    /// <summary>Octets of messages, as far as threads have told: each is behind by <see cref="SlotCache.ToldOctets"/> at most.</summary>
    public long InUseOctets => Volatile.Read(ref _inUseOctets);

    /// <summary>Octets of the lists in which queues keep the names of their messages, and channels those of unsettled deliveries.</summary>
    public long ListOctets => Volatile.Read(ref _listOctets);

    /// <summary>All that messages take: in memory, in lists, and what the journals know of them.</summary>
    public long TakenOctets => InUseOctets + ListOctets + (Paging?.NameOctets ?? 0);

    /// <summary>Looks at the memory in use; told when large bodies are given back.</summary>
    public MemoryWatermark? Watermark { get; set; }

    /// <summary>Where messages go when there are too many of them; null when they stay in memory.</summary>
    public MessagePaging? Paging { get; set; }

    /// <summary>Whether everything was given back: the broker has stopped.</summary>
    public bool IsDropped { get; private set; }

    /// <summary>Octets reserved from the runtime for slots, used or free.</summary>
    public long ReservedOctets { get; private set; }

    /// <summary>Stores a message, with one reference.</summary>
    public MessageRef Store(in MessageContent content)
    {
        int bodyOctets = content.Large is null ? content.Body.Length : 0;
        int octets = HeaderOctets + content.Exchange.Length + content.RoutingKey.Length + content.Properties.Length + bodyOctets;
        byte sizeClass = SlotSizes.ClassOf(octets);
        var message = sizeClass == SlotSizes.OwnSlab ? AddOwnSlab(octets) : Cache().Take(sizeClass);
        var slot = _slabs[message.Slab].AsSpan(message.Offset, octets);
        ref var header = ref Header(slot);
        header = new SlotHeader
        {
            References = 1,
            PropertyOctets = content.Properties.Length,
            BodyOctets = bodyOctets,
            ExchangeOctets = (byte)content.Exchange.Length,
            KeyOctets = (byte)content.RoutingKey.Length,
            SizeClass = sizeClass,
            Flags = content.Flags,
        };
        if (content.Large is { } large)
        {
            large.Complete();
            header.Flags |= MessageFlags.Large;
            header.Large = KeepLarge(large);
        }

        var data = slot[HeaderOctets..];
        content.Exchange.CopyTo(data);
        data = data[content.Exchange.Length..];
        content.RoutingKey.CopyTo(data);
        data = data[content.RoutingKey.Length..];
        content.Properties.CopyTo(data);
        content.Body.CopyTo(data[content.Properties.Length..]);
        return message;
    }

    /// <summary>Stores a message whose body lies in a row, however long it is: as it comes from the disk.</summary>
    public MessageRef StoreContiguous(in MessageContent content)
    {
        if (content.Body.Length < LargeBody.ThresholdOctets)
        {
            return Store(in content);
        }

        var large = new LargeBody(this);
        large.Append(content.Body);
        return Store(new MessageContent
        {
            Exchange = content.Exchange,
            RoutingKey = content.RoutingKey,
            Properties = content.Properties,
            Body = default,
            Large = large,
            Flags = content.Flags,
        });
    }

    /// <summary>Stores a message again, with other properties and the same body. Takes the caller's reference to the first over.</summary>
    /// <param name="message">The message.</param>
    /// <param name="properties">May not lie in the message's own slot.</param>
    public MessageRef ReplaceProperties(MessageRef message, ReadOnlySpan<byte> properties)
    {
        var content = Read(message);
        content.Large?.Retain();
        var stored = Store(new MessageContent
        {
            Exchange = content.Exchange,
            RoutingKey = content.RoutingKey,
            Properties = properties,
            Body = content.Body,
            Large = content.Large,
            Flags = content.Flags,
        });
        Release(message);
        return stored;
    }

    /// <summary>A message's parts. The caller holds a reference.</summary>
    public MessageContent Read(MessageRef message)
    {
        ReadOnlySpan<byte> slot = _slabs[message.Slab].AsSpan(message.Offset);
        ref readonly var header = ref MemoryMarshal.AsRef<SlotHeader>(slot);
        Debug.Assert(header.References > 0, "The message was given back.");
        var data = slot[HeaderOctets..];
        int properties = header.ExchangeOctets + header.KeyOctets;
        return new MessageContent
        {
            Exchange = data[..header.ExchangeOctets],
            RoutingKey = data.Slice(header.ExchangeOctets, header.KeyOctets),
            Properties = data.Slice(properties, header.PropertyOctets),
            Body = data.Slice(properties + header.PropertyOctets, header.BodyOctets),
            Large = (header.Flags & MessageFlags.Large) == 0 ? null : _large[header.Large],
            Flags = header.Flags,
        };
    }

    /// <summary>What is known of a message. The caller holds a reference.</summary>
    public MessageFlags FlagsOf(MessageRef message) => Header(_slabs[message.Slab].AsSpan(message.Offset)).Flags;

    /// <summary>Octets of a message's body, wherever it lies. The caller holds a reference.</summary>
    public long BodyOctetsOf(MessageRef message)
    {
        if (!message.IsInMemory)
        {
            return message.PagedOctets;
        }

        ref var header = ref Header(_slabs[message.Slab].AsSpan(message.Offset));
        return (header.Flags & MessageFlags.Large) == 0 ? header.BodyOctets : _large[header.Large]!.Octets;
    }

    /// <summary>Adds <paramref name="count"/> references to one that the caller holds.</summary>
    public void Retain(MessageRef message, int count = 1) =>
        Interlocked.Add(ref Header(_slabs[message.Slab].AsSpan(message.Offset)).References, count);

    /// <summary>Gives one reference back; the last frees the slot. What is paged out has one reference, its queue's.</summary>
    public void Release(MessageRef message)
    {
        if (!message.IsInMemory)
        {
            Paging?.Forget(message);
            return;
        }

        var slot = _slabs[message.Slab].AsSpan(message.Offset);
        ref var header = ref Header(slot);

        // Who holds the only reference needs no bus-locked instruction: nobody else can add one.
        if (Volatile.Read(ref header.References) != 1 && Interlocked.Decrement(ref header.References) > 0)
        {
            return;
        }

        header.References = 0;
        if ((header.Flags & MessageFlags.Large) != 0)
        {
            DropLarge(header.Large);
        }

        if (header.SizeClass == SlotSizes.OwnSlab)
        {
            RemoveOwnSlab(message);
        }
        else
        {
            Cache().Give(header.SizeClass, message);
        }
    }

    /// <summary>Counts memory of a queue's or a channel's list; negative when it is given back.</summary>
    public void CountListOctets(long octets) => Interlocked.Add(ref _listOctets, octets);

    /// <summary>Tells what this thread has taken and given back.</summary>
    public void TellThread()
    {
        if (t_cache is { } cache && cache.Arena == this)
        {
            cache.Tell();
        }
    }

    /// <summary>Counts memory that messages use beside slots; negative when it is given back.</summary>
    public void CountOctets(long octets) => Interlocked.Add(ref _inUseOctets, octets);

    /// <summary>
    /// Gives slabs back to the runtime in which nothing is used. Walks all free slots: not for a busy moment. Slots that threads keep at
    /// hand hold their slabs.
    /// </summary>
    /// <returns>Octets given back.</returns>
    public long Trim()
    {
        long freed = 0;
        for (int sizeClass = 0; sizeClass < _shared.Length; sizeClass++)
        {
            freed += Trim(sizeClass);
        }

        return freed;
    }

    private long Trim(int sizeClass)
    {
        var shared = _shared[sizeClass];
        (ulong Head, int Count)[] chains;
        int freshSlab;
        lock (shared.Gate)
        {
            chains = [.. shared.Chains];
            shared.Chains.Clear();
            freshSlab = shared.FreshEnd > 0 ? shared.FreshSlab : -1;
        }

        if (chains.Length == 0)
        {
            return 0;
        }

        int size = SlotSizes.OctetsOf(sizeClass);
        var slotsFree = new Dictionary<int, int>();
        foreach (var (head, _) in chains)
        {
            for (ulong at = head; at != 0; at = NextFree(at))
            {
                CollectionsMarshal.GetValueRefOrAddDefault(slotsFree, new MessageRef(at).Slab, out _)++;
            }
        }

        var empty = new HashSet<int>();
        foreach (var (slab, count) in slotsFree)
        {
            if (slab != freshSlab && count == _slabs[slab]!.Length / size)
            {
                empty.Add(slab);
            }
        }

        var kept = new List<(ulong Head, int Count)>();
        foreach (var chain in chains)
        {
            var rest = empty.Count == 0 ? chain : Without(chain.Head, empty);
            if (rest.Count > 0)
            {
                kept.Add(rest);
            }
        }

        lock (shared.Gate)
        {
            foreach (var chain in kept)
            {
                shared.Chains.Push(chain);
            }
        }

        return RemoveSlabs(empty);
    }

    private long RemoveSlabs(HashSet<int> slabs)
    {
        long freed = 0;
        lock (_gate)
        {
            foreach (int slab in slabs)
            {
                freed += _slabs[slab]!.Length;
                _slabs[slab] = null;
                _freeSlabNumbers.Push(slab);
            }

            ReservedOctets -= freed;
        }

        return freed;
    }

    private (ulong Head, int Count) Without(ulong head, HashSet<int> slabs)
    {
        ulong kept = 0;
        int count = 0;
        for (ulong at = head; at != 0;)
        {
            ulong next = NextFree(at);
            if (!slabs.Contains(new MessageRef(at).Slab))
            {
                MemoryMarshal.Write(_slabs[new MessageRef(at).Slab].AsSpan(new MessageRef(at).Offset), in kept);
                kept = at;
                count++;
            }

            at = next;
        }

        return (kept, count);
    }

    private ulong NextFree(ulong slot)
    {
        var message = new MessageRef(slot);
        return MemoryMarshal.Read<ulong>(_slabs[message.Slab].AsSpan(message.Offset));
    }

    /// <summary>Gives all memory up; nothing of the arena is used afterwards.</summary>
    public void Drop()
    {
        IsDropped = true;
        lock (_gate)
        {
            _slabs = [];
            _large = [];
        }
    }

    private static ref SlotHeader Header(Span<byte> slot) => ref MemoryMarshal.AsRef<SlotHeader>(slot);

    private SlotCache Cache()
    {
        var cache = t_cache;
        return cache is not null && cache.Arena == this ? cache : SwitchCache();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private SlotCache SwitchCache()
    {
        t_cache?.ReturnAll();
        return t_cache = new SlotCache(this);
    }

    private int KeepLarge(LargeBody large)
    {
        lock (_gate)
        {
            if (!_freeLarge.TryPop(out int number))
            {
                number = _largeCount++;
                if (number == _large.Length)
                {
                    // Readers go on with the old table: what they look for stands there, too.
                    var larger = new LargeBody?[number * 2];
                    _large.CopyTo(larger, 0);
                    Volatile.Write(ref _large, larger);
                }
            }

            _large[number] = large;
            return number;
        }
    }

    private void DropLarge(int number)
    {
        LargeBody large;
        lock (_gate)
        {
            large = _large[number]!;
            _large[number] = null;
            _freeLarge.Push(number);
        }

        large.Release();
    }

    private int AddSlab(byte[] slab)
    {
        lock (_gate)
        {
            ReservedOctets += slab.Length;
            if (_freeSlabNumbers.TryPop(out int number))
            {
                _slabs[number] = slab;
                return number;
            }

            if (_slabCount == _slabs.Length)
            {
                // Readers go on with the old table: its entries never move.
                var larger = new byte[_slabs.Length * 2][];
                _slabs.CopyTo(larger, 0);
                Volatile.Write(ref _slabs, larger!);
            }

            _slabs[_slabCount] = slab;
            return _slabCount++;
        }
    }

    private MessageRef AddOwnSlab(int octets)
    {
        CountOctets(octets);
        return new MessageRef(AddSlab(GC.AllocateUninitializedArray<byte>(octets)), 0);
    }

    private void RemoveOwnSlab(MessageRef message)
    {
        lock (_gate)
        {
            CountOctets(-_slabs[message.Slab]!.Length);
            ReservedOctets -= _slabs[message.Slab]!.Length;
            _slabs[message.Slab] = null;
            _freeSlabNumbers.Push(message.Slab);
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct SlotHeader
    {
        public int References;
        public int PropertyOctets;
        public int BodyOctets;
        public byte ExchangeOctets;
        public byte KeyOctets;
        public byte SizeClass;
        public MessageFlags Flags;
        public int Large;
        public int Unused;
    }

    /// <summary>Free slots of one size that any thread may take: chains, and the untouched rest of the newest slab.</summary>
    private sealed class SharedSlots
    {
        public readonly Lock Gate = new();
        public readonly Stack<(ulong Head, int Count)> Chains = new();
        public int FreshSlab;
        public int FreshOffset;
        public int FreshEnd;
    }

    /// <summary>A thread's own free slots: a chain a size.</summary>
    private sealed class SlotCache(MessageArena arena)
    {
        /// <summary>Octets that a thread exchanges with the shared lists at once, and slots at most.</summary>
        private const int ExchangeOctets = 64 * 1024;
        private const int ExchangeSlots = 256;

        private readonly ulong[] _heads = new ulong[SlotSizes.Count];
        private readonly int[] _counts = new int[SlotSizes.Count];

        // A full chain put aside, so that a thread which takes and gives in turn does not go to the shared lists each time.
        private readonly (ulong Head, int Count)[] _aside = new (ulong, int)[SlotSizes.Count];

        /// <summary>Octets taken or given back that a thread keeps to itself at most.</summary>
        public const int ToldOctets = 64 * 1024;

        private long _untoldOctets;

        /// <summary>The thread is gone: others may have its slots.</summary>
        ~SlotCache() => ReturnAll();

        public MessageArena Arena => arena;

        public MessageRef Take(byte sizeClass)
        {
            ulong head = _heads[sizeClass];
            if (head == 0)
            {
                head = Refill(sizeClass);
            }

            var message = new MessageRef(head);
            _heads[sizeClass] = MemoryMarshal.Read<ulong>(arena._slabs[message.Slab].AsSpan(message.Offset));
            _counts[sizeClass]--;
            Count(SlotSizes.OctetsOf(sizeClass));
            return message;
        }

        public void Give(byte sizeClass, MessageRef message)
        {
            MemoryMarshal.Write(arena._slabs[message.Slab].AsSpan(message.Offset), in _heads[sizeClass]);
            _heads[sizeClass] = message.Value;
            Count(-SlotSizes.OctetsOf(sizeClass));
            if (++_counts[sizeClass] >= Batch(sizeClass))
            {
                PutAside(sizeClass);
            }
        }

        public void Tell()
        {
            if (_untoldOctets != 0)
            {
                arena.CountOctets(_untoldOctets);
                _untoldOctets = 0;
            }
        }

        public void ReturnAll()
        {
            for (int sizeClass = 0; sizeClass < _heads.Length; sizeClass++)
            {
                PutAside((byte)sizeClass);
                PutAside((byte)sizeClass);
            }

            Tell();
        }

        private void Count(int octets)
        {
            _untoldOctets += octets;
            if (Math.Abs(_untoldOctets) >= ToldOctets)
            {
                Tell();
            }
        }

        private static int Batch(int sizeClass) => Math.Clamp(ExchangeOctets / SlotSizes.OctetsOf(sizeClass), 1, ExchangeSlots);

        private void PutAside(byte sizeClass)
        {
            var older = _aside[sizeClass];
            _aside[sizeClass] = (_heads[sizeClass], _counts[sizeClass]);
            _heads[sizeClass] = 0;
            _counts[sizeClass] = 0;
            if (older.Count == 0)
            {
                return;
            }

            var shared = arena._shared[sizeClass];
            lock (shared.Gate)
            {
                shared.Chains.Push(older);
            }
        }

        private ulong Refill(byte sizeClass)
        {
            var aside = _aside[sizeClass];
            _aside[sizeClass] = default;
            if (aside.Count == 0)
            {
                aside = TakeShared(sizeClass);
            }

            _counts[sizeClass] = aside.Count;
            return aside.Head;
        }

        private (ulong Head, int Count) TakeShared(byte sizeClass)
        {
            var shared = arena._shared[sizeClass];
            int size = SlotSizes.OctetsOf(sizeClass);
            int slab;
            int start;
            int count;
            lock (shared.Gate)
            {
                if (shared.Chains.TryPop(out var chain))
                {
                    return chain;
                }

                if (shared.FreshEnd - shared.FreshOffset < size)
                {
                    var array = GC.AllocateUninitializedArray<byte>(size > SlabOctets / 16 ? LargeSlabOctets : SlabOctets, pinned: true);
                    shared.FreshSlab = arena.AddSlab(array);
                    shared.FreshOffset = 0;
                    shared.FreshEnd = array.Length;
                }

                slab = shared.FreshSlab;
                start = shared.FreshOffset;
                count = Math.Min(Batch(sizeClass), (shared.FreshEnd - start) / size);
                shared.FreshOffset += count * size;
            }

            ulong next = 0;
            for (int index = count - 1; index >= 0; index--)
            {
                var message = new MessageRef(slab, start + (index * size));
                MemoryMarshal.Write(arena._slabs[slab].AsSpan(message.Offset), in next);
                next = message.Value;
            }

            return (next, count);
        }
    }
}
