using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Protocol;
using AmqpToolkit.Protocol.Sasl;

namespace AmqpToolkit.Broker;

/// <summary>
/// Who may do what in a broker. Any thread; a change holds at once, on open connections, too: what is asked next is judged by it. Consumers that may
/// no longer read go on until their connection renews its secret (connection.update-secret), as with RabbitMQ.
/// </summary>
public sealed class BrokerUsers
{
    /// <summary>As many characters of a stranger's name are logged.</summary>
    private const int MaxLoggedCharacters = 255;

    private readonly ConcurrentDictionary<string, UserAccount> _accounts = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly AmqpBroker _broker;
    private byte[] _imitationSecret = RandomNumberGenerator.GetBytes(32);
    private Task? _reckoning;
    private int _withoutScram;

    internal BrokerUsers(AmqpBroker broker) => _broker = broker;

    /// <summary>The names, in order.</summary>
    public IReadOnlyList<string> Names => [.. _accounts.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Whether everybody who has a password can log in with SCRAM.</summary>
    internal bool AllHaveScram => Volatile.Read(ref _withoutScram) == 0;

    /// <summary>Whether the store has given a secret.</summary>
    internal bool HasKeptSecret { get; private set; }

    /// <summary>Completes when the passwords that were set while the broker started are all reckoned; at once where nobody has asked for it.</summary>
    internal Task Reckoning
    {
        get
        {
            lock (_gate)
            {
                return _reckoning ?? Task.CompletedTask;
            }
        }
    }

    /// <summary>Whether passwords are still reckoned that were set while the broker started. Who asks begins with it, where nobody has.</summary>
    internal bool IsReckoning => !BeginReckoning().IsCompleted;

    /// <summary>How work is done beside; a test has it wait.</summary>
    internal Func<Action, Task> Beside { get; set; } = Task.Run;

    /// <summary>With which those are imitated who are not there. Set while the broker starts, by a store that has kept one.</summary>
    internal byte[] ImitationSecret
    {
        get => _imitationSecret;
        set
        {
            _imitationSecret = value;
            HasKeptSecret = true;
        }
    }

    /// <summary>The user with the name, its password as a hash; null when there is none.</summary>
    public BrokerUser? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _accounts.GetValueOrDefault(name)?.State is not { } state ? null : new BrokerUser
        {
            Name = name,
            PasswordHash = state.Password?.Text,
            HashingAlgorithm = state.Password?.Algorithm,
            Tags = [.. state.Tags],
            LoopbackOnly = state.LoopbackOnly,
            MaxConnections = state.MaxConnections < 0 ? null : state.MaxConnections,
            MaxChannels = state.MaxChannels < 0 ? null : state.MaxChannels,
            Permissions = [.. state.Permissions
                .Select(one => new UserPermission(one.Key, one.Value.Configure.Text, one.Value.Write.Text, one.Value.Read.Text))
                .OrderBy(one => one.VirtualHost, StringComparer.Ordinal)],
        };
    }

    /// <summary>Adds a user, or changes the one of that name: its password, tags and limits, and its permissions if the new value names any.</summary>
    /// <exception cref="ArgumentException">
    /// The name has more than 255 octets, a pattern or a hash is none, or a permission is for a virtual host that is not there; nothing has changed.
    /// </exception>
    public void Set(BrokerUser user)
    {
        ArgumentNullException.ThrowIfNull(user);
        CheckPasswords(user);
        var scram = user.Password is { Length: > 0 } password && !IsKnown(_accounts.GetValueOrDefault(user.Name)?.State, password) ? MakeScram(user.Name, password) : null;
        lock (_gate)
        {
            var account = _accounts.GetValueOrDefault(user.Name);
            if (account is null)
            {
                BrokerVirtualHosts.CheckName(user.Name, nameof(user));
            }

            var state = Read(user, account?.State, scram);
            _broker.Store?.DefineUser(user.Name, account?.State, state);
            Count(user.Name, account?.State, state);
            if (account is null)
            {
                // Nothing is remembered by one that is new.
                _accounts[user.Name] = new UserAccount(user.Name, state);
                return;
            }

            account.State = state;
        }

        _broker.ForgetRoutes();
    }

    /// <summary>Removes a user and closes its connections with 320.</summary>
    /// <returns>False when there was none.</returns>
    public bool Delete(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        UserAccount? account;
        lock (_gate)
        {
            if (!_accounts.TryRemove(name, out account))
            {
                return false;
            }

            _broker.Store?.DefineUser(name, account.State, now: null);
            Count(name, account.State, now: null);
            account.State = null;
        }

        _broker.ForgetRoutes();
        _broker.CloseConnections(connection => ReferenceEquals(connection.Account, account), ProtocolError.ConnectionForced($"user '{name}' is deleted"));
        return true;
    }

    /// <summary>Changes a password; open connections stay.</summary>
    /// <exception cref="ArgumentException">There is no such user.</exception>
    public void SetPassword(string name, string password)
    {
        ArgumentException.ThrowIfNullOrEmpty(password);
        var scram = MakeScram(name, password);
        Change(name, state => state with { Password = PasswordHash.Create(password), Scram = scram });
    }

    /// <summary>Sets what a user may do in a virtual host.</summary>
    /// <exception cref="ArgumentException">There is no such user or virtual host, or a pattern cannot be used.</exception>
    public void SetPermission(string name, UserPermission permission)
    {
        ArgumentNullException.ThrowIfNull(permission);
        RequireVirtualHost(permission.VirtualHost);
        var patterns = PermissionPatterns.Parse(permission.Configure, permission.Write, permission.Read);
        Change(name, state => state.WithPermission(permission.VirtualHost, patterns), permission.VirtualHost);
    }

    /// <summary>Takes a virtual host from a user.</summary>
    /// <exception cref="ArgumentException">There is no such user.</exception>
    public void ClearPermission(string name, string virtualHost) =>
        Change(name, state => state.WithoutPermission(virtualHost), virtualHost);

    /// <summary>The topic permissions of a user.</summary>
    public IReadOnlyList<UserTopicPermission> TopicPermissionsOf(string name) => _accounts.GetValueOrDefault(name)?.State?.TopicPermissions is not { } topics ? [] :
        [.. topics.Select(one => new UserTopicPermission(one.Key.VirtualHost, one.Key.Exchange, one.Value.Write, one.Value.Read))];

    /// <summary>Sets the routing keys that a user may use with a topic exchange.</summary>
    /// <exception cref="ArgumentException">There is no such user or virtual host, or a pattern cannot be used.</exception>
    public void SetTopicPermission(string name, UserTopicPermission permission)
    {
        ArgumentNullException.ThrowIfNull(permission);
        RequireVirtualHost(permission.VirtualHost);
        var patterns = new TopicPatterns(permission.Write, permission.Read, name, permission.VirtualHost);
        Change(name, state => state.WithTopicPermission(permission.VirtualHost, permission.Exchange, patterns), permission.VirtualHost, permission.Exchange);
    }

    /// <summary>Forgets the topic permissions of a user in a virtual host: all keys are allowed again.</summary>
    /// <param name="name">The user.</param>
    /// <param name="virtualHost">The virtual host.</param>
    /// <param name="exchange">One exchange; null for all of the virtual host.</param>
    /// <exception cref="ArgumentException">There is no such user.</exception>
    public void ClearTopicPermissions(string name, string virtualHost, string? exchange = null) =>
        Change(name, state => state.WithoutTopicPermissions(virtualHost, exchange), virtualHost, exchange);

    /// <summary>Limits the connections and channels of a user; null for any number.</summary>
    /// <exception cref="ArgumentException">There is no such user.</exception>
    public void SetLimits(string name, int? maxConnections, int? maxChannels) =>
        Change(name, state => state with { MaxConnections = maxConnections ?? -1, MaxChannels = maxChannels ?? -1 });

    /// <summary>The account for these credentials; null when they do not hold, or not from there. It takes as long whether or not there is such a user.</summary>
    /// <param name="credentials">What the client says of itself.</param>
    /// <param name="isLoopback">Whether it is on this machine.</param>
    /// <param name="connection">The connection's name, for the log, which alone is told why.</param>
    internal UserAccount? Authenticate(SaslCredentials credentials, bool isLoopback, string connection = "", EndPoint? client = null)
    {
        var account = _accounts.GetValueOrDefault(credentials.UserName);
        var state = account?.State;
        return Admit(account, credentials.UserName, PasswordHash.Verify(state?.Password, credentials.Password), isLoopback, connection, client);
    }

    /// <summary>What a user's SCRAM proof is checked with; takes as long, and looks as it would, where there is no such user or none that can use it.</summary>
    internal ScramVerifier FindVerifier(ScramHash hash, string userName)
    {
        // What was put off begins with the first who asks, and guest's is made for whoever that is.
        bool isSettled = !IsReckoning;
        if (_accounts.GetValueOrDefault(ScramCredentials.Guest)?.State?.Scram is { IsReckoned: false, IsKept: false } guests)
        {
            guests.For(hash);
        }

        var imitation = ScramVerifier.Imitate(hash, ImitationSecret, userName, ScramCredentials.Iterations);
        var scram = _accounts.GetValueOrDefault(userName)?.State?.Scram;
        if (!isSettled && scram is not { IsReckoned: false })
        {
            // As long as there are users whose verifiers are made when they ask, each question costs as much: the time is not to show who is there.
            ScramCredentials.Spend();
        }

        return scram?.For(hash) ?? imitation;
    }

    /// <summary>The account whose SCRAM proof was checked; null when it was wrong, the password is another by now, or the client may not come from there.</summary>
    internal UserAccount? Conclude(string userName, ScramVerifier verifier, bool isProven, bool isLoopback, string connection, EndPoint? client = null)
    {
        var account = _accounts.GetValueOrDefault(userName);
        return Admit(account, userName, isProven && ReferenceEquals(account?.State?.Scram?.For(verifier.Hash), verifier), isLoopback, connection, client);
    }

    /// <summary>Whether there is such a user, and it may come from there.</summary>
    internal bool MayCome(string name, bool isLoopback) => StateOf(name) is { } state && (isLoopback || !state.LoopbackOnly);

    /// <summary>The account that a certificate names; null when there is none, the client says it is another, or it may not come from there.</summary>
    internal UserAccount? AuthenticateExternally(string? name, bool isSame, string given, bool isLoopback, string connection, EndPoint? client = null) => Admit(
        name is null ? null : _accounts.GetValueOrDefault(name), name ?? given, isSame, isLoopback, connection, client,
        name is null ? "its certificate names no user" : isSame ? "its certificate names a user that is not there" : $"its certificate is of this user, and it says it is '{Plain(given)}'");

    private UserAccount? Admit(UserAccount? account, string userName, bool isRight, bool isLoopback, string connection, EndPoint? client, string otherwise = "no such user, or another password")
    {
        if (isRight && account?.State is { } state && (isLoopback || !state.LoopbackOnly))
        {
            return account;
        }

        if (_broker.Strangers.MayTell(client))
        {
            Log.LoginRefused(_broker.Logger, connection, Plain(userName), isRight && account?.State is not null ? "this user may log in from the broker's own machine alone" : otherwise);
        }

        return null;
    }

    /// <summary>Strangers say what they like; a line of the log stays a line.</summary>
    private static string Plain(string text) => string.Concat(text.Take(MaxLoggedCharacters).Select(one => char.IsControl(one) ? '?' : one));

    /// <summary>All that is known of a user; null where there is none.</summary>
    internal UserState? StateOf(string name) => _accounts.GetValueOrDefault(name)?.State;

    /// <summary>A virtual host is gone: nobody may do anything there.</summary>
    internal void Forget(string virtualHost)
    {
        lock (_gate)
        {
            foreach (var account in _accounts.Values)
            {
                if (account.State is { } state)
                {
                    var changed = state.WithoutPermission(virtualHost).WithoutTopicPermissions(virtualHost);
                    if (!ReferenceEquals(changed, state))
                    {
                        _broker.Store?.DefineUser(account.Name, state, changed, virtualHost);
                        account.State = changed;
                    }
                }
            }
        }
    }

    /// <summary>Puts a user back that the store has kept. While the broker starts.</summary>
    internal void Restore(string name, UserState state)
    {
        Count(name, before: null, state);
        _accounts[name] = new UserAccount(name, state);
    }

    /// <summary>
    /// Reckons, beside everything else, what was put off while the broker started, and has it kept: hashing 4,096 times a user is nothing to wait for before the first client. More calls change nothing.
    /// </summary>
    internal Task BeginReckoning()
    {
        if (Volatile.Read(ref _reckoning) is { } begun)
        {
            return begun;
        }

        lock (_gate)
        {
            var stopping = _broker.Stopping;
            return _reckoning ??= _accounts.Values.Any(account => account.State?.Scram is { IsPutOff: true }) ? Beside(() => ReckonAll(stopping)) : Task.CompletedTask;
        }
    }

    /// <summary>A user of the options that the store had already: one whose password was never reckoned for SCRAM, by an earlier program or one that was cut short, is now. While the broker starts.</summary>
    internal void Complete(BrokerUser user)
    {
        if (user.Password is { Length: > 0 } password && _accounts.GetValueOrDefault(user.Name) is { State: { Scram: null, Password: { } hash } } account && PasswordHash.Verify(hash, password))
        {
            Change(account, state => state with { Scram = PutOffScram(user.Name, password) });
        }
    }

    /// <summary>The start is over: says for whose sake SCRAM is not offered.</summary>
    internal void TellOffer()
    {
        if (!AllHaveScram && _broker.Options.SaslMechanisms is null)
        {
            Log.ScramWithdrawn(_broker.Logger, Volatile.Read(ref _withoutScram), _accounts.Values.First(account => IsWithoutScram(account.State)).Name);
        }
    }

    /// <summary>Of whose password there is a hash alone: guest's may be the one that everybody knows.</summary>
    internal ScramCredentials? ScramOfHash(string name, PasswordHash? password) =>
        name == ScramCredentials.Guest && password is not null && PasswordHash.Verify(password, ScramCredentials.Guest) ? ScramCredentials.OfGuest(() => ImitationSecret) : null;

    private void ReckonAll(CancellationToken stopping)
    {
        foreach (var account in _accounts.Values)
        {
            if (stopping.IsCancellationRequested)
            {
                return;
            }

            if (account.State?.Scram is { IsPutOff: true } scram)
            {
                var reckoned = scram.Reckon();
                try
                {
                    Change(account, state => ReferenceEquals(state.Scram, scram) ? state with { Scram = reckoned } : state);
                }
                catch (Exception exception) when (exception is IOException or InvalidOperationException or BrokerStoreException)
                {
                    // It is known all the same, and made again after the next start.
                    Log.Defect(_broker.Logger, exception, "keeping what SCRAM needs");
                }
            }
        }
    }

    /// <summary>Once clients are there it is reckoned at once, and not under the lock if that can be.</summary>
    private ScramCredentials? MakeScram(string name, string password)
    {
        var scram = PutOffScram(name, password);
        return _broker.IsListening && scram is { IsKept: true } ? scram.Reckon() : scram;
    }

    private ScramCredentials? PutOffScram(string name, string password) =>
        name == ScramCredentials.Guest && password == ScramCredentials.Guest ? ScramCredentials.OfGuest(() => ImitationSecret) : ScramCredentials.Create(password);

    private void Count(string name, UserState? before, UserState? now)
    {
        int count = _withoutScram + (IsWithoutScram(now) ? 1 : 0) - (IsWithoutScram(before) ? 1 : 0);
        if (_withoutScram == 0 && count > 0 && _broker.IsListening && _broker.Options.SaslMechanisms is null)
        {
            Log.ScramWithdrawn(_broker.Logger, count, name);
        }

        Volatile.Write(ref _withoutScram, count);
    }

    private static bool IsWithoutScram(UserState? state) => state is { Password: not null, Scram: null };

    /// <param name="name">The user.</param>
    /// <param name="change">What becomes of it.</param>
    /// <param name="virtualHost">Where alone something changes, so that the others of ten thousand are not looked at; null for all.</param>
    /// <param name="exchange">Whose topic permission alone changes; null for any.</param>
    private void Change(string name, Func<UserState, UserState> change, string? virtualHost = null, string? exchange = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (_accounts.GetValueOrDefault(name) is not { } account || !Change(account, change, virtualHost, exchange))
        {
            throw new ArgumentException($"There is no user '{name}'.", nameof(name));
        }

        // First the new state, then the end of what is remembered by the old.
        if (virtualHost is null)
        {
            _broker.ForgetRoutes();
        }
        else
        {
            _broker.VirtualHosts.Find(virtualHost)?.Topology.ForgetRoutes();
        }
    }

    /// <returns>False when the user is gone.</returns>
    private bool Change(UserAccount account, Func<UserState, UserState> change, string? virtualHost = null, string? exchange = null)
    {
        lock (_gate)
        {
            if (account.State is not { } state)
            {
                return false;
            }

            var changed = change(state);
            _broker.Store?.DefineUser(account.Name, state, changed, virtualHost, exchange);
            Count(account.Name, state, changed);
            account.State = changed;
            return true;
        }
    }

    /// <summary>Before anything is reckoned.</summary>
    private static void CheckPasswords(BrokerUser user)
    {
        if (user.Password is { Length: > 0 } && user.PasswordHash is { Length: > 0 })
        {
            throw new ArgumentException($"User '{user.Name}' has a password and a password hash: one of them is too many.");
        }
    }

    private UserState Read(BrokerUser user, UserState? current, ScramCredentials? made)
    {
        var permissions = current?.Permissions;
        if (user.Permissions is not null)
        {
            foreach (var permission in user.Permissions)
            {
                RequireVirtualHost(permission.VirtualHost);
            }

            permissions = user.Permissions.ToImmutableDictionary(
                one => one.VirtualHost, one => PermissionPatterns.Parse(one.Configure, one.Write, one.Read), StringComparer.Ordinal);
        }

        var (password, scram) = ReadPassword(user, current, made);
        var before = current ?? new UserState { Password = null };
        return before with
        {
            Password = password,
            Scram = scram,
            Tags = [.. user.Tags],
            LoopbackOnly = user.LoopbackOnly,
            MaxConnections = user.MaxConnections ?? -1,
            MaxChannels = user.MaxChannels ?? -1,
            Permissions = permissions ?? before.Permissions,
        };
    }

    private (PasswordHash? Password, ScramCredentials? Scram) ReadPassword(BrokerUser user, UserState? current, ScramCredentials? made)
    {
        if (user.Password is { Length: > 0 })
        {
            // What is known already is not made anew: that takes time, and another salt after a restart would tell a user from those who are not there.
            return IsKnown(current, user.Password) ? (current!.Password, current.Scram) : (PasswordHash.Create(user.Password), made ?? MakeScram(user.Name, user.Password));
        }

        if (user.PasswordHash is not { Length: > 0 })
        {
            return (null, null);
        }

        // The hash that is there already, as in what the broker itself has exported, is of the password that SCRAM knows.
        var given = PasswordHash.Parse(user.PasswordHash, user.HashingAlgorithm);
        return current?.Password is { } own && own.Text == given.Text && own.Algorithm == given.Algorithm ? (own, current.Scram) : (given, ScramOfHash(user.Name, given));
    }

    private static bool IsKnown(UserState? current, string password) =>
        current is { Password: not null } && (current.Scram is not null || !ScramVerifier.CanPrepare(password)) && PasswordHash.Verify(current.Password, password);

    private void RequireVirtualHost(string name)
    {
        if (_broker.FindVirtualHost(name) is null)
        {
            throw new ArgumentException($"There is no virtual host '{name}'.");
        }
    }
}
