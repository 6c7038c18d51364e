using System.Numerics;

namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>A value of a field: what it is, and its octets in their shortest and longest form.</summary>
internal sealed record FieldVector(byte[] Octets, byte[] Wide);

/// <summary>Octets of a described type: which of its fields have a value (null for the others), by plain encoding.</summary>
internal sealed record SpecVector(SpecType Type, string Name, IReadOnlyList<FieldVector?> Fields)
{
    /// <summary>As our writer has to write it.</summary>
    internal byte[] Canonical() => PlainEncoder.Described(Type.Code, Type.IsComposite ? PlainEncoder.List(Items(field => field.Octets)) : Fields[0]!.Octets);

    /// <summary>The same value in other octets: symbolic or wide descriptor, wide fields, nulls at the end, and fields of a later edition.</summary>
    internal IEnumerable<byte[]> Others()
    {
        byte[] value = Type.IsComposite ? PlainEncoder.List(Items(field => field.Octets)) : Fields[0]!.Octets;
        yield return PlainEncoder.Described(Type.Symbol, value);
        yield return PlainEncoder.DescribedWide(Type.Code, value);
        if (!Type.IsComposite)
        {
            yield return PlainEncoder.Described(Type.Code, Fields[0]!.Wide);
            yield break;
        }

        yield return PlainEncoder.Described(Type.Code, PlainEncoder.List(Items(field => field.Wide), wide: true));
        List<byte[]> whole = [.. Fields.Select(field => field?.Octets ?? PlainEncoder.Null)];
        yield return PlainEncoder.Described(Type.Code, PlainEncoder.List(whole));
        yield return PlainEncoder.Described(Type.Code, PlainEncoder.List([.. whole, PlainEncoder.Null, PlainEncoder.Encode("string", "later")]));
    }

    public override string ToString() => $"{Type.Name}: {Name}";

    private List<byte[]> Items(Func<FieldVector, byte[]> octets)
    {
        int count = Fields.Count;
        while (count > 0 && Fields[count - 1] is null)
        {
            count--;
        }

        return [.. Fields.Take(count).Select(field => field is null ? PlainEncoder.Null : octets(field))];
    }
}

/// <summary>Vectors of every described type, made from the definition: all fields, none but the mandatory, each with these alone, and every sample of each.</summary>
internal static class SpecVectors
{
    internal static IEnumerable<SpecVector> Of(SpecType type)
    {
        FieldVector?[] mandatory = [.. type.Fields.Select(field => field.Mandatory ? Samples(field)[0] : null)];
        if (type.IsComposite)
        {
            yield return new SpecVector(type, "mandatory", mandatory);
            yield return new SpecVector(type, "all", [.. type.Fields.Select(field => Samples(field)[^1])]);
        }

        for (int i = 0; i < type.Fields.Count; i++)
        {
            int number = 0;
            foreach (FieldVector sample in Samples(type.Fields[i]))
            {
                FieldVector?[] fields = [.. mandatory];
                fields[i] = sample;
                yield return new SpecVector(type, $"{type.Fields[i].Name} {number++}", fields);
            }
        }
    }

    private static FieldVector[] Samples(SpecField field)
    {
        FieldVector[] samples = field.Primitive switch
        {
            "boolean" => Plain(field, false, true),
            "ubyte" => Plain(field, Number(0), Number(1), Number(200), Number(255)),
            "ushort" => Plain(field, Number(0), Number(256), Number(65535)),
            "uint" => Plain(field, Number(0), Number(1), Number(255), Number(256), Number(uint.MaxValue)),
            "ulong" => Plain(field, Number(0), Number(255), Number(256), Number(ulong.MaxValue)),
            "timestamp" => Plain(field, Number(0), Number(-1), Number(1_700_000_000_123)),
            "binary" => Plain(field, Array.Empty<byte>(), new byte[] { 7 }, new byte[255], new byte[256]),
            "string" => Plain(field, "", "é\U0001F600", new string('x', 255), new string('y', 256)),
            "symbol" => Plain(field, "", "amqp:symbol", new string('x', 255), new string('y', 256)),
            "list" => Same(PlainEncoder.List([]), PlainEncoder.List([PlainEncoder.Null, [0x41]]), PlainEncoder.List([PlainEncoder.Encode("binary", new byte[300])])),
            "map" => Same(
                PlainEncoder.Map(),
                PlainEncoder.Map(PlainEncoder.Encode("symbol", "key"), PlainEncoder.Encode("string", "value")),
                PlainEncoder.Map(PlainEncoder.Encode("symbol", "key"), PlainEncoder.Encode("binary", new byte[300]))),
            "error" => Same(
                PlainEncoder.Described(0x1D, PlainEncoder.List([PlainEncoder.Encode("symbol", "amqp:not-found")])),
                PlainEncoder.Described(0x1D, PlainEncoder.List([PlainEncoder.Encode("symbol", "x"), PlainEncoder.Encode("string", "why"), PlainEncoder.Map()]))),
            "*" => Same([.. Any(field.Requires)]),
            _ => throw new NotSupportedException($"{field.Name}: {field.Primitive}"),
        };
        return field.Multiple
            ? [.. samples.Select(sample => sample with { Wide = sample.Octets }), .. Same(PlainEncoder.SymbolArray(), PlainEncoder.SymbolArray("one"), PlainEncoder.SymbolArray("one", "", "three"))]
            : samples;
    }

    private static byte[][] Any(string? archetype) => archetype switch
    {
        "address" => [PlainEncoder.Encode("string", "/queues/q"), PlainEncoder.Encode("string", new string('x', 300))],
        "message-id" =>
        [
            PlainEncoder.Encode("ulong", Number(0)), PlainEncoder.Encode("ulong", Number(ulong.MaxValue)), PlainEncoder.Encode("uuid", Guid.Parse("00112233-4455-6677-8899-aabbccddeeff")),
            PlainEncoder.Encode("binary", new byte[] { 1, 2 }), PlainEncoder.Encode("string", "id"), PlainEncoder.Encode("string", "a longer id than fits in place"),
        ],
        "source" => [PlainEncoder.Described(0x28, PlainEncoder.List([PlainEncoder.Encode("string", "q")]))],
        "target" => [PlainEncoder.Described(0x29, PlainEncoder.List([])), PlainEncoder.Described(0x30, PlainEncoder.List([PlainEncoder.Encode("symbol", "amqp:local-transactions")]))],
        "delivery-state" =>
        [
            .. Outcomes(),
            PlainEncoder.Described(0x23, PlainEncoder.List([PlainEncoder.Encode("uint", Number(1)), PlainEncoder.Encode("ulong", Number(300))])),
            PlainEncoder.Described(0x34, PlainEncoder.List([PlainEncoder.Encode("binary", new byte[] { 1, 2, 3, 4 }), PlainEncoder.Described(0x24, PlainEncoder.List([]))])),
        ],
        "outcome" => [.. Outcomes()],
        "txn-id" => [PlainEncoder.Encode("binary", new byte[] { 1, 2, 3, 4 }), PlainEncoder.Encode("binary", new byte[32])],
        "global-tx-id" or null => [PlainEncoder.Encode("binary", new byte[] { 9 }), PlainEncoder.List([PlainEncoder.Encode("uint", Number(1))]), PlainEncoder.Encode("boolean", true)],
        _ => throw new NotSupportedException(archetype),
    };

    private static IEnumerable<byte[]> Outcomes() =>
    [
        PlainEncoder.Described(0x24, PlainEncoder.List([])),
        PlainEncoder.Described(0x25, PlainEncoder.List([PlainEncoder.Described(0x1D, PlainEncoder.List([PlainEncoder.Encode("symbol", "amqp:internal-error")]))])),
        PlainEncoder.Described(0x26, PlainEncoder.List([])),
        PlainEncoder.Described(0x27, PlainEncoder.List([[0x41], [0x42]])),
    ];

    private static FieldVector[] Plain(SpecField field, params object[] values) =>
        [.. values.Select(value => new FieldVector(PlainEncoder.Encode(field.Primitive, value), PlainEncoder.EncodeWide(field.Primitive, value)))];

    private static FieldVector[] Same(params byte[][] values) => [.. values.Select(octets => new FieldVector(octets, octets))];

    private static object Number(BigInteger value) => value;
}
