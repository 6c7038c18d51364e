using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Own;

/// <summary>Row 113: the broker stops while clients are there.</summary>
public sealed class StopTests
{
    private const string Forced = "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'";

    [OwnBrokerFact]
    [Row("113")]
    public async Task Stop_WithClients_ClosesThemWith320AndWaitsForTheirCloseOk()
    {
        await using var broker = await PrivateBroker.StartAsync();
        using var one = ScriptedPeer.OpenWithChannels(broker.UnderTest, 1);
        using var two = ScriptedPeer.Open(broker.UnderTest);
        one.Consume(1, one.DeclareQueue(1), "tag");

        var stopping = broker.Broker.StopAsync();

        one.ExpectConnectionClose(320, Forced, null);
        two.ExpectConnectionClose(320, Forced, null);
        one.Send(0, "connection.close-ok");
        two.Send(0, "connection.close-ok");
        one.ExpectSocketClosed();
        two.ExpectSocketClosed();
        await stopping.WaitAsync(ScriptedPeer.Deadline);
        Assert.Equal(0, broker.Broker.ConnectionCount);
        Assert.Empty(broker.Defects);
    }

    [OwnBrokerFact]
    public async Task Stop_WithAClientThatDoesNotAnswer_EndsAllTheSame()
    {
        await using var broker = await PrivateBroker.StartAsync();
        using var silent = ScriptedPeer.Open(broker.UnderTest);
        using var stranger = ScriptedPeer.Started(broker.UnderTest);

        await broker.Broker.StopAsync().WaitAsync(ScriptedPeer.Deadline);

        silent.ExpectConnectionClose(320, Forced, null);
        silent.ExpectSocketClosed();
        stranger.ExpectSocketClosed();
        Assert.Equal(0, broker.Broker.ConnectionCount);
    }
}
