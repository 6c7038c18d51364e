using System.Text;
using AmqpToolkit.Protocol.Sasl;

namespace AmqpToolkit.Protocol.Tests.Sasl;

/// <summary>What a client says in a SASL exchange, whom it believes, and what it does not let itself be talked into.</summary>
public sealed class SaslClientTests
{
    private const string Challenge = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    private const string Final = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

    [Fact]
    public void Exchange_OfRfc7677_IsAsItStandsThere()
    {
        var exchange = new ScramClientExchange(ScramHash.Sha256, new SaslCredentials("user", "pencil"), "rOprNGfwEbeRWgbNEkqO");

        Assert.Equal("n,,n=user,r=rOprNGfwEbeRWgbNEkqO", Encoding.ASCII.GetString(exchange.First));
        Assert.Null(exchange.Answer(Encoding.ASCII.GetBytes(Challenge), out byte[] response));
        Assert.Equal("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", Encoding.ASCII.GetString(response));
        Assert.False(exchange.IsProven);
        Assert.Null(exchange.End(Encoding.ASCII.GetBytes(Final)));
        Assert.True(exchange.IsProven);
    }

    [Theory]
    [InlineData("SCRAM-SHA-256", "user")]
    [InlineData("SCRAM-SHA-512", "user")]
    [InlineData("SCRAM-SHA-512", "a=b,c")]
    public void Exchange_WithAServer_ProvesBothToEachOther(string mechanism, string name)
    {
        var authority = new Authority(name);
        var server = new SaslServer(authority, SaslMechanisms.All, anonymous: null);
        var client = new SaslClient([mechanism], new SaslCredentials(name, "pencil"));

        Assert.True(client.TryChoose(SaslMechanisms.All.Contains));
        Assert.Equal(SaslStep.Challenge, server.Begin(Encoding.ASCII.GetBytes(client.Mechanism), client.InitialResponse));
        Assert.True(client.TryAnswer(server.Data, out byte[] response), client.Mistake);
        Assert.Equal(SaslStep.Accepted, server.Continue(response));
        Assert.Equal((name, true), (server.UserName, authority.IsProven));
        Assert.False(client.IsDone);
        Assert.True(client.TryEnd(server.Data), client.Mistake);
        Assert.True(client.IsDone);
    }

    /// <summary>The formulas as the RFC has them, written a second time by whoever wrote the server's tests, with the other hash.</summary>
    [Fact]
    public void Proof_WithSha512_IsThatOfTheFormulas()
    {
        var independent = new ScramClient("SCRAM-SHA-512", "user", "pencil", "rOprNGfwEbeRWgbNEkqO");
        var exchange = new ScramClientExchange(ScramHash.Sha512, new SaslCredentials("user", "pencil"), "rOprNGfwEbeRWgbNEkqO");
        byte[] challenge = Encoding.ASCII.GetBytes(Challenge);

        Assert.Null(exchange.Answer(challenge, out byte[] response));
        Assert.Equal(Encoding.ASCII.GetString(independent.Final(challenge)), Encoding.ASCII.GetString(response));
    }

    [Theory]
    [InlineData("")]
    [InlineData("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=")]
    [InlineData("v=")]
    [InlineData("e=other-error")]
    [InlineData("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")]
    [InlineData("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl9")]
    public void Server_ThatDoesNotProveItself_IsNotBelieved(string last)
    {
        var exchange = new ScramClientExchange(ScramHash.Sha256, new SaslCredentials("user", "pencil"), "rOprNGfwEbeRWgbNEkqO");
        Assert.NotNull(exchange.End(Encoding.ASCII.GetBytes(Final)));
        Assert.Null(exchange.Answer(Encoding.ASCII.GetBytes(Challenge), out _));

        Assert.NotNull(exchange.End(Encoding.ASCII.GetBytes(last)));
        Assert.False(exchange.IsProven);
    }

    [Theory]
    [InlineData("")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO%hv,s=W22ZaJ0SNY7soEsUEjb6gQ==")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")]
    [InlineData("r=another%hv,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO%hv,s=,i=4096")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO%hv,s=*,i=4096")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO%hv,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4095")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO%hv,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO%hv,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-4096")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO%hv,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=2000000000")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO%hv,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,m=must")]
    [InlineData("m=must,r=rOprNGfwEbeRWgbNEkqO%hv,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")]
    public void Challenge_ThatIsNone_OrMakesThePasswordCheap_IsNotAnswered(string challenge)
    {
        var exchange = new ScramClientExchange(ScramHash.Sha256, new SaslCredentials("user", "pencil"), "rOprNGfwEbeRWgbNEkqO");

        Assert.NotNull(exchange.Answer(Encoding.ASCII.GetBytes(challenge), out byte[] response));
        Assert.Empty(response);
        Assert.False(exchange.HasAnswered);
    }

    [Theory]
    [InlineData("PLAIN AMQPLAIN SCRAM-SHA-256", "SCRAM-SHA-512 SCRAM-SHA-256", "SCRAM-SHA-256")]
    [InlineData("SCRAM-SHA-256 SCRAM-SHA-512 PLAIN", "SCRAM-SHA-512 SCRAM-SHA-256", "SCRAM-SHA-512")]
    [InlineData("SCRAM-SHA-256", "PLAIN SCRAM-SHA-256", "SCRAM-SHA-256")]
    [InlineData("PLAIN AMQPLAIN EXTERNAL ANONYMOUS", "SCRAM-SHA-512 SCRAM-SHA-256", null)]
    [InlineData("", "PLAIN", null)]
    public void Mechanism_IsTheBestThatIsWantedAndOffered_AndNoOther(string offered, string wanted, string? chosen)
    {
        var client = new SaslClient(wanted.Split(' '), new SaslCredentials("user", "pencil"));

        Assert.Equal(chosen is not null, client.TryChoose(offered.Split(' ').Contains));
        Assert.Equal(chosen ?? "", client.Mechanism);
        Assert.DoesNotContain("pencil", Encoding.UTF8.GetString(client.InitialResponse), StringComparison.Ordinal);
        Assert.Equal(chosen is null, client.InitialResponse.Length == 0);
    }

    [Fact]
    public void Password_ThatServersMayPrepareOtherwise_IsNotSaidByScram()
    {
        var client = new SaslClient(["SCRAM-SHA-256"], new SaslCredentials("user", "p\u00e4ncil"));

        Assert.False(client.TryChoose(_ => true));
        Assert.Contains("ASCII", client.Mistake, StringComparison.Ordinal);
        Assert.DoesNotContain("ncil", client.Mistake, StringComparison.Ordinal);
    }

    [Fact]
    public void Plain_IsAskedNothingMore()
    {
        var client = new SaslClient(["PLAIN"], new SaslCredentials("user", "pencil"));
        Assert.True(client.TryChoose(_ => true));
        Assert.True(client.IsDone);
        Assert.False(client.TryAnswer([1], out _));
        Assert.True(client.TryEnd([]));
    }

    /// <summary>Knows one user, whose password is pencil.</summary>
    private sealed class Authority(string name) : ISaslAuthority
    {
        public bool IsProven { get; private set; }

        public bool Authenticate(SaslCredentials credentials) => false;

        public string? AuthenticateExternally(string userName) => null;

        public ScramVerifier? FindVerifier(ScramHash hash, string userName) => userName == name ? ScramVerifier.Create(hash, "pencil", 4096) : null;

        public bool Conclude(bool isProven) => IsProven = isProven;

        public string CreateNonce() => "nonce";
    }
}
