using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using AmqpToolkit.Broker.Connections;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Timers;

namespace AmqpToolkit.Broker.Tls;

/// <summary>
/// The clients of a broker's ports with TLS that are not connections yet, and the certificates that they are shown. Handshakes run beside the accept loops; of clients that are on their way in there is a bound, past
/// which the one that has been longest goes, whatever its address. One a broker; any thread.
/// </summary>
internal sealed class TlsDoor : BackgroundWork, IDeadline
{
    /// <summary>Handshakes that failed and are told one by one within a second; of others their number is.</summary>
    private const int MaxTold = 10;

    private readonly AmqpBroker _broker;
    private readonly AmqpTlsOptions _options;
    private readonly Lock _gate = new();
    private readonly Lock _loading = new();
    private readonly LinkedList<PendingClient> _pending = new();
    private volatile TlsCertificates _certificates;
    private byte[] _seen;
    private long _second;
    private int _failures;
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
        _seen = LookAtFiles();
        _certificates = TlsCertificates.Load(options);
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
                return _pending.Count;
            }
        }
    }

    /// <summary>Takes over an accepted socket.</summary>
    /// <exception cref="SocketException">The client is gone already.</exception>
    public void Admit(Socket socket, ConnectionProfile profile, bool maySpeakPlainly)
    {
        PendingClient? oldest = null;
        bool isFirst = false;
        var client = new PendingClient(_broker, this, socket, profile, maySpeakPlainly);
        lock (_gate)
        {
            if (_isClosed)
            {
                socket.Dispose();
                return;
            }

            if (_pending.Count >= _options.MaxHandshakes)
            {
                oldest = _pending.First!.Value;
                _pending.RemoveFirst();
                isFirst = !_isCrowded;
                _isCrowded = true;
            }

            _pending.AddLast(client.Node);
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

            _pending.Remove(client.Node);
            return true;
        }
    }

    /// <summary>Says that a handshake has failed, unless too many have within this second.</summary>
    public void TellFailure(string client, string reason)
    {
        int untold = 0;
        bool isTold;
        long second = _broker.Timers.Now / 1000;
        lock (_gate)
        {
            if (second != _second)
            {
                untold = Math.Max(0, _failures - MaxTold);
                (_second, _failures) = (second, 0);
            }

            isTold = ++_failures <= MaxTold;
        }

        if (untold > 0)
        {
            Log.HandshakesFailed(_broker.Logger, untold);
        }

        if (isTold)
        {
            Log.ConnectionFailed(_broker.Logger, client, reason);
        }
    }

    /// <summary>A client is a connection now, or gone.</summary>
    public void Remove(PendingClient client)
    {
        lock (_gate)
        {
            if (client.Node.List is not null)
            {
                _pending.Remove(client.Node);
            }

            _isCrowded &= _pending.Count > _options.MaxHandshakes / 2;
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
            left = [.. _pending];
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
                return;
            }

            _seen = found;
            try
            {
                _certificates = TlsCertificates.Load(_options);
                Log.CertificatesReloaded(_broker.Logger);
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
