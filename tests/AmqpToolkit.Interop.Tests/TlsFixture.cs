using System.Text.RegularExpressions;

namespace AmqpToolkit.Interop.Tests;

/// <summary>A broker with a port for TLS that asks clients for certificates, and the certificates.</summary>
public sealed partial class TlsFixture : BrokerFixture, IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _other = new("Other Authority");

    /// <summary>amqps://guest:guest@localhost:port/#folder-with-the-files</summary>
    public string TlsUrl => $"amqps://guest:guest@localhost:{TlsPort}/#{Path.GetDirectoryName(_authority.File)}";

    /// <summary>Who has issued them.</summary>
    public TestAuthority Authority => _authority;

    /// <summary>The port for TLS.</summary>
    public int TlsPort => int.Parse(TlsEndpoint().Match(Said).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    protected override IEnumerable<string> Options
    {
        get
        {
            _authority.IssueClientFile("app.pem", "CN=app,O=Shop");
            _authority.IssueClientFile("stranger.pem", "CN=stranger");
            _authority.IssueClientFile("expired.pem", "CN=app", daysLeft: -1);
            _authority.Write("foreign.pem", File.ReadAllText(_other.IssueClientFile("foreign.pem", "CN=app")));
            string definitions = _authority.Write("definitions.json", """
                {
                  "users": [ { "name": "guest", "password": "guest", "tags": [] }, { "name": "app", "tags": [] } ],
                  "vhosts": [ { "name": "/" } ],
                  "permissions": [ { "user": "guest", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*" }, { "user": "app", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*" } ]
                }
                """);
            return
            [
                "--definitions", definitions, "--tls-port", "0", "--tls-certificate", _authority.IssueServer("broker.pem", "localhost"), "--tls-authorities", _authority.File,
                "--tls-host", $"shop.example={_authority.IssueServer("shop.pem", "shop.example")}",
            ];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _authority.Dispose();
        _other.Dispose();
    }

    [GeneratedRegex(@"with TLS on 127\.0\.0\.1:(\d+)")]
    private static partial Regex TlsEndpoint();
}
