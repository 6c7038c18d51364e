using System.Text;
using AmqpToolkit.Client.Tests.Scripted;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.Tests.V1_0;
using Older = AmqpToolkit.Client.V0_9_1;
using Newer = AmqpToolkit.Client.V1_0;

namespace AmqpToolkit.Client.Tests;

/// <summary>Logins of both clients with servers that want another way, or do not prove what they have to.</summary>
public sealed class LoginTests
{
    private static readonly string[] Scram = ["SCRAM-SHA-512", "SCRAM-SHA-256"];

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Older_ThatWantsScram_SaysNoPassword_WhereOnlyPlainIsOffered()
    {
        using var server = ScriptedServer.Create(out var transport);
        var connecting = Older.AmqpConnection.ConnectAsync(transport, ScriptedServer.Patient with { SaslMechanisms = Scram });
        await server.ExpectProtocolHeaderAsync();
        await server.SendAsync(Wire.Start("PLAIN AMQPLAIN ANONYMOUS"));

        var refusal = await Assert.ThrowsAsync<Older.ConnectFailedException>(() => connecting.WaitAsync(ScriptedServer.Patience));
        Assert.Contains("SCRAM-SHA-512 or SCRAM-SHA-256", refusal.Message, StringComparison.Ordinal);
        await server.ExpectEndAsync();
    }

    /// <summary>A server that takes whatever comes may be anybody.</summary>
    [Theory(Timeout = ScriptedServer.TestTimeout)]
    [InlineData(false, null)]
    [InlineData(true, null)]
    [InlineData(true, "v=AAAA")]
    [InlineData(true, "")]
    public async Task Older_WithAServerThatDoesNotProveItself_DoesNotOpen(bool asks, string? last)
    {
        using var server = ScriptedServer.Create(out var transport);
        var connecting = Older.AmqpConnection.ConnectAsync(transport, ScriptedServer.Patient with { SaslMechanisms = Scram });
        await server.ExpectProtocolHeaderAsync();
        await server.SendAsync(Wire.Start("PLAIN SCRAM-SHA-256"));
        string startOk = Encoding.Latin1.GetString((await server.ExpectAsync("connection.start-ok")).Arguments);
        Assert.Contains("SCRAM-SHA-256", startOk, StringComparison.Ordinal);
        string nonce = startOk[(startOk.IndexOf("n,,n=guest,r=", StringComparison.Ordinal) + 13)..][..24];
        if (asks)
        {
            await server.SendAsync(Secure($"r={nonce}more,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"));
            Assert.DoesNotContain("guest", Encoding.Latin1.GetString((await server.ExpectAsync("10/21")).Arguments), StringComparison.Ordinal);
        }

        await server.SendAsync(last is null ? Wire.Tune() : Secure(last));

        var refusal = await Assert.ThrowsAsync<Older.ConnectFailedException>(() => connecting.WaitAsync(ScriptedServer.Patience));
        Assert.Contains("has not proved", refusal.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Older_WithPlain_AnswersNoChallenge()
    {
        using var server = ScriptedServer.Create(out var transport);
        var connecting = Older.AmqpConnection.ConnectAsync(transport, ScriptedServer.Patient);
        await server.ExpectProtocolHeaderAsync();
        await server.SendAsync(Wire.Start());
        await server.ExpectAsync("connection.start-ok");
        await server.SendAsync(Secure("once more"));

        Assert.Equal(503, (await Assert.ThrowsAsync<Older.ConnectFailedException>(() => connecting.WaitAsync(ScriptedServer.Patience))).ReplyCode);
    }

    [Theory(Timeout = ScriptedServer.TestTimeout)]
    [InlineData(null, null)]
    [InlineData("r={0}more,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", null)]
    [InlineData("r={0}more,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "v=AAAA")]
    [InlineData("r={0}more,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1", "v=AAAA")]
    public async Task Newer_WithAPeerThatDoesNotProveItself_DoesNotOpen(string? challenge, string? last)
    {
        await using var peer = new ScriptedPeer();
        var connecting = Newer.AmqpConnection.ConnectAsync(peer.ClientEnd, ScriptedPeer.Options with { SaslMechanisms = Scram });
        await peer.ExpectAsync("header 3");
        await peer.SendAsync(Peer.SaslHeader, Peer.Sasl(new SaslMechanisms { SaslServerMechanisms = EncodedValue.Symbols("PLAIN", "SCRAM-SHA-256") }));
        var init = (await peer.ExpectAsync("init")).Body;
        Assert.Equal(DecodeError.None, SaslInitView.TryParse(init, out var view, out _));
        string first = Encoding.ASCII.GetString(view.InitialResponse);
        Assert.StartsWith("n,,n=guest,r=", first, StringComparison.Ordinal);
        if (challenge is not null)
        {
            await peer.SendAsync(Peer.Sasl(new SaslChallenge { Challenge = Encoding.ASCII.GetBytes(challenge.Replace("{0}", first[13..], StringComparison.Ordinal)) }));
        }

        if (challenge is null || challenge.EndsWith("4096", StringComparison.Ordinal))
        {
            var outcome = new SaslOutcome { Code = SaslCode.Ok };
            await peer.SendAsync(Peer.Sasl(last is null ? outcome : outcome with { AdditionalData = Encoding.ASCII.GetBytes(last) }));
        }

        var refusal = await Assert.ThrowsAsync<Newer.AmqpException>(() => connecting.WaitAsync(ScriptedPeer.Patience));
        Assert.Matches("has not proved|1 iterations", refusal.Message);
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Newer_ThatWantsScram_SaysNoPassword_WhereOnlyPlainIsOffered()
    {
        await using var peer = new ScriptedPeer();
        var connecting = Newer.AmqpConnection.ConnectAsync(peer.ClientEnd, ScriptedPeer.Options with { SaslMechanisms = Scram });
        await peer.ExpectAsync("header 3");
        await peer.SendAsync(Peer.SaslHeader, Peer.Sasl(new SaslMechanisms { SaslServerMechanisms = EncodedValue.Symbols("PLAIN", "ANONYMOUS") }));

        var refusal = await Assert.ThrowsAsync<Newer.AmqpException>(() => connecting.WaitAsync(ScriptedPeer.Patience));
        Assert.Contains("the peer does not offer SCRAM-SHA-512 or SCRAM-SHA-256", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Mechanisms_ThatAreNone_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => new Older.AmqpConnectionOptions { SaslMechanisms = [] });
        Assert.Throws<ArgumentException>(() => new Newer.AmqpConnectionOptions { SaslMechanisms = ["PLAIN", "NTLM"] });
        Assert.Throws<ArgumentException>(() => Older.AmqpConnectionOptions.Parse("amqp://localhost/?auth_mechanism=ntlm"));
        Assert.Equal(["PLAIN"], Older.AmqpConnectionOptions.Parse("amqp://localhost/?auth_mechanism=plain").SaslMechanisms);
        Assert.Equal(["SCRAM-SHA-512", "PLAIN"], Older.AmqpConnectionOptions.Parse("amqp://localhost/?auth_mechanism=SCRAM-SHA-512&auth_mechanism=PLAIN").SaslMechanisms);
    }

    private static byte[] Secure(string challenge) => Wire.Method(0, 10, 20, Encoding.ASCII.GetBytes(challenge));
}
