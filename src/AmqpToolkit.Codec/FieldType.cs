namespace AmqpToolkit.Codec;

/// <summary>
/// Type tags of field values as RabbitMQ and the clients in use speak them. The grammar of the 0-9-1 specification (4.2.1) differs:
/// there <c>s</c> is a short string; in practice it is a signed 16-bit integer, and <c>L</c> is signed as <c>l</c> is.
/// </summary>
public enum FieldType : byte
{
    /// <summary><c>V</c>: no value, no octets.</summary>
    Void = (byte)'V',

    /// <summary><c>t</c>: one octet, zero is false.</summary>
    Boolean = (byte)'t',

    /// <summary><c>b</c>: signed, 8 bits.</summary>
    Int8 = (byte)'b',

    /// <summary><c>B</c>: unsigned, 8 bits.</summary>
    UInt8 = (byte)'B',

    /// <summary><c>s</c>: signed, 16 bits.</summary>
    Int16 = (byte)'s',

    /// <summary><c>u</c>: unsigned, 16 bits.</summary>
    UInt16 = (byte)'u',

    /// <summary><c>I</c>: signed, 32 bits.</summary>
    Int32 = (byte)'I',

    /// <summary><c>i</c>: unsigned, 32 bits.</summary>
    UInt32 = (byte)'i',

    /// <summary><c>l</c>: signed, 64 bits.</summary>
    Int64 = (byte)'l',

    /// <summary><c>L</c>: signed, 64 bits; read, never written by this library.</summary>
    Int64Alternative = (byte)'L',

    /// <summary><c>f</c>: IEEE 754 binary32.</summary>
    Single = (byte)'f',

    /// <summary><c>d</c>: IEEE 754 binary64.</summary>
    Double = (byte)'d',

    /// <summary><c>D</c>: one octet of scale (places after the point), then a signed 32-bit integer.</summary>
    Decimal = (byte)'D',

    /// <summary><c>S</c>: 32-bit length, then octets; text by convention, any octets in fact.</summary>
    LongString = (byte)'S',

    /// <summary><c>x</c>: 32-bit length, then octets.</summary>
    Binary = (byte)'x',

    /// <summary><c>T</c>: seconds since the epoch, unsigned, 64 bits.</summary>
    Timestamp = (byte)'T',

    /// <summary><c>F</c>: 32-bit length in octets, then a field table.</summary>
    Table = (byte)'F',

    /// <summary><c>A</c>: 32-bit length in octets, then tagged values.</summary>
    Array = (byte)'A',
}
