namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>A test against qpid-proton's Data (Debian: python3-qpid-proton). Skipped without it.</summary>
internal sealed class ProtonFactAttribute : FactAttribute
{
    private static readonly string? FoundPython = new[] { "/usr/bin/python3", "python3" }.FirstOrDefault(python => LinePeer.Works(python, "-c", "from proton import Data"));

    public ProtonFactAttribute()
    {
        if (FoundPython is null)
        {
            Skip = "needs python3 with proton (Debian: python3-qpid-proton)";
        }
    }

    internal static LinePeer Peer() => new(FoundPython ?? throw new InvalidOperationException("No Python with proton."), "proton_peer.py");
}
