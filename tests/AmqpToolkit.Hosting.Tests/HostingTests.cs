using System.Diagnostics.Metrics;
using AmqpToolkit.Broker;
using AmqpToolkit.Broker.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Hosting.Tests;

/// <summary>A broker as a service of a host.</summary>
public sealed class HostingTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Broker_OfAHost_StartsAndStopsWithIt()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddAmqpBroker(_ => new AmqpBrokerOptions { Endpoints = [] });
        using var host = builder.Build();
        var hosted = host.Services.GetRequiredService<HostedAmqpBroker>();
        Assert.False(hosted.IsRunning);
        Assert.Throws<InvalidOperationException>(() => hosted.Broker);

        await host.StartAsync().WaitAsync(Patience);
        Assert.True(hosted.IsRunning);
        var connection = await hosted.Broker.ConnectAsync().WaitAsync(Patience);
        await host.StopAsync().WaitAsync(Patience);
        Assert.False(hosted.IsRunning);
        await connection.Closed.WaitAsync(Patience);
    }

    [Fact]
    public async Task Broker_WithASection_HasItsSettingsAndTheHostsLog()
    {
        var log = new RecordingLoggerProvider();
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Trace);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Broker:Endpoints:0"] = "127.0.0.1:0",
            ["Broker:Profile"] = "3.13",
            ["Broker:HeartbeatSeconds"] = "17",
            ["Broker:VirtualHosts:0"] = "/",
            ["Broker:VirtualHosts:1"] = "orders",
            ["Broker:Users:0:Name"] = "worker",
            ["Broker:Users:0:Password"] = "secret",
        });
        builder.Services.AddAmqpBroker(builder.Configuration.GetSection("Broker"));
        using var host = builder.Build();
        await host.StartAsync().WaitAsync(Patience);
        var broker = host.Services.GetRequiredService<HostedAmqpBroker>().Broker;
        Assert.NotEqual(0, Assert.Single(broker.Endpoints).Port);
        Assert.Equal(["/", "orders"], broker.VirtualHosts.Names);

        await using var connection = await Client.V0_9_1.AmqpConnection.ConnectAsync($"amqp://worker:secret@{broker.Endpoints[0]}/orders").WaitAsync(Patience);
        Assert.Equal(17, connection.HeartbeatSeconds);
        Assert.Contains("AmqpToolkit.Broker", log.Categories);
        await host.StopAsync().WaitAsync(Patience);
    }

    [Fact]
    public async Task Section_WithAnEmptyList_MeansNone()
    {
        using var json = new MemoryStream("""{ "Endpoints": [], "ConsumerTimeout": "never" }"""u8.ToArray());
        var options = BrokerSection.Read(new ConfigurationBuilder().AddJsonStream(json).Build(), loggers: null, time: null);
        Assert.Empty(options.Endpoints);
        Assert.Null(options.ConsumerTimeout);
        Assert.Equal(60, options.HeartbeatSeconds);

        // Nobody has asked for heartbeats, so there are none in memory.
        await using var broker = await AmqpBroker.StartAsync(options).WaitAsync(Patience);
        await using var connection = await broker.ConnectAsync().WaitAsync(Patience);
        Assert.Equal(0, connection.HeartbeatSeconds);
    }

    [Fact]
    public void Services_WithTwoBrokers_AreRefused()
    {
        var services = new ServiceCollection().AddAmqpBroker(_ => new AmqpBrokerOptions { Endpoints = [] });
        Assert.Throws<InvalidOperationException>(() => services.AddAmqpBroker(_ => new AmqpBrokerOptions { Endpoints = [] }));
    }

    [Fact]
    public async Task Broker_ThatNeverStarts_LeavesNobodyWaiting()
    {
        var hosted = new HostedAmqpBroker(() => new AmqpBrokerOptions { Endpoints = [] }, new BrokerMetrics(null));
        await hosted.DisposeAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hosted.Started.WaitAsync(Patience));
        await Assert.ThrowsAsync<InvalidOperationException>(() => hosted.StartAsync(CancellationToken.None).WaitAsync(Patience));
    }

    [Theory]
    [InlineData("Broker:Prot", "5672", "Broker:Prot")]
    [InlineData("Broker:Endpoints:0", "localhost", "Broker:Endpoints")]
    [InlineData("Broker:Endpoints:0", "127.0.0.1", "Broker:Endpoints")]
    [InlineData("Broker:HeartbeatSeconds", "70000", "Broker:HeartbeatSeconds")]
    [InlineData("Broker:Profile", "2.8", "Broker:Profile")]
    [InlineData("Broker:Users:0:Password", "x", "Broker:Users")]
    public async Task Section_ThatIsWrong_FailsTheStartAndSaysWhere(string key, string value, string where)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { [key] = value });
        builder.Services.AddAmqpBroker(builder.Configuration.GetSection("Broker"));
        using var host = builder.Build();
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => host.StartAsync().WaitAsync(Patience));
        Assert.Contains(where, failure.Message, StringComparison.Ordinal);
        Assert.False(host.Services.GetRequiredService<HostedAmqpBroker>().IsRunning);
    }

    [Fact]
    public async Task HealthCheck_OfABroker_TellsWhetherItServes()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddAmqpBroker(_ => new AmqpBrokerOptions { Endpoints = [] });
        builder.Services.AddHealthChecks().AddCheck<AmqpBrokerHealthCheck>("amqp-broker");
        using var host = builder.Build();
        var checks = host.Services.GetRequiredService<HealthCheckService>();
        Assert.Equal(HealthStatus.Unhealthy, (await checks.CheckHealthAsync().WaitAsync(Patience)).Status);
        await host.StartAsync().WaitAsync(Patience);
        Assert.Equal(HealthStatus.Healthy, (await checks.CheckHealthAsync().WaitAsync(Patience)).Status);
        await host.StopAsync().WaitAsync(Patience);
        Assert.Equal(HealthStatus.Unhealthy, (await checks.CheckHealthAsync().WaitAsync(Patience)).Status);
    }

    [Fact]
    public async Task Metrics_OfABroker_CountWhatIsThere()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddAmqpBroker(_ => new AmqpBrokerOptions { Endpoints = [] });
        using var host = builder.Build();
        await host.StartAsync().WaitAsync(Patience);
        var meters = host.Services.GetRequiredService<IMeterFactory>();
        await using (var connection = await host.Services.GetRequiredService<HostedAmqpBroker>().Broker.ConnectAsync().WaitAsync(Patience))
        {
            var channel = await connection.OpenChannelAsync().AsTask().WaitAsync(Patience);
            await channel.QueueDeclareAsync("q").AsTask().WaitAsync(Patience);
            await channel.PublishAsync("", "q", "1"u8.ToArray()).AsTask().WaitAsync(Patience);
            Assert.Equal(1, Collect(meters)["amqp.broker.connections"]);
        }

        var measured = Collect(meters);
        Assert.Equal((1, 1, 0, 0), (measured["amqp.broker.queues"], measured["amqp.broker.messages.ready"], measured["amqp.broker.messages.unacknowledged"], measured["amqp.broker.consumers"]));
        await host.StopAsync().WaitAsync(Patience);
    }

    private static Dictionary<string, long> Collect(IMeterFactory meters)
    {
        var measured = new Dictionary<string, long>(StringComparer.Ordinal);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == "AmqpToolkit.Broker" && ReferenceEquals(instrument.Meter.Scope, meters))
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            Assert.Equal(new KeyValuePair<string, object?>("amqp.virtual_host", "/"), Assert.Single(tags.ToArray()));
            measured[instrument.Name] = value;
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return measured;
    }
}
