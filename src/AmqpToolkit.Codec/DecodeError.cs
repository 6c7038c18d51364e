namespace AmqpToolkit.Codec;

/// <summary>Why octets could not be decoded. Errors are values: no decoder throws for its input.</summary>
public enum DecodeError : byte
{
    /// <summary>Decoded.</summary>
    None = 0,

    /// <summary>The input ends before the value does.</summary>
    Truncated,

    /// <summary>Octets are left over after the last field.</summary>
    TrailingOctets,

    /// <summary>The class id is not part of this edition.</summary>
    UnknownClass,

    /// <summary>The class is known, the method, control or command is not.</summary>
    UnknownMethod,

    /// <summary>The method, control or command is known, but this role does not receive it.</summary>
    UnexpectedMethod,

    /// <summary>A short string is not well-formed UTF-8.</summary>
    InvalidUtf8,

    /// <summary>An entry of a field table or field array runs past the end of its container.</summary>
    MalformedTable,

    /// <summary>A field table holds a value whose type tag is unknown. 0-10: a type code tells no width.</summary>
    UnknownFieldType,

    /// <summary>Tables and arrays are nested deeper than <see cref="TableView.MaxDepth"/>.</summary>
    NestingTooDeep,

    /// <summary>The property flags of a content header are malformed. 0-10: a presence bit belongs to no field.</summary>
    MalformedProperties,

    /// <summary>1.0: a constructor octet is that of no type.</summary>
    UnknownConstructor,

    /// <summary>0-10, 1.0: a value is well-formed, but of another type than its field.</summary>
    UnexpectedType,

    /// <summary>1.0: a descriptor is not that of the type that was asked for.</summary>
    UnexpectedDescriptor,

    /// <summary>0-10, 1.0: size and count of a list, map or array contradict what is in it. 0-10: ranges are cut off, or a struct has no code or ends before its fields do.</summary>
    MalformedCompound,

    /// <summary>Octets have a value that their type does not have: a boolean of 2, a surrogate, a symbol outside ASCII, a range that ends before it starts.</summary>
    InvalidValue,

    /// <summary>A mandatory field is missing or null.</summary>
    MissingField,

    /// <summary>An array has more than 1024 elements without octets.</summary>
    TooManyElements,

    /// <summary>1.0: a section of a message is out of order, comes twice, or is a second body.</summary>
    UnexpectedSection,
}
