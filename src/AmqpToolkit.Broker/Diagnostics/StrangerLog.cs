using System.Net;
using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Timers;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Broker.Diagnostics;

/// <summary>
/// How much is logged of clients that have not logged in: anybody can make any number of them, and a disk that a stranger can fill is a broker that a stranger can stop. So many lines a minute of an address
/// and of all are written; of the others, at the end of the minute, the number. Any thread.
/// </summary>
internal sealed class StrangerLog(TimerWheel timers, ILogger logger) : IDeadline
{
    /// <summary>Lines a minute of an address: of IPv6, of a network of 64 bits.</summary>
    public const int LinesOfAddress = 20;

    /// <summary>Lines a minute of all addresses; more addresses are not remembered either.</summary>
    public const int Lines = 1000;

    private const long MinuteMilliseconds = 60_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, (IPAddress Address, int Lines)> _addresses = [];
    private long _endsAt;
    private int _told;
    private int _untold;

    /// <summary>Whether a line about a client may be written; when not it is counted.</summary>
    /// <param name="client">From where it comes; null for one in this process, of whom all is told.</param>
    public bool MayTell(EndPoint? client)
    {
        if (client is not IPEndPoint { Address: { } address })
        {
            return true;
        }

        Sum sum = default;
        bool mayTell;
        lock (_gate)
        {
            long now = timers.Now;
            if (now >= _endsAt)
            {
                sum = Take();
                _endsAt = now + MinuteMilliseconds;
            }

            mayTell = MayTell(LoginThrottle.KeyOf(address), address);
            if (!mayTell && _untold++ == 0)
            {
                timers.Schedule(this, _endsAt);
            }
        }

        Tell(sum);
        return mayTell;
    }

    /// <summary>Tells the number of what was not told yet.</summary>
    public void Flush()
    {
        Sum sum;
        lock (_gate)
        {
            sum = Take();
        }

        Tell(sum);
    }

    /// <inheritdoc/>
    public long HandleDeadline(long now)
    {
        Sum sum = default;
        lock (_gate)
        {
            // Who came in between may have begun the next minute, with a deadline of its own.
            if (now >= _endsAt)
            {
                sum = Take();
            }
        }

        Tell(sum);
        return -1;
    }

    private bool MayTell(UInt128 key, IPAddress address)
    {
        if (!_addresses.TryGetValue(key, out var known) && _told >= Lines)
        {
            return false;
        }

        _addresses[key] = (address, known.Lines + 1);
        if (known.Lines >= LinesOfAddress || _told >= Lines)
        {
            return false;
        }

        _told++;
        return true;
    }

    private Sum Take()
    {
        var sum = new Sum(_untold, null, 0);
        if (_untold > 0)
        {
            var (address, lines) = _addresses.Values.MaxBy(static known => known.Lines);
            sum = new Sum(_untold, address, lines);
        }

        _addresses.Clear();
        (_told, _untold, _endsAt) = (0, 0, 0);
        return sum;
    }

    private void Tell(in Sum sum)
    {
        if (sum.Address is not null)
        {
            Log.StrangersUntold(logger, sum.Untold, sum.Address, sum.Lines);
        }
    }

    /// <summary>What a minute has left out.</summary>
    /// <param name="Untold">Lines.</param>
    /// <param name="Address">The address of which there would have been most.</param>
    /// <param name="Lines">How many those would have been, with those that were written.</param>
    private readonly record struct Sum(int Untold, IPAddress? Address, int Lines);
}
