namespace AmqpToolkit.Codec.V0_10;

/// <summary>A packed struct, command or control of 0-10: presence bits, then the fields that are there.</summary>
public interface IPacked
{
    /// <summary>Class code and own code; -1 for a struct without.</summary>
    static abstract int Code { get; }

    /// <summary>Octets of the size that comes before it inside of others; 0 for none.</summary>
    static abstract int SizeOctets { get; }

    /// <summary>Upper bound of what <see cref="Write"/> writes.</summary>
    int MaxOctets { get; }

    /// <summary>Writes presence bits and fields, without size and code.</summary>
    /// <param name="destination">At least <see cref="MaxOctets"/> long.</param>
    /// <returns>The number of octets written.</returns>
    int Write(Span<byte> destination);
}
