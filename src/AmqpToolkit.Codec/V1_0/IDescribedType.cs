namespace AmqpToolkit.Codec.V1_0;

/// <summary>A composite, or a described value: something with a descriptor that writes itself.</summary>
public interface IDescribedType
{
    /// <summary>The numeric descriptor.</summary>
    static abstract ulong DescriptorCode { get; }

    /// <summary>Upper bound of what <see cref="Write"/> writes.</summary>
    int MaxOctets { get; }

    /// <summary>Writes descriptor and value.</summary>
    /// <param name="destination">At least <see cref="MaxOctets"/> long.</param>
    /// <returns>The number of octets written.</returns>
    int Write(Span<byte> destination);
}
