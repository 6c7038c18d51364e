using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using AmqpToolkit.Broker.Connections;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Timers;

namespace AmqpToolkit.Broker.Tls;

/// <summary>
/// The clients of a broker's ports with TLS that are not connections yet, and the certificates that they are shown. Handshakes run beside the accept loops, some of them at a time; of clients that are on their way in there is
/// a bound, past which one of the address that has most goes, that which has been longest. One a broker; any thread.
/// </summary>
internal sealed class TlsDoor : BackgroundWork, IDeadline
{
    /// <summary>A certificate that ends within these days is spoken of each day: who is to see to it has weekends.</summary>
    private const int DaysBefore = 14;

    private const long DayMilliseconds = 24 * 60 * 60 * 1000;

    /// <summary>Octets of a client's handshake: a ClientHello with the largest keys that there are has some 3 KiB.</summary>
    private const int MaxOctets = 32 * 1024;

    /// <summary>The same with certificates of the client, of which OpenSSL takes 100 KiB.</summary>
    private const int MaxOctetsWithCertificates = 160 * 1024;

    private readonly AmqpBroker _broker;
    private readonly AmqpTlsOptions _options;
    private readonly Lock _gate = new();
    private readonly Lock _loading = new();
    private readonly Dictionary<UInt128, LinkedList<PendingClient>> _pending = [];
    private int _pendingCount;
    private long _admitted;
    private volatile TlsCertificates _certificates;
    private byte[] _seen;
    private long _tellAt;
    private TaskCompletionSource? _empty;
    private int _runningCount;
    private bool _isCrowded;
    private bool _isClosed;

    /// <summary>Reads the certificates.</summary>
    /// <exception cref="TlsCertificateException">They cannot be used.</exception>
    public TlsDoor(AmqpBroker broker, AmqpTlsOptions options)
        : base(broker.Timers)
    {
        _broker = broker;
        _options = options;
        Turns = new HandshakeTurns(Math.Max(1, Environment.ProcessorCount / 2), options.ClientCertificates == ClientCertificates.None ? MaxOctets : MaxOctetsWithCertificates);
        _seen = LookAtFiles();
        _certificates = TlsCertificates.Load(options);
        TellNotInTime();
        broker.Timers.Schedule(this, broker.Timers.Now + (long)options.ReloadInterval.TotalMilliseconds);
    }

    /// <summary>Whether nobody comes in without a certificate.</summary>
    public bool Requires => _options.ClientCertificates == ClientCertificates.Require;

    /// <summary>How many clients are on their way in.</summary>
    public int PendingCount
    {
        get
        {
            lock (_gate)
            {
                return _pendingCount;
            }
        }
    }

    /// <summary>Half of the processors reckon with handshakes at most.</summary>
    public HandshakeTurns Turns { get; }

    /// <summary>Takes over an accepted socket.</summary>
    public void Admit(Socket socket, ConnectionProfile profile, bool maySpeakPlainly)
    {
        PendingClient? oldest = null;
        bool isFirst = false;
        if (PendingClient.Create(_broker, this, socket, profile, maySpeakPlainly) is not { } client)
        {
            return;
        }

        lock (_gate)
        {
            if (_isClosed)
            {
                socket.Dispose();
                return;
            }

            if (_pendingCount >= _options.MaxHandshakes)
            {
                oldest = OldestOfMost();
                Leave(oldest);
                isFirst = !_isCrowded;
                _isCrowded = true;
            }

            client.Number = _admitted++;
            if (!_pending.TryGetValue(client.Address, out var list))
            {
                _pending.Add(client.Address, list = new LinkedList<PendingClient>());
            }

            list.AddLast(client.Node);
            _pendingCount++;
            _runningCount++;
        }

        oldest?.Cut(reason: null);
        if (isFirst)
        {
            Log.HandshakesCrowded(_broker.Logger, _options.MaxHandshakes);
        }

        client.Begin();
    }

    /// <summary>A client has shaken hands, and is cut for no other any more.</summary>
    /// <returns>False when it was.</returns>
    public bool TryLeave(PendingClient client)
    {
        lock (_gate)
        {
            if (client.Node.List is null)
            {
                return false;
            }

            Leave(client);
            return true;
        }
    }

    /// <summary>Who goes when there is no room: so a crowd from one address costs its own, and not those who come from elsewhere. Under the gate; it is not asked for before there are as many as may be.</summary>
    private PendingClient OldestOfMost()
    {
        LinkedList<PendingClient>? most = null;
        foreach (var list in _pending.Values)
        {
            if (most is null || list.Count > most.Count || (list.Count == most.Count && list.First!.Value.Number < most.First!.Value.Number))
            {
                most = list;
            }
        }

        return most!.First!.Value;
    }

    /// <summary>Under the gate.</summary>
    private void Leave(PendingClient client)
    {
        var list = _pending[client.Address];
        list.Remove(client.Node);
        _pendingCount--;
        if (list.Count == 0)
        {
            _pending.Remove(client.Address);
        }
    }

    /// <summary>A client is a connection now, or gone.</summary>
    public void Remove(PendingClient client)
    {
        lock (_gate)
        {
            if (client.Node.List is not null)
            {
                Leave(client);
            }

            _isCrowded &= _pendingCount > _options.MaxHandshakes / 2;
            if (--_runningCount == 0)
            {
                _empty?.TrySetResult();
            }
        }
    }

    /// <summary>Cuts all who are on their way in, and waits for them.</summary>
    public Task CloseAsync()
    {
        PendingClient[] left;
        Task empty;
        lock (_gate)
        {
            _isClosed = true;
            left = [.. _pending.Values.SelectMany(list => list)];
            _empty ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_runningCount == 0)
            {
                _empty.TrySetResult();
            }

            empty = _empty.Task;
        }

        foreach (var client in left)
        {
            client.Cut(reason: null);
        }

        return empty;
    }

    /// <summary>What a handshake is done with; the newest certificates.</summary>
    public SslServerAuthenticationOptions HandshakeFor(string hostName, RemoteCertificateValidationCallback validate) => _certificates.HandshakeFor(hostName, validate);

    /// <inheritdoc/>
    public long HandleDeadline(long now)
    {
        StartByTimer();
        return now + (long)_options.ReloadInterval.TotalMilliseconds;
    }

    /// <summary>Reads the files again if there is something else in them; what cannot be used leaves what was before.</summary>
    public void Reload()
    {
        lock (_loading)
        {
            byte[] found = LookAtFiles();
            if (found.AsSpan().SequenceEqual(_seen))
            {
                if (_broker.Timers.Now >= _tellAt)
                {
                    TellNotInTime();
                }

                return;
            }

            _seen = found;
            try
            {
                _certificates = TlsCertificates.Load(_options);
                Log.CertificatesReloaded(_broker.Logger);
                TellNotInTime();
            }
#pragma warning disable CA1031 // Asked for by a signal or a timer: whatever is wrong with the files, the broker goes on with those it has.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Log.CertificatesUnusable(_broker.Logger, exception.Message);
            }
        }
    }

    /// <inheritdoc/>
    protected override void DoSlice() => Reload();

    /// <summary>What clients will say of the certificates: they go by the time of the world, whatever the broker's clock is.</summary>
    private void TellNotInTime()
    {
        _tellAt = _broker.Timers.Now + DayMilliseconds;
        var now = TimeProvider.System.GetUtcNow();
        foreach (var (subject, from, to) in _certificates.NotInTime(now, now.AddDays(DaysBefore)))
        {
            if (from <= now && now <= to)
            {
                Log.CertificateEnds(_broker.Logger, subject, to);
            }
            else
            {
                Log.CertificateNotInTime(_broker.Logger, subject, from, to);
            }
        }
    }

    /// <summary>A hash of all files: times tell nothing where a link is turned to another folder.</summary>
    private byte[] LookAtFiles()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in TlsCertificates.FilesOf(_options))
        {
            try
            {
                byte[] octets = File.ReadAllBytes(file);
                hash.AppendData(SHA256.HashData(octets));
                CryptographicOperations.ZeroMemory(octets);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                hash.AppendData([0]);
            }
        }

        return hash.GetHashAndReset();
    }
}
