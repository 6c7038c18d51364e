using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace AmqpToolkit.Codec.V1_0;

/// <summary>Reads descriptors (1.3): a number in any of three encodings, or a symbol. No state, any thread.</summary>
public static class DescriptorReader
{
    /// <summary>Goes past a descriptor that must be a certain one.</summary>
    /// <param name="source">A described value: <c>0x00, descriptor, value</c>.</param>
    /// <param name="code">The numeric descriptor.</param>
    /// <param name="symbol">The symbolic descriptor, which means the same.</param>
    /// <param name="at">Where the value stands.</param>
    public static DecodeError Pass(ReadOnlySpan<byte> source, ulong code, ReadOnlySpan<byte> symbol, out int at)
    {
        if (source.Length > 3 && source[0] == 0 && source[1] == 0x53 && source[2] == code)
        {
            at = 3;
            return DecodeError.None;
        }

        DecodeError error = Read(source, out ulong number, out ReadOnlySpan<byte> name, out at);
        return error != DecodeError.None || (name.IsEmpty ? number == code : name.SequenceEqual(symbol)) ? error : DecodeError.UnexpectedDescriptor;
    }

    /// <summary>Reads whatever descriptor there is.</summary>
    /// <param name="source">A described value.</param>
    /// <param name="code">The number, when it is one.</param>
    /// <param name="symbol">The symbol, when it is one; else empty.</param>
    /// <param name="at">Where the value stands.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DecodeError Read(ReadOnlySpan<byte> source, out ulong code, out ReadOnlySpan<byte> symbol, out int at)
    {
        if (source.Length > 2 && source[0] == 0 && source[1] == 0x53)
        {
            code = source[2];
            symbol = default;
            at = 3;
            return DecodeError.None;
        }

        return ReadSlow(source, out code, out symbol, out at);
    }

    private static DecodeError ReadSlow(ReadOnlySpan<byte> source, out ulong code, out ReadOnlySpan<byte> symbol, out int at)
    {
        code = 0;
        symbol = default;
        at = 0;
        if (source.IsEmpty)
        {
            return DecodeError.Truncated;
        }

        if (source[0] != 0)
        {
            return AmqpReader.TypeOf(source[0]) == AmqpType.Unknown ? DecodeError.UnknownConstructor : DecodeError.UnexpectedType;
        }

        DecodeError error = AmqpReader.Measure(source, 1, out at);
        if (error != DecodeError.None)
        {
            return error;
        }

        switch (source[1])
        {
            case 0x44:
                return DecodeError.None;
            case 0x53:
                code = source[2];
                return DecodeError.None;
            case 0x80:
                code = BinaryPrimitives.ReadUInt64BigEndian(source[2..]);
                return DecodeError.None;
            case 0xA3 or 0xB3:
                symbol = AmqpReader.VariableAt(source, 1);
                return symbol.IsEmpty ? DecodeError.UnexpectedDescriptor : DecodeError.None;
            default:
                return DecodeError.UnexpectedDescriptor;
        }
    }
}
