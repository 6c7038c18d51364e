using System.Text;
using AmqpToolkit.Protocol.Sasl;

namespace AmqpToolkit.Protocol.Tests.Sasl;

/// <summary>SCRAM's messages, right and wrong, as a server of either version takes them.</summary>
public sealed class ScramServerTests
{
    private const string ServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";

    private readonly Authority _authority = new();

    [Fact]
    public void A09_Exchange_OfRfc7677_IsAsItStandsThere()
    {
        var server = Server();

        Assert.Equal(SaslStep.Challenge, server.Begin("SCRAM-SHA-256"u8, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"u8));
        Assert.Equal("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", Encoding.ASCII.GetString(server.Data));
        Assert.Equal(
            SaslStep.Accepted,
            server.Continue("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="u8));
        Assert.Equal("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", Encoding.ASCII.GetString(server.Data));
        Assert.Equal(("user", "user"), (server.UserName, _authority.CameIn));
    }

    [Theory]
    [InlineData("SCRAM-SHA-256", "user", "n,,", true)]
    [InlineData("SCRAM-SHA-512", "user", "n,,", true)]
    [InlineData("SCRAM-SHA-512", "user", "y,,", true)]
    [InlineData("SCRAM-SHA-256", "user", "n,a=user,", true)]
    [InlineData("SCRAM-SHA-256", "a=b,c", "n,a=a=3Db=2Cc,", true)]
    [InlineData("SCRAM-SHA-512", "J\u00f6rg", "n,,", false)]
    public void Exchange_OfAnotherClient_IsTaken(string mechanism, string name, string header, bool isInitial)
    {
        _authority.UserName = name;
        var client = new ScramClient(mechanism, name, "pencil", header: header);
        var server = Server();
        byte[] chosen = Encoding.ASCII.GetBytes(mechanism);
        if (isInitial)
        {
            Assert.Equal(SaslStep.Challenge, server.Begin(chosen, client.First));
        }
        else
        {
            Assert.Equal(SaslStep.Challenge, server.Begin(chosen, []));
            Assert.Empty(server.Data);
            Assert.Equal(SaslStep.Challenge, server.Continue(client.First));
        }

        Assert.Equal(SaslStep.Accepted, server.Continue(client.Final(server.Data, extensions: ",x=later")));
        Assert.True(client.Believes(server.Data));
        Assert.Equal(name, _authority.CameIn);
    }

    [Theory]
    [InlineData("p=tls-unique,,n=user,r=abc", SaslStep.Refused)]
    [InlineData("n,,m=must,n=user,r=abc", SaslStep.Refused)]
    [InlineData("n,,n=user,r=abc,m=must", SaslStep.Refused)]
    [InlineData("n,a=other,n=user,r=abc", SaslStep.Refused)]
    [InlineData("n,", SaslStep.Malformed)]
    [InlineData("n,,", SaslStep.Malformed)]
    [InlineData("n,,n=user", SaslStep.Malformed)]
    [InlineData("n,,r=abc,n=user", SaslStep.Malformed)]
    [InlineData("n,,n=,r=abc", SaslStep.Malformed)]
    [InlineData("n,,n=us=er,r=abc", SaslStep.Malformed)]
    [InlineData("n,,n=us=2cer,r=abc", SaslStep.Malformed)]
    [InlineData("n,,n=us=,r=abc", SaslStep.Malformed)]
    [InlineData("n,,n=us\0er,r=abc", SaslStep.Malformed)]
    [InlineData("n,,n=user,r=", SaslStep.Malformed)]
    [InlineData("n,,n=user,r=a b", SaslStep.Malformed)]
    [InlineData("n,,n=user,r=\u00e4", SaslStep.Malformed)]
    [InlineData("n,,n=user,r=abc,", SaslStep.Malformed)]
    [InlineData("n,,n=user,r=abc,1=x", SaslStep.Malformed)]
    [InlineData("n,b=user,n=user,r=abc", SaslStep.Malformed)]
    [InlineData("x,,n=user,r=abc", SaslStep.Malformed)]
    [InlineData("n=user,r=abc", SaslStep.Malformed)]
    [InlineData("\0user\0pencil", SaslStep.Malformed)]
    public void FirstMessage_ThatIsWrong_EndsTheExchange(string message, SaslStep step)
    {
        var server = Server();

        Assert.Equal(step, server.Begin("SCRAM-SHA-256"u8, Encoding.UTF8.GetBytes(message)));

        Assert.Null(_authority.CameIn);
        Assert.Equal(SaslStep.Malformed, server.Continue("n,,n=user,r=abc"u8));
    }

    [Fact]
    public void FirstMessage_OfNoUtf8OrWithALongNonce_IsMalformed()
    {
        Assert.Equal(SaslStep.Malformed, Server().Begin("SCRAM-SHA-256"u8, [.. "n,,n=us"u8, 0xC3, .. ",r=abc"u8]));
        Assert.Equal(SaslStep.Malformed, Server().Begin("SCRAM-SHA-256"u8, Encoding.ASCII.GetBytes("n,,n=user,r=" + new string('a', 257))));
        Assert.Equal(SaslStep.Challenge, Server().Begin("SCRAM-SHA-256"u8, Encoding.ASCII.GetBytes("n,,n=user,r=" + new string('a', 256))));
    }

    /// <summary>A client whose last message is right but for one thing, with a proof of what it says.</summary>
    public static TheoryData<string, string?, string?, string, SaslStep> AlmostRight => new()
    {
        // The server is said to have offered no binding where the first message said otherwise, and the reverse: somebody between has changed one of them.
        { "n,,", "y,,", null, "", SaslStep.Refused },
        { "y,,", "n,,", null, "", SaslStep.Refused },
        { "n,,", "p=tls-unique,,", null, "", SaslStep.Refused },
        { "n,a=user,", "n,,", null, "", SaslStep.Refused },
        { "n,,", null, "rOprNGfwEbeRWgbNEkqO", "", SaslStep.Refused },
        { "n,,", null, "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k1", "", SaslStep.Refused },
        { "n,,", null, "another%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", "", SaslStep.Refused },
        { "n,,", null, null, ",m=must", SaslStep.Refused },
        { "n,,", null, null, ",", SaslStep.Malformed },
        { "n,,", null, null, ",x", SaslStep.Malformed },
    };

    [Theory]
    [MemberData(nameof(AlmostRight))]
    public void LastMessage_ThatDoesNotGoOnWithTheFirst_IsRefused(string header, string? binding, string? nonce, string extensions, SaslStep step)
    {
        var client = new ScramClient("SCRAM-SHA-256", "user", "pencil", header: header);
        var server = Server();
        Assert.Equal(SaslStep.Challenge, server.Begin("SCRAM-SHA-256"u8, client.First));

        Assert.Equal(step, server.Continue(client.Final(server.Data, binding, nonce, extensions)));

        Assert.Null(_authority.CameIn);
        Assert.Empty(server.Data);
    }

    [Theory]
    [InlineData("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVE=", SaslStep.Refused)]
    [InlineData("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=", SaslStep.Refused)]
    [InlineData("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzb", SaslStep.Refused)]
    [InlineData("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ", SaslStep.Malformed)]
    [InlineData("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ= ", SaslStep.Malformed)]
    [InlineData("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", SaslStep.Malformed)]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,c=biws,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", SaslStep.Malformed)]
    [InlineData("c=biws,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", SaslStep.Malformed)]
    [InlineData("", SaslStep.Malformed)]
    [InlineData(",p=", SaslStep.Malformed)]
    [InlineData("n,,n=user,r=rOprNGfwEbeRWgbNEkqO", SaslStep.Malformed)]
    public void LastMessage_ThatIsWrong_EndsTheExchange(string message, SaslStep step)
    {
        var server = Server();
        Assert.Equal(SaslStep.Challenge, server.Begin("SCRAM-SHA-256"u8, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"u8));

        Assert.Equal(step, server.Continue(Encoding.ASCII.GetBytes(message)));

        Assert.Null(_authority.CameIn);
        Assert.Equal(1, _authority.Judged);

        // No second guess with the same nonce.
        Assert.Equal(
            SaslStep.Malformed,
            server.Continue("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="u8));
        Assert.Null(_authority.CameIn);
    }

    [Fact]
    public void LastMessage_OfAnotherExchange_IsRefused()
    {
        var server = Server();
        _authority.Nonce = "another";
        Assert.Equal(SaslStep.Challenge, server.Begin("SCRAM-SHA-256"u8, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"u8));

        Assert.Equal(
            SaslStep.Refused,
            server.Continue("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="u8));
    }

    [Fact]
    public void Exchange_OfAUserWhoIsNotThere_LooksLikeOneWithAWrongPassword()
    {
        var client = new ScramClient("SCRAM-SHA-256", "stranger", "pencil");
        var challenges = new List<string>();
        for (int round = 0; round < 2; round++)
        {
            var server = Server();
            Assert.Equal(SaslStep.Challenge, server.Begin("SCRAM-SHA-256"u8, client.First));
            challenges.Add(Encoding.ASCII.GetString(server.Data));
            Assert.Equal(SaslStep.Refused, server.Continue(client.Final(server.Data)));
        }

        Assert.Equal(challenges[0], challenges[1]);
        Assert.Equal("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096".Length, challenges[0].Length);
        Assert.Null(_authority.CameIn);
    }

    [Fact]
    public void Mechanisms_ThatAreNotOffered_AreUnknown()
    {
        foreach (string name in new[] { "", "plain", "PLAIN ", "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS", "ANONYMOUS", "NT\nLM" })
        {
            var server = Server();
            Assert.Equal(SaslStep.Unknown, server.Begin(Encoding.ASCII.GetBytes(name), "n,,n=user,r=abc"u8));
            Assert.DoesNotContain('\n', server.Mechanism);
            Assert.Equal(SaslStep.Malformed, server.Continue("n,,n=user,r=abc"u8));
        }

        var without = new SaslServer(_authority, [SaslMechanisms.ScramSha512], anonymous: null);
        Assert.Equal(SaslStep.Unknown, without.Begin("PLAIN"u8, "\0user\0pencil"u8));
    }

    [Fact]
    public void Verifier_AsSecretText_IsReadBack()
    {
        var verifier = ScramVerifier.Create(ScramHash.Sha512, "pencil", 4096);

        Assert.True(ScramVerifier.TryParse(verifier.ToSecretText(), out var read));
        Assert.Equal((verifier.Salt, verifier.Iterations, verifier.Hash, verifier.ToSecretText()), (read.Salt, read.Iterations, read.Hash, read.ToSecretText()));
        Assert.Equal("SCRAM-SHA-512", verifier.ToString());
        string whole = verifier.ToSecretText();
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.False(ScramVerifier.TryParse(whole[..length], out _), $"{length} characters");
        }

        Assert.False(ScramVerifier.TryParse(whole.Replace("4096", "4095", StringComparison.Ordinal), out _));
        Assert.False(ScramVerifier.TryParse(whole.Replace("SHA-512", "SHA-256", StringComparison.Ordinal), out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => ScramVerifier.Create(ScramHash.Sha256, "pencil", 4095));
    }

    [Theory]
    [InlineData("pencil", true)]
    [InlineData(" ~!,=", true)]
    [InlineData("", false)]
    [InlineData("secret\n", false)]
    [InlineData("\t", false)]
    [InlineData("\u007f", false)]
    [InlineData("p\u00e4ssword", false)]
    [InlineData("\u200d", false)]
    public void Password_ThatClientsPrepareInTheirOwnWays_IsNotForScram(string password, bool isForScram) => Assert.Equal(isForScram, ScramVerifier.CanPrepare(password));

    private SaslServer Server() => new(_authority, SaslMechanisms.All, anonymous: null);

    /// <summary>Knows one user.</summary>
    private sealed class Authority : ISaslAuthority
    {
        private static readonly byte[] Salt = Convert.FromBase64String("W22ZaJ0SNY7soEsUEjb6gQ==");
        private string _asked = string.Empty;

        public string UserName { get; set; } = "user";

        public string Nonce { get; set; } = ServerNonce;

        public ScramVerifier? Verifier { get; set; }

        public string? CameIn { get; private set; }

        public int Judged { get; private set; }

        public bool Authenticate(SaslCredentials credentials) => credentials == new SaslCredentials(UserName, "pencil");

        public string? AuthenticateExternally(string userName) => userName.Length == 0 || userName == UserName ? UserName : null;

        public ScramVerifier? FindVerifier(ScramHash hash, string userName)
        {
            _asked = userName;
            return userName == UserName ? Verifier ?? ScramVerifier.Create(hash, "pencil", Salt, 4096) : ScramVerifier.Imitate(hash, [1, 2, 3], userName, 4096);
        }

        public bool Conclude(bool isProven)
        {
            Judged++;
            CameIn = isProven ? _asked : null;
            return isProven;
        }

        public string CreateNonce() => Nonce;
    }
}
