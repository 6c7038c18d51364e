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
internal sealed partial class MessageArena
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
}
