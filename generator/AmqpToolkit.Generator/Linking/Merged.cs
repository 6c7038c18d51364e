using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Linking;

/// <summary>A thing of a document, and the file that it stood in. Lives only while an edition is linked.</summary>
internal sealed class Sourced<T>(string path, T item)
{
    public string Path { get; } = path;

    public T Item { get; } = item;
}

/// <summary>A class while overlays are laid over it.</summary>
internal sealed class MergedClass(string path, RawClass origin)
{
    public string Path { get; } = path;

    public int Node { get; } = origin.Node;

    public string Name { get; } = origin.Name;

    public int Index { get; } = origin.Index ?? 0;

    public string? Label { get; set; } = origin.Label;

    public List<Sourced<RawField>> Properties { get; } = origin.Fields.Select(field => new Sourced<RawField>(path, field)).ToList();

    public List<MergedMethod> Methods { get; } = [];
}

/// <summary>A method while overlays are laid over it.</summary>
internal sealed class MergedMethod
{
    public MergedMethod(string path, RawMethod origin)
    {
        Path = path;
        Node = origin.Node;
        Name = origin.Name;
        Index = origin.Index ?? 0;
        Apply(path, origin);
        Fields.AddRange(origin.Fields.Select(field => new Sourced<RawField>(path, field)));
    }

    public string Path { get; }

    public int Node { get; }

    public string Name { get; }

    public int Index { get; }

    public string? Label { get; private set; }

    public bool Synchronous { get; private set; }

    public bool HasContent { get; private set; }

    public bool Deprecated { get; private set; }

    public HashSet<string> Roles { get; } = new(StringComparer.Ordinal);

    public List<Sourced<RawResponse>> Responses { get; } = [];

    public List<Sourced<RawField>> Fields { get; } = [];

    /// <summary>Sets what the other one says; fields are the caller's business.</summary>
    public void Apply(string path, RawMethod other)
    {
        Label = other.Label ?? Label;
        Synchronous = other.Synchronous ?? Synchronous;
        HasContent = other.Content ?? HasContent;
        Deprecated = other.Deprecated ?? Deprecated;
        Roles.UnionWith(other.Roles);
        Responses.AddRange(other.Responses
            .Where(response => Responses.All(known => known.Item.Name != response.Name))
            .Select(response => new Sourced<RawResponse>(path, response)));
    }
}
