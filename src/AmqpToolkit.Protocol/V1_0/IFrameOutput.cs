namespace AmqpToolkit.Protocol.V1_0;

/// <summary>Where frames are written. The engine fills what it reserved before it reserves again.</summary>
public interface IFrameOutput
{
    /// <summary>Room for <paramref name="octets"/> in a row.</summary>
    Span<byte> Reserve(int octets);

    /// <summary>Appends the first <paramref name="octets"/> of what was reserved last.</summary>
    void Advance(int octets);
}
