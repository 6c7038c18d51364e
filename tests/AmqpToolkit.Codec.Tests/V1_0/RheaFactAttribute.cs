namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>A test against rhea, a JavaScript implementation of 1.0 (npm: rhea; NODE_PATH names its folder). Skipped without it.</summary>
internal sealed class RheaFactAttribute : FactAttribute
{
    private static readonly bool Found = LinePeer.Works("node", "-e", "require('rhea')");

    public RheaFactAttribute()
    {
        if (!Found)
        {
            Skip = "needs node with rhea; NODE_PATH names its folder";
        }
    }

    internal static LinePeer Peer() => new("node", "rhea_peer.js");
}
