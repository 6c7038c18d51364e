namespace AmqpToolkit.Codec.V1_0;

/// <summary>The primitive types of 1.0 (1.6), and what has a descriptor before it (1.1.2).</summary>
public enum AmqpType : byte
{
    /// <summary>No type: the constructor is unknown.</summary>
    Unknown = 0,

    /// <summary>A descriptor, then a value.</summary>
    Described,

    /// <summary>null (1.6.1).</summary>
    Null,

    /// <summary>boolean (1.6.2).</summary>
    Boolean,

    /// <summary>ubyte: unsigned, 8 bits (1.6.3).</summary>
    UByte,

    /// <summary>ushort: unsigned, 16 bits (1.6.4).</summary>
    UShort,

    /// <summary>uint: unsigned, 32 bits (1.6.5).</summary>
    UInt,

    /// <summary>ulong: unsigned, 64 bits (1.6.6).</summary>
    ULong,

    /// <summary>byte: signed, 8 bits (1.6.7).</summary>
    Byte,

    /// <summary>short: signed, 16 bits (1.6.8).</summary>
    Short,

    /// <summary>int: signed, 32 bits (1.6.9).</summary>
    Int,

    /// <summary>long: signed, 64 bits (1.6.10).</summary>
    Long,

    /// <summary>float: IEEE 754 binary32 (1.6.11).</summary>
    Float,

    /// <summary>double: IEEE 754 binary64 (1.6.12).</summary>
    Double,

    /// <summary>decimal32: IEEE 754, kept as its bits (1.6.13).</summary>
    Decimal32,

    /// <summary>decimal64: IEEE 754, kept as its bits (1.6.14).</summary>
    Decimal64,

    /// <summary>decimal128: IEEE 754, kept as its bits (1.6.15).</summary>
    Decimal128,

    /// <summary>char: one Unicode scalar value (1.6.16).</summary>
    Char,

    /// <summary>timestamp: milliseconds since 1970, signed (1.6.17).</summary>
    Timestamp,

    /// <summary>uuid, in network order (1.6.18).</summary>
    Uuid,

    /// <summary>binary: octets (1.6.19).</summary>
    Binary,

    /// <summary>string: UTF-8 (1.6.20).</summary>
    String,

    /// <summary>symbol: ASCII (1.6.21).</summary>
    Symbol,

    /// <summary>list: values of any types (1.6.22).</summary>
    List,

    /// <summary>map: pairs of values (1.6.23).</summary>
    Map,

    /// <summary>array: values of one type (1.6.24).</summary>
    Array,
}
