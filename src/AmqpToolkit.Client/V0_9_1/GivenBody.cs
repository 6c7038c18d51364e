using System.Buffers;
using System.Runtime.InteropServices;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>
/// A body that was given away with its memory: large parts are sent from where they lie. The memory is disposed of once, when the last part was sent or
/// dropped, by a thread of the pool: disposing is the application's code.
/// </summary>
internal sealed class GivenBody(IMemoryOwner<byte> owner) : ISharedOctets, IThreadPoolWorkItem
{
    /// <summary>Parts from here on are not copied.</summary>
    public const int SharedOctets = 16 * 1024;

    /// <summary>One for the publish, and one for each part in the output.</summary>
    private int _references = 1;

    public ReadOnlyMemory<byte> Memory => owner.Memory;

    /// <summary>A part as the output takes it; false where it is to be copied.</summary>
    public bool TryShare(int start, int octets, out ArraySegment<byte> part)
    {
        if (octets < SharedOctets || !MemoryMarshal.TryGetArray(Memory.Slice(start, octets), out part))
        {
            part = default;
            return false;
        }

        Share();
        return true;
    }

    /// <summary>One more holds it.</summary>
    public void Share() => Interlocked.Increment(ref _references);

    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute() => owner.Dispose();
}
