using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace AmqpToolkit.Broker.Access;

/// <summary>
/// How many logins may still fail from an address: a number that is given back evenly within a minute. The table is bounded by two generations: when the younger is full the
/// older is forgotten, so that a flood of addresses costs no search. Any thread.
/// </summary>
internal sealed class LoginThrottle(TimeProvider time, int? failuresPerMinute)
{
    /// <summary>Addresses of a generation.</summary>
    public const int GenerationAddresses = 8192;

    private readonly Lock _gate = new();
    private readonly long _startedAt = time.GetTimestamp();
    private Dictionary<UInt128, Allowance> _younger = [];
    private Dictionary<UInt128, Allowance> _older = [];

    /// <summary>Addresses that are known.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _younger.Count + _older.Count;
            }
        }
    }

    /// <summary>Whether an address may try, and, if it does, that it has: which counts as failed unless <see cref="Succeed"/> follows.</summary>
    /// <param name="address">From where.</param>
    /// <param name="begins">Whether the attempt is made now; else it is only asked for.</param>
    /// <param name="isFirstRefusal">Whether the address is refused for the first time since it was let through.</param>
    /// <returns>False when too many have failed.</returns>
    public bool MayTry(IPAddress address, bool begins, out bool isFirstRefusal)
    {
        isFirstRefusal = false;
        if (failuresPerMinute is not { } most)
        {
            return true;
        }

        double seconds = time.GetElapsedTime(_startedAt).TotalSeconds;
        lock (_gate)
        {
            ref var allowance = ref Find(KeyOf(address), most, seconds);
            allowance.Left = Math.Min(most, allowance.Left + ((seconds - allowance.Seconds) * most / 60));
            allowance.Seconds = seconds;
            if (allowance.Left >= 1)
            {
                allowance.Left -= begins ? 1 : 0;
                allowance.IsRefused = false;
                return true;
            }

            isFirstRefusal = !allowance.IsRefused;
            allowance.IsRefused = true;
            return false;
        }
    }

    /// <summary>The attempt was none that failed.</summary>
    public void Succeed(IPAddress address)
    {
        if (failuresPerMinute is not { } most)
        {
            return;
        }

        lock (_gate)
        {
            ref var allowance = ref CollectionsMarshal.GetValueRefOrNullRef(_younger, KeyOf(address));
            if (!System.Runtime.CompilerServices.Unsafe.IsNullRef(ref allowance))
            {
                allowance.Left = Math.Min(most, allowance.Left + 1);
            }
        }
    }

    private ref Allowance Find(UInt128 key, int most, double seconds)
    {
        if (!_younger.ContainsKey(key) && _younger.Count == GenerationAddresses)
        {
            (_older, _younger) = (_younger, _older);
            _younger.Clear();
        }

        ref var allowance = ref CollectionsMarshal.GetValueRefOrAddDefault(_younger, key, out bool isKnown);
        if (!isKnown)
        {
            allowance = _older.Remove(key, out var earlier) ? earlier : new Allowance { Left = most, Seconds = seconds };
        }

        return ref allowance;
    }

    /// <summary>Whoever has an address of IPv6 has the 64 bits behind its network's.</summary>
    private static UInt128 KeyOf(IPAddress address)
    {
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        Span<byte> octets = stackalloc byte[16];
        octets.Clear();
        address.TryWriteBytes(octets, out _);
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            octets[8..].Clear();

            // No network of IPv6 looks like an address of IPv4.
            octets[15] = 6;
        }

        return MemoryMarshal.Read<UInt128>(octets);
    }

    private struct Allowance
    {
        public double Left;
        public double Seconds;
        public bool IsRefused;
    }
}
