namespace AmqpToolkit.Storage.Journaling;

/// <summary>What a definition is called: its kind, and octets that are unique in it.</summary>
internal readonly struct DefinitionName(ushort kind, byte[] name) : IEquatable<DefinitionName>
{
    public ushort Kind { get; } = kind;

    public ReadOnlySpan<byte> Name => name;

    public bool Equals(DefinitionName other) => Kind == other.Kind && Name.SequenceEqual(other.Name);

    public override bool Equals(object? obj) => obj is DefinitionName other && Equals(other);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(Kind);
        hash.AddBytes(name);
        return hash.ToHashCode();
    }
}
