using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Linking;

/// <summary>A type while overlays are laid over it.</summary>
internal sealed class MergedType(string path, RawType origin)
{
    public string Path { get; } = path;

    public int Node { get; } = origin.Node;

    public string Name { get; } = origin.Name;

    public string Class { get; } = origin.Class!;

    public string? Source { get; } = origin.Source;

    public string? Label { get; private set; } = origin.Label;

    public bool IsBroken { get; set; }

    public HashSet<string> Provides { get; } = new(origin.Provides, StringComparer.Ordinal);

    public Sourced<RawDescriptor>? Descriptor { get; } = origin.Descriptor is null ? null : new(path, origin.Descriptor);

    public EquatableArray<RawEncoding> Encodings { get; } = origin.Encodings;

    public List<Sourced<RawTypeField>> Fields { get; } = origin.Fields.Select(field => new Sourced<RawTypeField>(path, field)).ToList();

    /// <summary>What its choices are called: a described type has the plain name for what carries its descriptor.</summary>
    public string ChoicesName => Descriptor is null ? Name : Name + "-choice";

    public List<Sourced<RawChoice>> Choices { get; } = origin.Choices.Select(choice => new Sourced<RawChoice>(path, choice)).ToList();

    /// <summary>Adds fields, choices and archetypes; sets attributes of fields that are there.</summary>
    public void Extend(string path, RawType other)
    {
        Label = other.Label ?? Label;
        Provides.UnionWith(other.Provides);
        Choices.AddRange(other.Choices.Select(choice => new Sourced<RawChoice>(path, choice)));
        foreach (RawTypeField field in other.Fields)
        {
            int known = Fields.FindIndex(candidate => candidate.Item.Name == field.Name);
            if (known < 0)
            {
                Fields.Add(new Sourced<RawTypeField>(path, field));
                continue;
            }

            RawTypeField old = Fields[known].Item;
            Fields[known] = new Sourced<RawTypeField>(path, field with
            {
                Type = field.Type ?? old.Type,
                Requires = field.Requires ?? old.Requires,
                Mandatory = field.Mandatory ?? old.Mandatory,
                Multiple = field.Multiple ?? old.Multiple,
                Default = field.Default ?? old.Default,
                Label = field.Label ?? old.Label,
            });
        }
    }
}

/// <summary>The types of an edition by name, and where the chains of their sources end.</summary>
internal sealed class TypeCatalog(string edition, FindingList findings)
{
    private readonly Dictionary<string, MergedType> _byName = new(StringComparer.Ordinal);
    private readonly HashSet<string> _reported = new(StringComparer.Ordinal);

    public IEnumerable<MergedType> Types => _byName.Values;

    public IEnumerable<string> Archetypes => Types.SelectMany(type => type.Provides).Distinct(StringComparer.Ordinal);

    /// <summary>Takes over the types of a document. Those of a base must be new; in an overlay one without a class extends another.</summary>
    public void Add(TypeDocument document)
    {
        foreach (RawType raw in document.Types)
        {
            bool isKnown = _byName.TryGetValue(raw.Name, out MergedType known);
            if (raw.Class is not null && !isKnown)
            {
                _byName.Add(raw.Name, new MergedType(document.Path, raw));
            }
            else if (raw.Class is not null)
            {
                findings.Add(Rules.Duplicate, document.Path, raw.Node, "name", "type name", raw.Name, "another type of this edition");
            }
            else if (!document.IsOverlay)
            {
                findings.Add(Rules.BadAttribute, document.Path, raw.Node, "class", "type", "class", "'primitive', 'composite' or 'restricted'");
            }
            else if (isKnown)
            {
                known.Extend(document.Path, raw);
            }
            else
            {
                findings.Add(Rules.OverlayWithoutTarget, document.Path, raw.Node, "name", "type", raw.Name, edition, Spelling.Suggest(raw.Name, _byName.Keys), "a class");
            }
        }
    }

    public bool IsProvided(string archetype) => Types.Any(type => type.Provides.Contains(archetype));

    /// <summary>The type itself, or the nearest one in its chain, that has choices.</summary>
    public MergedType? ChoicesOwnerOf(string name)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (seen.Add(name) && _byName.TryGetValue(name, out MergedType type))
        {
            if (type.Choices.Count != 0)
            {
                return type;
            }

            name = type.Source ?? "";
        }

        return null;
    }

    /// <summary>Whether a composite holds another one, itself included, at any depth. The value of something described is read when it is asked for, and holds nothing.</summary>
    public bool Holds(string composite, string other)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>([composite]);
        while (open.Count != 0)
        {
            string name = open.Pop();
            if (name == other)
            {
                return true;
            }

            if (!seen.Add(name) || !_byName.TryGetValue(name, out MergedType type))
            {
                continue;
            }

            if (type.Class == "restricted" && type is { Descriptor: null, Source: not null })
            {
                open.Push(type.Source);
            }

            foreach (Sourced<RawTypeField> field in type.Fields.Where(field => type.Class == "composite" && field.Item.Type is not null))
            {
                open.Push(field.Item.Type!);
            }
        }

        return false;
    }

    /// <summary>What the values of a restricted type are; null, and reported, when its chain ends nowhere.</summary>
    public TypeReference? Resolve(MergedType type)
    {
        if (type.Source is null)
        {
            findings.Add(Rules.BadAttribute, type.Path, type.Node, "source", "type", "source", "the type that it restricts");
            return null;
        }

        // Its own descriptor is the business of who asks; behind it may stand anything, another descriptor for one.
        TypeReference? reference = Resolve(type.Name, type.Path, type.Node, type);
        return type.Descriptor is not null && reference?.Composite is not null ? new TypeReference(Primitives.Any, null, null, null) : reference;
    }

    /// <summary>What a name stands for; null, and reported, when its chain ends nowhere.</summary>
    public TypeReference? Resolve(string name, string path, int node) => Resolve(name, path, node, null);

    private TypeReference? Resolve(string name, string path, int node, MergedType? opened)
    {
        string attribute = "type";
        string? choices = null;
        string? described = null;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            bool isDeclared = _byName.TryGetValue(name, out MergedType type) && type.Class != "primitive";
            if (!isDeclared && (name == Primitives.Any || Primitives.IsKnown(name)))
            {
                return new TypeReference(name, described is null && choices is not null && Primitives.IsEnumerable(name) ? choices : null, described, null);
            }

            if (!isDeclared)
            {
                // A missing part of the edition would be missed in a hundred places.
                if (_reported.Add(name))
                {
                    findings.Add(Rules.UnknownDomain, path, node, attribute, name, Spelling.Suggest(name, _byName.Keys.Concat(Primitives.Names).Distinct(StringComparer.Ordinal)));
                }

                return null;
            }

            if (type.Class == "composite")
            {
                return new TypeReference("list", null, described ?? type.Name, null);
            }

            if (!seen.Add(name))
            {
                if (_reported.Add(name))
                {
                    findings.Add(Rules.DomainCycle, type.Path, type.Node, "source", name);
                    _reported.UnionWith(seen);
                }

                return null;
            }

            described ??= type.Descriptor is not null && type != opened ? type.Name : null;
            choices ??= type.Choices.Count != 0 ? type.ChoicesName : null;
            (name, path, node, attribute) = (type.Source ?? "", type.Path, type.Node, "source");
        }
    }
}
