using System.Runtime.InteropServices;

namespace AmqpToolkit.Broker.Messages;

/// <content>Free slots: those of all, and those that a thread has at hand.</content>
internal sealed partial class MessageArena
{
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
