using AmqpToolkit.Protocol.Classic;
using AmqpToolkit.Protocol.V1_0;
using SaslMechanisms = AmqpToolkit.Protocol.Sasl.SaslMechanisms;

namespace AmqpToolkit.Broker.Connections;

/// <summary>How clients of one listener that are alike may log in: by what protects their stream, and what it has shown of them. Immutable, shared by their connections.</summary>
internal sealed class SaslOffer
{
    private readonly ConnectionSettings _settings;
    private readonly ConnectionSettings _anonymousSettings;

    /// <summary>Chooses the mechanisms.</summary>
    /// <param name="options">Which there are at all.</param>
    /// <param name="handshake">What else clients of 0-9-1 are told.</param>
    /// <param name="settings">What else those of 1.0 are.</param>
    /// <param name="offersScram">Whether every user can use SCRAM.</param>
    /// <param name="isProtected">Whether nobody else can read what is said.</param>
    /// <param name="hasCertificate">Whether the client has shown a certificate that holds.</param>
    public SaslOffer(AmqpBrokerOptions options, ServerHandshakeOptions handshake, ConnectionSettings settings, bool offersScram, bool isProtected, bool hasCertificate)
    {
        bool takesPasswords = isProtected || !options.PasswordsNeedTls;
        string[] accepted = [.. (options.SaslMechanisms ?? SaslMechanisms.All).Where(IsTaken)];

        // Who knows SCRAM to be there need not find it in the list; where nothing else is left it is there.
        string[] offered = [.. accepted.Where(name => options.SaslMechanisms is not null || offersScram || !takesPasswords || !IsScram(name))];
        Handshake = handshake with { Mechanisms = OrNone(offered), Accepted = accepted };
        AcceptedFromPeers = [.. accepted.Where(IsForPeers)];
        string[] forPeers = OrNone([.. offered.Where(IsForPeers)]);
        _settings = settings with { SaslMechanisms = forPeers };
        _anonymousSettings = settings with { RequiresSasl = false, SaslMechanisms = [.. forPeers, SaslMechanisms.Anonymous] };

        bool IsTaken(string name) => name switch
        {
            SaslMechanisms.External => hasCertificate,
            SaslMechanisms.Plain or SaslMechanisms.AmqPlain => takesPasswords,
            _ => true,
        };
    }

    /// <summary>What connection.start and tune say.</summary>
    public ServerHandshakeOptions Handshake { get; }

    /// <summary>The mechanisms that are taken from clients of 1.0.</summary>
    public IReadOnlyList<string> AcceptedFromPeers { get; }

    /// <summary>What clients of 1.0 are shown and granted.</summary>
    /// <param name="isAnonymousAllowed">Whether the client at hand may do without a name.</param>
    public ConnectionSettings SettingsFor(bool isAnonymousAllowed) => isAnonymousAllowed ? _anonymousSettings : _settings;

    /// <summary>A list of mechanisms may not be empty (1.0 section 5.3.3.1): what stands in it then lets nobody in.</summary>
    private static string[] OrNone(string[] mechanisms) => mechanisms.Length > 0 ? mechanisms : [SaslMechanisms.External];

    /// <summary>AMQPLAIN is a matter of the older versions.</summary>
    private static bool IsForPeers(string mechanism) => mechanism != SaslMechanisms.AmqPlain;

    private static bool IsScram(string mechanism) => mechanism is SaslMechanisms.ScramSha256 or SaslMechanisms.ScramSha512;
}
