namespace AmqpToolkit.Decode.Streams;

/// <summary>Bounds what all streams together keep.</summary>
internal sealed class KeptOctets(long most)
{
    private long _kept;

    /// <summary>Takes room for octets; false when there is none.</summary>
    public bool Take(long octets)
    {
        if (_kept + octets > most)
        {
            return false;
        }

        _kept += octets;
        return true;
    }

    /// <summary>Gives room back.</summary>
    public void Give(long octets) => _kept -= octets;
}
