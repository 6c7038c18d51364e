namespace AmqpToolkit.Codec;

/// <summary>A method that can write itself. Implemented by the generated owned forms.</summary>
public interface IMethod
{
    /// <summary>Class id in the upper, method id in the lower sixteen bits.</summary>
    static abstract uint MethodKey { get; }

    /// <summary>Upper bound of what <see cref="Write"/> writes, in octets.</summary>
    int MaxOctets { get; }

    /// <summary>Writes class id, method id and arguments.</summary>
    /// <param name="destination">At least <see cref="MaxOctets"/> long.</param>
    /// <returns>The number of octets written.</returns>
    int Write(Span<byte> destination);
}
