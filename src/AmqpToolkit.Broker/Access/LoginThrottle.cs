using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace AmqpToolkit.Broker.Access;

/// <summary>
/// How many logins may still fail from an address, for one user and for all: numbers that are given back evenly within a minute. The table is bounded by two generations: when the younger is full the
/// older is forgotten, so that a flood of addresses costs no search. Any thread.
/// </summary>
internal sealed class LoginThrottle(TimeProvider time, int? failuresPerMinute)
{
    /// <summary>Addresses, and users from an address, of a generation.</summary>
    public const int GenerationAddresses = 8192;

    /// <summary>The part of the allowance that has to be back before another refusal is told as the first: else a steady attack is told several times a second.</summary>
    private const double CalmPart = 0.1;

    /// <summary>An address may fail for so many users: behind a gateway one with an old password is not to keep the others out.</summary>
    public const int Users = 20;

    private readonly Lock _gate = new();
    private readonly long _startedAt = time.GetTimestamp();
    private Dictionary<(UInt128 Address, int Name), Allowance> _younger = [];
    private Dictionary<(UInt128 Address, int Name), Allowance> _older = [];

    /// <summary>What is known.</summary>
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
    /// <param name="userName">As whom.</param>
    /// <param name="begins">Whether the attempt is made now; else it is only asked for.</param>
    /// <param name="isFirstRefusal">Whether this is refused for the first time since a tenth of the allowance was there.</param>
    /// <returns>False when too many have failed.</returns>
    public bool MayTry(IPAddress address, string userName, bool begins, out bool isFirstRefusal)
    {
        isFirstRefusal = false;
        if (failuresPerMinute is not { } most)
        {
            return true;
        }

        double seconds = time.GetElapsedTime(_startedAt).TotalSeconds;
        var (all, one) = KeysOf(address, userName);
        lock (_gate)
        {
            var ofOne = Refill(one, most, seconds);
            var ofAll = Refill(all, (double)most * Users, seconds);
            bool mayTry = ofOne.Left >= 1 && ofAll.Left >= 1;
            isFirstRefusal = !mayTry && !ofOne.IsRefused && !ofAll.IsRefused;
            int taken = mayTry && begins ? 1 : 0;
            _younger[one] = ofOne with { Left = ofOne.Left - taken, IsRefused = ofOne.Left < 1 || (ofOne.IsRefused && ofOne.Left < most * CalmPart) };
            _younger[all] = ofAll with { Left = ofAll.Left - taken, IsRefused = ofAll.Left < 1 || (ofAll.IsRefused && ofAll.Left < most * Users * CalmPart) };
            return mayTry;
        }
    }

    /// <summary>The attempt was none that failed.</summary>
    public void Succeed(IPAddress address, string userName)
    {
        if (failuresPerMinute is not { } most)
        {
            return;
        }

        var (all, one) = KeysOf(address, userName);
        lock (_gate)
        {
            GiveBack(one, most);
            GiveBack(all, (double)most * Users);
        }
    }

    private void GiveBack((UInt128 Address, int Name) key, double most)
    {
        if (_younger.TryGetValue(key, out var allowance))
        {
            _younger[key] = allowance with { Left = Math.Min(most, allowance.Left + 1) };
        }
    }

    /// <summary>What is left now; it is put among the younger by the caller.</summary>
    private Allowance Refill((UInt128 Address, int Name) key, double most, double seconds)
    {
        if (!_younger.TryGetValue(key, out var allowance))
        {
            if (!_older.Remove(key, out allowance))
            {
                allowance = new Allowance(most, seconds, IsRefused: false);
            }

            if (_younger.Count >= GenerationAddresses)
            {
                (_older, _younger) = (_younger, _older);
                _younger.Clear();
            }
        }

        return allowance with { Left = Math.Min(most, allowance.Left + ((seconds - allowance.Seconds) * most / 60)), Seconds = seconds };
    }

    private static ((UInt128 Address, int Name) All, (UInt128 Address, int Name) One) KeysOf(IPAddress address, string userName)
    {
        var key = KeyOf(address);
        return ((key, 0), (key, userName.GetHashCode(StringComparison.Ordinal) | 1));
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

    private readonly record struct Allowance(double Left, double Seconds, bool IsRefused);
}
