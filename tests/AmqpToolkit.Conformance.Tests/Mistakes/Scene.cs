using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Mistakes;

/// <summary>
/// Where a mistake is made: a connection with channels 1 (for the mistake) and 2, and another connection with channel 1;
/// both must survive as far as the mistake's scope lets them.
/// </summary>
internal sealed class Scene : IDisposable
{
    public Scene(BrokerUnderTest broker, int frameMax, string? user = null, Edition edition = Edition.V0_9_1)
    {
        Broker = broker;
        Other = ScriptedPeer.OpenWithChannels(broker, 1);
        Peer = ScriptedPeer.Open(user is null ? broker : broker.AsTestUser(user), frameMax: frameMax, edition: edition);
        Peer.OpenChannel(1);
        Peer.OpenChannel(2);
    }

    public BrokerUnderTest Broker { get; }

    public ScriptedPeer Peer { get; }

    public ScriptedPeer Other { get; }

    /// <summary>The name of a queue that nobody else uses; declared by nobody yet.</summary>
    public string Q { get; } = Unique.Name("q");

    /// <summary>The same for an exchange.</summary>
    public string X { get; } = Unique.Name("x");

    public string Expand(string text) => text.Replace("{q}", Q, StringComparison.Ordinal).Replace("{x}", X, StringComparison.Ordinal);

    /// <summary>The mistake's method on channel 1.</summary>
    public void Send(string method, params object?[] fields) => Peer.Send(1, method, fields);

    /// <summary>Declares the scene's queue, exclusive to the erring connection.</summary>
    public void DeclareOwnQueue(byte[]? arguments = null) => Peer.DeclareQueue(1, Q, exclusive: true, arguments: arguments);

    /// <summary>Declares the scene's queue, exclusive to the other connection.</summary>
    public void DeclareForeignQueue() => Other.DeclareQueue(1, Q, exclusive: true);

    /// <summary>
    /// Declares the scene's queue, auto-delete, so that both may use it, and consumed by the other connection, so that it goes with it; durable,
    /// because 4.3 takes no other.
    /// </summary>
    public void DeclareSharedQueue(bool exclusiveConsumer = false)
    {
        Other.DeclareQueue(1, Q, durable: true, autoDelete: true);
        Other.Consume(1, Q, "other", exclusive: exclusiveConsumer);
    }

    /// <summary>Declares the scene's exchange; <see cref="Dispose"/> deletes it.</summary>
    public void DeclareExchange(string type = "direct", bool @internal = false) => Other.DeclareExchange(1, X, type, @internal: @internal);

    public void Dispose()
    {
        Peer.Dispose();
        Other.Call(1, "exchange.delete", 0, X, false, false);
        Other.Dispose();
    }
}
