namespace AmqpToolkit.Codec.Descriptions;

/// <summary>What a definition says about a field. Immutable.</summary>
/// <param name="name">Its name in the definition.</param>
/// <param name="type">
/// The base type at the end of its chain of domains, in the definition's words: <c>shortstr</c>, <c>vbin32</c>, <c>symbol</c>, <c>*</c>; for a struct of
/// 0-10 the name of the struct.
/// </param>
public sealed class FieldDescription(string name, string type)
{
    /// <summary>Its name in the definition.</summary>
    public string Name { get; } = name;

    /// <summary>The base type at the end of its chain of domains: <c>shortstr</c>, <c>vbin32</c>, <c>symbol</c>, <c>*</c>; or the name of the struct that it is.</summary>
    public string Type { get; } = type;

    /// <summary>It has a place on the wire and no meaning.</summary>
    public bool IsReserved { get; init; }

    /// <summary>1.0: null, one value, or an array of values.</summary>
    public bool IsMultiple { get; init; }

    /// <summary>0-10: octets of a value of fixed width; zero otherwise.</summary>
    public int FixedOctets { get; init; }

    /// <summary>0-10: octets of the length before a value or of the size before a struct; zero otherwise.</summary>
    public int LengthOctets { get; init; }

    /// <summary>0-10: the type is the name of a struct.</summary>
    public bool IsStruct { get; init; }

    /// <summary>The values that have a name; null where none has.</summary>
    public ChoicesDescription? Choices { get; init; }
}
