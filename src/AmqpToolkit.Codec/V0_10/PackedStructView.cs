using System.Buffers.Binary;

namespace AmqpToolkit.Codec.V0_10;

/// <summary>
/// A struct of any kind: <c>code, presence bits, fields</c>. The code tells which generated view takes <see cref="Fields"/>; <see cref="Structs"/> knows
/// the codes of this edition. A struct of an unknown code is passed over by its length.
/// </summary>
public readonly ref struct PackedStructView
{
    private readonly ReadOnlySpan<byte> _contents;

    /// <summary>A view of the octets after the length of a struct32.</summary>
    public PackedStructView(ReadOnlySpan<byte> contents) => _contents = contents;

    /// <summary>Class code and own code; zero, which no struct has, when they are not there.</summary>
    public ushort Code => _contents.Length < sizeof(ushort) ? (ushort)0 : BinaryPrimitives.ReadUInt16BigEndian(_contents);

    /// <summary>Presence bits and fields, for the view of the struct.</summary>
    public ReadOnlySpan<byte> Fields => _contents.Length < sizeof(ushort) ? default : _contents[sizeof(ushort)..];

    /// <summary>The octets of the struct with its code, without its length.</summary>
    public ReadOnlySpan<byte> Span => _contents;

    /// <summary>Copies the struct.</summary>
    public PackedValue ToOwned() => new(TypeCodes.Struct32, _contents.ToArray());
}
