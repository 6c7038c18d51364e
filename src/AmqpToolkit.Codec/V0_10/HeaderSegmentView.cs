using System.Buffers.Binary;

namespace AmqpToolkit.Codec.V0_10;

/// <summary>
/// The payload of a header segment: any number of structs, in any order, each with its length of four octets and its code. Structs of unknown codes are passed
/// over.
/// </summary>
public readonly ref struct HeaderSegmentView
{
    private readonly ReadOnlySpan<byte> _payload;

    private HeaderSegmentView(ReadOnlySpan<byte> payload) => _payload = payload;

    /// <summary>Checks that the lengths of all structs fit; what is in the structs is checked by their views.</summary>
    /// <returns>
    /// <see cref="DecodeError.None"/>, <see cref="DecodeError.Truncated"/>, or <see cref="DecodeError.MalformedCompound"/> for a struct without a code.
    /// </returns>
    public static DecodeError TryParse(ReadOnlySpan<byte> payload, out HeaderSegmentView view)
    {
        view = default;
        int at = 0;
        while (at < payload.Length)
        {
            if (payload.Length - at < sizeof(uint))
            {
                return DecodeError.Truncated;
            }

            uint octets = BinaryPrimitives.ReadUInt32BigEndian(payload[at..]);
            at += sizeof(uint);
            if (octets > (uint)(payload.Length - at))
            {
                return DecodeError.Truncated;
            }

            if (octets < sizeof(ushort))
            {
                return DecodeError.MalformedCompound;
            }

            at += (int)octets;
        }

        view = new HeaderSegmentView(payload);
        return DecodeError.None;
    }

    /// <summary>Finds the first struct with a code.</summary>
    /// <param name="code">The <c>Code</c> of its generated view.</param>
    /// <param name="fields">Its presence bits and fields, for that view.</param>
    public bool TryGetStruct(ushort code, out ReadOnlySpan<byte> fields)
    {
        foreach (PackedStructView item in this)
        {
            if (item.Code == code)
            {
                fields = item.Fields;
                return true;
            }
        }

        fields = default;
        return false;
    }

    /// <summary>Walks over the structs.</summary>
    public Enumerator GetEnumerator() => new(_payload);

    /// <summary>Walks over structs that stand one after the other.</summary>
    public ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;

        internal Enumerator(ReadOnlySpan<byte> payload) => _rest = payload;

        /// <summary>The struct at hand.</summary>
        public PackedStructView Current { get; private set; }

        /// <summary>Goes to the next struct.</summary>
        public bool MoveNext()
        {
            if (_rest.IsEmpty)
            {
                return false;
            }

            int end = sizeof(uint) + (int)BinaryPrimitives.ReadUInt32BigEndian(_rest);
            Current = new PackedStructView(_rest[sizeof(uint)..end]);
            _rest = _rest[end..];
            return true;
        }
    }
}
