using System.Net;
using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Timers;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Broker.Diagnostics;

/// <summary>
/// How much is logged of clients that do not come in: anybody can make any number of them, and a disk that a stranger can fill is a broker that a stranger can stop. So many lines a minute of an address
/// and of all are written; of the others, at the end of the minute, the number. A user who has logged in and is let into no virtual host has lines of its own from each address, which a stranger
/// from there does not use up. Any thread.
/// </summary>
internal sealed class StrangerLog(TimerWheel timers, ILogger logger) : IDeadline
{
    /// <summary>Lines a minute of an address, and of a user from there: of IPv6, of a network of 64 bits.</summary>
    public const int LinesOfAddress = 20;

    /// <summary>Lines a minute of all addresses; more addresses are not remembered either.</summary>
    public const int Lines = 1000;

    private const long MinuteMilliseconds = 60_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<Source, (EndPoint Client, int Lines)> _sources = [];
    private long _endsAt;
    private int _told;
    private int _untold;

    /// <summary>Whether a line about a client may be written; when not it is counted.</summary>
    /// <param name="client">From where it comes; null for one in this process, of whom all is told.</param>
    /// <param name="user">Who has logged in; null for nobody.</param>
    public bool MayTell(EndPoint? client, string? user = null) =>
        client is not IPEndPoint { Address: { } address } || MayTell(new Source(LoginThrottle.KeyOf(address), user, 0), client);

    /// <summary>Whether a line may be written about clients that could not be accepted: as many of each endpoint, however many lines strangers have, who may be the reason.</summary>
    public bool MayTellOfAccepting(EndPoint listener) =>
        listener is not IPEndPoint { Address: { } address, Port: var port } || MayTell(new Source(LoginThrottle.KeyOf(address), null, port), listener);

    private bool MayTell(Source source, EndPoint client)
    {
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

            mayTell = Take(source, client);
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

    private bool Take(Source source, EndPoint client)
    {
        bool isFull = _told >= Lines && source.ListenerPort == 0;
        if (!_sources.TryGetValue(source, out var known) && isFull)
        {
            return false;
        }

        _sources[source] = (client, known.Lines + 1);
        if (known.Lines >= LinesOfAddress || isFull)
        {
            return false;
        }

        _told += source.ListenerPort == 0 ? 1 : 0;
        return true;
    }

    private Sum Take()
    {
        var sum = new Sum(_untold, null, 0);
        if (_untold > 0)
        {
            var (source, (client, lines)) = _sources.MaxBy(static known => known.Value.Lines);
            sum = new Sum(_untold, source.TextOf(client), lines);
        }

        _sources.Clear();
        (_told, _untold, _endsAt) = (0, 0, 0);
        return sum;
    }

    private void Tell(in Sum sum)
    {
        if (sum.Source is not null)
        {
            Log.StrangersUntold(logger, sum.Untold, sum.Source, sum.Lines);
        }
    }

    /// <summary>What has lines of its own.</summary>
    /// <param name="Network">An address, or a network.</param>
    /// <param name="User">Who has logged in from there; null for strangers.</param>
    /// <param name="ListenerPort">0, unless the address is the broker's own.</param>
    private readonly record struct Source(UInt128 Network, string? User, int ListenerPort)
    {
        public string TextOf(EndPoint client) => ListenerPort != 0 ? $"those for {client}" : User is null ? $"{((IPEndPoint)client).Address}" : $"{((IPEndPoint)client).Address} as user '{User}'";
    }

    /// <summary>What a minute has left out.</summary>
    /// <param name="Untold">Lines.</param>
    /// <param name="Source">Of what there would have been most.</param>
    /// <param name="Lines">How many those would have been, with those that were written.</param>
    private readonly record struct Sum(int Untold, string? Source, int Lines);
}
