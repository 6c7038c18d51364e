using AmqpToolkit.Codec.Descriptions;

namespace AmqpToolkit.Decode.Framing;

/// <summary>Finds descriptions by what stands on the wire.</summary>
internal sealed class Shapes
{
    private static readonly Lazy<Shapes> _v0_8 = new(() => new Shapes(V0_8.Descriptions.All));
    private static readonly Lazy<Shapes> _v0_9 = new(() => new Shapes(V0_9.Descriptions.All));
    private static readonly Lazy<Shapes> _v0_9_1 = new(() => new Shapes(V0_9_1.Descriptions.All));
    private static readonly Lazy<Shapes> _v0_10 = new(() => new Shapes(V0_10.Descriptions.All));
    private static readonly Lazy<Shapes> _v1_0 = new(() => new Shapes(V1_0.Descriptions.All));

    private readonly Dictionary<(ShapeKind Kind, ulong Code), ShapeDescription> _byCode = [];
    private readonly Dictionary<string, ShapeDescription> _bySymbol = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ShapeDescription> _structs = new(StringComparer.Ordinal);

    private Shapes(IReadOnlyList<ShapeDescription> all)
    {
        foreach (ShapeDescription shape in all)
        {
            if (shape.Code != ulong.MaxValue)
            {
                _byCode[(shape.Kind, shape.Code)] = shape;
            }

            if (shape.Symbol.Length != 0)
            {
                _bySymbol[shape.Symbol] = shape;
            }

            if (shape.Kind == ShapeKind.Struct)
            {
                _structs[shape.Name] = shape;
            }
        }
    }

    public static Shapes Of(Edition edition) => edition switch
    {
        Edition.V0_8 => _v0_8.Value,
        Edition.V0_9 => _v0_9.Value,
        Edition.V0_10 => _v0_10.Value,
        Edition.V1_0 => _v1_0.Value,
        _ => _v0_9_1.Value,
    };

    /// <summary>What has a number.</summary>
    public ShapeDescription? Find(ShapeKind kind, ulong code) => _byCode.GetValueOrDefault((kind, code));

    /// <summary>What has a descriptor: a composite or another value.</summary>
    public ShapeDescription? FindDescribed(ulong code) => Find(ShapeKind.Composite, code) ?? Find(ShapeKind.Value, code);

    /// <summary>What has a symbolic descriptor.</summary>
    public ShapeDescription? FindDescribed(string symbol) => _bySymbol.GetValueOrDefault(symbol);

    /// <summary>The struct of a name.</summary>
    public ShapeDescription Struct(string name) => _structs[name];
}
