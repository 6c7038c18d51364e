using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace AmqpToolkit.Broker.Access;

/// <summary>
/// How many logins may still fail from an address, for one user and for all: numbers that are given back evenly within a minute. Each of the two tables is bounded by two generations: when the younger is full the
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
    private readonly Table<UInt128> _addresses = new();
    private readonly Table<(UInt128 Address, int Name)> _names = new();

    /// <summary>Questions that were as dear as a guess.</summary>
    private readonly Table<UInt128> _questions = new();

    /// <summary>What is known.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _addresses.Count + _names.Count + _questions.Count;
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
            var ofOne = _names.Find(one, most, seconds);
            var ofAll = _addresses.Find(all, (double)most * Users, seconds);
            bool mayTry = ofOne.Left >= 1 && ofAll.Left >= 1;
            isFirstRefusal = !mayTry && !ofOne.IsRefused && !ofAll.IsRefused;
            if (!mayTry || begins)
            {
                // Nothing is noted for a question alone, and no name for an address that is refused as a whole: else whoever asks as enough users would have everything forgotten.
                int taken = mayTry ? 1 : 0;
                _addresses.Put(all, Judge(ofAll, taken, (double)most * Users));
                if (ofAll.Left >= 1)
                {
                    _names.Put(one, Judge(ofOne, taken, most));
                }
            }

            return mayTry;
        }
    }

    /// <summary>Whether an address may ask what costs as much as a guess, and that it does: as many as may fail for one user, and those that lead to a login are given back.</summary>
    public bool MayAsk(IPAddress address)
    {
        if (failuresPerMinute is not { } most)
        {
            return true;
        }

        double seconds = time.GetElapsedTime(_startedAt).TotalSeconds;
        var key = KeyOf(address);
        lock (_gate)
        {
            var known = _questions.Find(key, most, seconds);
            bool mayAsk = known.Left >= 1;
            _questions.Put(key, Judge(known, mayAsk ? 1 : 0, most));
            return mayAsk;
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
            _names.GiveBack(one, most);
            _questions.GiveBack(all, most);
            _addresses.GiveBack(all, (double)most * Users);
        }
    }

    private static Allowance Judge(Allowance allowance, int taken, double most) =>
        allowance with { Left = allowance.Left - taken, IsRefused = allowance.Left < 1 || (allowance.IsRefused && allowance.Left < most * CalmPart) };

    private static (UInt128 All, (UInt128 Address, int Name) One) KeysOf(IPAddress address, string userName)
    {
        var key = KeyOf(address);
        return (key, (key, userName.GetHashCode(StringComparison.Ordinal)));
    }

    /// <summary>Whoever has an address of IPv6 has the 64 bits behind its network's.</summary>
    internal static UInt128 KeyOf(IPAddress address)
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

    /// <summary>Two generations. Under the throttle's lock.</summary>
    private sealed class Table<TKey>
        where TKey : notnull
    {
        private Dictionary<TKey, Allowance> _younger = [];
        private Dictionary<TKey, Allowance> _older = [];

        public int Count => _younger.Count + _older.Count;

        /// <summary>What is left now; all of it where nothing is known.</summary>
        public Allowance Find(TKey key, double most, double seconds) => _younger.TryGetValue(key, out var known) || _older.TryGetValue(key, out known)
            ? known with { Left = Math.Min(most, known.Left + ((seconds - known.Seconds) * most / 60)), Seconds = seconds }
            : new Allowance(most, seconds, IsRefused: false);

        public void Put(TKey key, Allowance allowance)
        {
            if (!_younger.ContainsKey(key))
            {
                _older.Remove(key);
                if (_younger.Count >= GenerationAddresses)
                {
                    (_older, _younger) = (_younger, _older);
                    _younger.Clear();
                }
            }

            _younger[key] = allowance;
        }

        public void GiveBack(TKey key, double most)
        {
            if (_younger.TryGetValue(key, out var known) || _older.TryGetValue(key, out known))
            {
                Put(key, known with { Left = Math.Min(most, known.Left + 1) });
            }
        }
    }
}
