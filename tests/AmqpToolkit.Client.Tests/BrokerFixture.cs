using AmqpToolkit.Broker;
using AmqpToolkit.Client.Tests.Scripted;
using AmqpToolkit.Client.V0_9_1;

namespace AmqpToolkit.Client.Tests;

/// <summary>The broker that the environment variable AMQP_URL names; without it ours, in this process.</summary>
public sealed class BrokerFixture : IAsyncLifetime
{
    private AmqpBroker? _broker;

    public AmqpConnectionOptions Options { get; private set; } = new();

    public async Task InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("AMQP_URL") is { Length: > 0 } url)
        {
            Options = AmqpConnectionOptions.Parse(url);
            return;
        }

        _broker = await StartAsync().WaitAsync(ScriptedServer.Patience);
        Options = Options with { Host = "127.0.0.1", Port = _broker.Endpoints[0].Port };
    }

    public async Task DisposeAsync()
    {
        if (_broker is not null)
        {
            await _broker.DisposeAsync().AsTask().WaitAsync(ScriptedServer.Patience);
        }
    }

    public Task<AmqpConnection> ConnectAsync() => AmqpConnection.ConnectAsync(Options);

    /// <summary>A broker of ours on a free port.</summary>
    public static Task<AmqpBroker> StartAsync()
    {
        var options = new AmqpBrokerOptions();
        options.Endpoints.Clear();
        options.Endpoints.Add(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        return AmqpBroker.StartAsync(options);
    }
}
