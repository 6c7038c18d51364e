namespace AmqpToolkit.Codec.Descriptions;

/// <summary>
/// What a definition says about something that has fields on the wire, for code that reads what it was not compiled for: a dissector, a log, a proxy. The
/// generator emits one for each when it is asked for the part <c>Describe</c>. Immutable.
/// </summary>
/// <param name="kind">What it is.</param>
/// <param name="name">Its name in the definition, with its class: <c>basic.publish</c>.</param>
/// <param name="code">The number that stands for it on the wire: class and method id, class id, class and code, descriptor.</param>
/// <param name="fields">Its fields in their order on the wire, reserved ones included.</param>
public sealed class ShapeDescription(ShapeKind kind, string name, ulong code, FieldDescription[] fields)
{
    /// <summary>What it is.</summary>
    public ShapeKind Kind { get; } = kind;

    /// <summary>Its name in the definition, with its class: <c>basic.publish</c>.</summary>
    public string Name { get; } = name;

    /// <summary>
    /// The number that stands for it on the wire: of a method class id and method id, 16 bits each; of properties the class id; of what 0-10 packs class and
    /// own code, 8 bits each, <see cref="ulong.MaxValue"/> for a struct without one; of 1.0 the descriptor.
    /// </summary>
    public ulong Code { get; } = code;

    /// <summary>Its fields in their order on the wire, reserved ones included. Of a <see cref="ShapeKind.Value"/> the value itself.</summary>
    public IReadOnlyList<FieldDescription> Fields { get; } = fields;

    /// <summary>1.0: the symbol that stands for the descriptor.</summary>
    public string Symbol { get; init; } = "";

    /// <summary>0-10: octets of the presence bits.</summary>
    public int PackOctets { get; init; }

    /// <summary>0-10: octets of the size before it.</summary>
    public int SizeOctets { get; init; }
}
