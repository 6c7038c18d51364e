namespace AmqpToolkit.Decode.Values;

/// <summary>A field under the name that the definition gives it.</summary>
internal readonly record struct DecodedField(string Name, DecodedValue Value);
