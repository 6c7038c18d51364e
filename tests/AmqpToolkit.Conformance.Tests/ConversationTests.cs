using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests;

/// <summary>A class of conversations: peers that are gone when the test is.</summary>
public abstract class ConversationTests : IDisposable
{
    private readonly List<ScriptedPeer> _peers = [];

    /// <inheritdoc/>
    public void Dispose()
    {
        _peers.ForEach(peer => peer.Dispose());
        GC.SuppressFinalize(this);
    }

    private protected ScriptedPeer Use(ScriptedPeer peer)
    {
        _peers.Add(peer);
        return peer;
    }

    /// <summary>An open connection with channel 1.</summary>
    private protected ScriptedPeer Open() => Use(ScriptedPeer.OpenWithChannels(BrokerUnderTest.Default, 1));

    private protected ScriptedPeer Open(params ushort[] channels) => Use(ScriptedPeer.OpenWithChannels(BrokerUnderTest.Default, channels));
}
