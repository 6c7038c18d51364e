using AmqpToolkit.Decode.Values;

namespace AmqpToolkit.Decode.Framing;

/// <summary>Reply codes of the classic editions by name.</summary>
internal static class ReplyCodes
{
    /// <summary>The fields, with the name of the constant beside its number.</summary>
    public static IReadOnlyList<DecodedField> Name(Edition edition, IReadOnlyList<DecodedField> fields)
    {
        foreach (DecodedField field in fields)
        {
            if (field.Name == "reply-code" && field.Value is DecodedValue.Integer { Value: var number } && NameOf(edition, (ushort)number) is { Length: > 0 } name)
            {
                return [.. fields.Select(one => one.Name == "reply-code" ? new DecodedField(one.Name, new DecodedValue.Choice(name, one.Value)) : one)];
            }
        }

        return fields;
    }

    private static string NameOf(Edition edition, ushort code) => edition switch
    {
        Edition.V0_8 => Codec.V0_8.Constants.NameOf(code),
        Edition.V0_9 => Codec.V0_9.Constants.NameOf(code),
        _ => Codec.V0_9_1.Constants.NameOf(code),
    };
}
