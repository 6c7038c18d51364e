using System.Net;
using System.Security.Cryptography;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Tls;
using AmqpToolkit.Protocol.Sasl;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Broker.Access;

/// <summary>One client on its way in, whatever version it speaks: asks whether its address may try at all, and then whether it is who it says. Used by the connection's reader.</summary>
internal sealed class LoginAttempt(AmqpBroker broker, TransportConnection transport, string connection) : ISaslAuthority
{
    private const int NonceOctets = 18;

    private UserAccount? _account;
    private string _userName = string.Empty;
    private ScramVerifier? _verifier;

    /// <summary>Who has logged in; null before that. Any thread.</summary>
    public UserAccount? Account => Volatile.Read(ref _account);

    /// <summary>Whether the client has come into a virtual host. Set by the connection's reader.</summary>
    public bool HasEntered { get; set; }

    /// <summary>Whether a line about the client may be written to the log: any number about one that has come in.</summary>
    public bool MayTell => HasEntered || broker.Strangers.MayTell(transport.RemoteEndPoint, Account?.Name);

    private IPAddress? Address => (transport.RemoteEndPoint as IPEndPoint)?.Address;

    /// <inheritdoc/>
    public bool Authenticate(SaslCredentials credentials) =>
        MayTry(credentials.UserName, begins: true) && Finish(credentials.UserName, broker.Users.Authenticate(credentials, transport.IsLoopback, connection, transport.RemoteEndPoint));

    /// <inheritdoc/>
    public string? AuthenticateExternally(string userName)
    {
        string? name = transport.PeerCertificate is { } certificate ? CertificateUser.NameOf(certificate, broker.Options.Tls?.Login ?? CertificateLogin.CommonName) : null;
        bool isSame = name is not null && (userName.Length == 0 || userName == name);

        // A certificate that holds is no guess: what others have failed from its address keeps nobody out who has one.
        if (!(isSame && broker.Users.MayCome(name!, transport.IsLoopback)) && !MayTry(name ?? userName, begins: true))
        {
            return null;
        }

        var account = broker.Users.AuthenticateExternally(name, isSame, userName, transport.IsLoopback, connection, transport.RemoteEndPoint);
        Volatile.Write(ref _account, account);
        return account is null ? null : name;
    }

    /// <inheritdoc/>
    public ScramVerifier? FindVerifier(ScramHash hash, string userName)
    {
        _userName = userName;

        // As long as verifiers are reckoned beside, a question costs what a guess costs, a stranger's, too.
        if (broker.Users.IsReckoning && Address is { } address && !broker.Logins.MayAsk(address))
        {
            return _verifier = null;
        }

        return _verifier = MayTry(userName, begins: false) ? broker.Users.FindVerifier(hash, userName) : null;
    }

    /// <inheritdoc/>
    /// <remarks>Now is the attempt made: any number of clients may be between their first word and their last.</remarks>
    public bool Conclude(bool isProven) =>
        _verifier is { } verifier && MayTry(_userName, begins: true) && Finish(_userName, broker.Users.Conclude(_userName, verifier, isProven, transport.IsLoopback, connection, transport.RemoteEndPoint));

    /// <inheritdoc/>
    public string CreateNonce() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(NonceOctets));

    /// <summary>An attempt counts as failed until it has not.</summary>
    private bool MayTry(string userName, bool begins)
    {
        if (Address is not { } address || broker.Logins.MayTry(address, userName, begins, out bool isFirstRefusal))
        {
            return true;
        }

        if (isFirstRefusal)
        {
            Log.LoginsThrottled(broker.Logger, connection, address);
        }

        return false;
    }

    private bool Finish(string userName, UserAccount? account)
    {
        Volatile.Write(ref _account, account);
        if (account is not null && Address is { } address)
        {
            broker.Logins.Succeed(address, userName);
        }

        return account is not null;
    }
}
