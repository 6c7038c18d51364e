namespace AmqpToolkit.Broker.Topology;

/// <summary>What a <see cref="Utf8Table{T}"/> holds: an object that carries its key and the key's hash. Both never change.</summary>
internal abstract class Utf8Entry
{
    protected Utf8Entry(byte[] key)
        : this(key, Utf8Hash.Of(key))
    {
    }

    protected Utf8Entry(byte[] key, int hash)
    {
        Key = key;
        Hash = hash;
    }

    public readonly byte[] Key;

    public readonly int Hash;
}
