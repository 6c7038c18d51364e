using System.Globalization;
using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Linking;

/// <summary>
/// Merges the parts of an edition of the type grammar with their overlays, and resolves every type to primitives. A composite with a wrong field is left
/// out, so that one mistake is one error; what holds such a composite is left out with it.
/// </summary>
internal sealed class TypeLinker
{
    /// <summary>Bits of a presence mask.</summary>
    private const int MaxFields = 32;

    private readonly FindingList _findings = new();
    private readonly TypeCatalog _catalog;
    private readonly TypeNames _typeNames;
    private readonly EditionInput _input;

    private TypeLinker(EditionInput input)
    {
        _input = input;
        _catalog = new TypeCatalog(input.Edition, _findings);
        _typeNames = new TypeNames(ReservedNames.Type, StringComparer.OrdinalIgnoreCase, _findings);
    }

    public static LinkResult Link(EditionInput input, CancellationToken cancellationToken)
    {
        var linker = new TypeLinker(input);
        foreach (TypeDocument document in input.Documents.OfType<TypeDocument>())
        {
            cancellationToken.ThrowIfCancellationRequested();
            linker._catalog.Add(document);
        }

        TypeEdition model = linker.Model(cancellationToken);
        return new LinkResult(model, linker._findings.ToEquatableArray());
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Hex(ulong code) => "0x" + code.ToString("x", CultureInfo.InvariantCulture);

    private TypeEdition Model(CancellationToken cancellationToken)
    {
        MergedType[] types = _catalog.Types.OrderBy(type => type.Name, StringComparer.Ordinal).ToArray();
        CheckDescriptors();
        var composites = new List<CompositeModel>();
        var described = new List<DescribedModel>();
        var choices = new List<ChoicesModel>();
        foreach (MergedType type in types)
        {
            cancellationToken.ThrowIfCancellationRequested();
            switch (type.Class)
            {
                case "composite" when Composite(type) is { } model:
                    composites.Add(model);
                    break;
                case "restricted" when _catalog.Resolve(type) is { } reference:
                    if (type.Descriptor is not null && !type.IsBroken && AreFree(type))
                    {
                        described.Add(new DescribedModel(type.Name, type.Label, Descriptor(type), reference));
                    }

                    if (type.Choices.Count != 0 && !type.IsBroken && Choices(type, reference) is { } found)
                    {
                        choices.Add(found);
                    }

                    break;
                default:
                    break;
            }
        }

        var named = new HashSet<string>(choices.Select(item => item.Name), StringComparer.Ordinal);
        bool IsNamed(TypeReference type) => type.Choices is null || named.Contains(type.Choices);
        described.RemoveAll(item => !IsNamed(item.Type));
        composites.RemoveAll(item => item.Fields.Any(field => !IsNamed(field.Type)));
        List<CompositeModel> whole = WithoutBroken(composites, described);
        UnionModel[] unions = Unions(whole, described).ToArray();
        return new TypeEdition(
            _input.Edition,
            _input.Namespace,
            whole.Select(item => WithKnownUnions(item, unions)).ToEquatableArray(),
            described.ToEquatableArray(),
            choices.ToEquatableArray(),
            unions.ToEquatableArray(),
            Encodings().ToEquatableArray(),
            Definitions().ToEquatableArray());
    }

    /// <summary>A union whose name is not to be had is any value.</summary>
    private static CompositeModel WithKnownUnions(CompositeModel composite, UnionModel[] unions) => composite with
    {
        Fields = composite.Fields
            .Select(field => field.Type.Union is { } name && unions.All(union => union.Name != name) ? field with { Type = field.Type with { Union = null } } : field)
            .ToEquatableArray(),
    };

    /// <summary>Leaves out composites that hold something that is left out.</summary>
    private static List<CompositeModel> WithoutBroken(List<CompositeModel> composites, List<DescribedModel> described)
    {
        List<CompositeModel> left = composites;
        while (true)
        {
            var names = new HashSet<string>(left.Select(composite => composite.Name).Concat(described.Select(item => item.Name)), StringComparer.Ordinal);
            List<CompositeModel> next = left.Where(composite => composite.Fields.All(field => field.Type.Composite is null || names.Contains(field.Type.Composite))).ToList();
            if (next.Count == left.Count)
            {
                return next;
            }

            left = next;
        }
    }

    private static DescriptorModel Descriptor(MergedType type) => new(type.Descriptor!.Item.Name, type.Descriptor.Item.Code);

    private void CheckDescriptors()
    {
        var codes = new Dictionary<ulong, string>();
        var symbols = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (MergedType type in _catalog.Types.Where(type => type.Descriptor is not null))
        {
            Sourced<RawDescriptor> descriptor = type.Descriptor!;
            if (codes.TryGetValue(descriptor.Item.Code, out string other))
            {
                _findings.Add(Rules.Duplicate, descriptor.Path, descriptor.Item.Node, "code", "descriptor", Hex(descriptor.Item.Code), $"the type '{other}'");
                type.IsBroken = true;
                continue;
            }

            if (symbols.TryGetValue(descriptor.Item.Name, out other))
            {
                _findings.Add(Rules.Duplicate, descriptor.Path, descriptor.Item.Node, "name", "descriptor", descriptor.Item.Name, $"the type '{other}'");
                type.IsBroken = true;
                continue;
            }

            codes.Add(descriptor.Item.Code, type.Name);
            symbols.Add(descriptor.Item.Name, type.Name);
        }
    }

    private CompositeModel? Composite(MergedType type)
    {
        if (type.Descriptor is null)
        {
            _findings.Add(Rules.BadShape, type.Path, type.Node, "name", $"The composite '{type.Name}' has no <descriptor>", "give it one, or make it restricted");
            return null;
        }

        if (type.Source is not (null or "list"))
        {
            _findings.Add(Rules.BadShape, type.Path, type.Node, "source", $"The composite '{type.Name}' is a {type.Source}", "a composite is a list");
            return null;
        }

        if (type.Fields.Count > MaxFields)
        {
            _findings.Add(Rules.TooManyFields, type.Path, type.Node, "name", type.Name, Number(type.Fields.Count), Number(MaxFields));
            return null;
        }

        if (type.IsBroken || !AreFree(type))
        {
            return null;
        }

        var names = new SiblingNames(_findings);
        var fields = new List<TypeFieldModel>();
        bool whole = true;
        foreach (Sourced<RawTypeField> field in type.Fields)
        {
            TypeFieldModel? linked = Field(type, field, names);
            whole &= linked is not null;
            if (linked is not null)
            {
                fields.Add(linked);
            }
        }

        return whole ? new CompositeModel(type.Name, type.Label, Descriptor(type), fields.ToEquatableArray()) : null;
    }

    private TypeFieldModel? Field(MergedType owner, Sourced<RawTypeField> field, SiblingNames names)
    {
        RawTypeField raw = field.Item;
        string name = CSharpName.Pascal(raw.Name);
        if (!names.TryTake(field.Path, raw.Node, raw.Name, name) || !names.TryTake(field.Path, raw.Node, raw.Name, "Has" + name))
        {
            return null;
        }

        if (raw.Type is null)
        {
            _findings.Add(Rules.BadAttribute, field.Path, raw.Node, "type", "field", "type", "a type of this edition, or *");
            return null;
        }

        TypeReference? type = _catalog.Resolve(raw.Type, field.Path, raw.Node);
        if (type is null)
        {
            return null;
        }

        if (type.Composite is not null && _catalog.Holds(type.Composite, owner.Name))
        {
            _findings.Add(Rules.DomainCycle, field.Path, raw.Node, "type", owner.Name);
            return null;
        }

        if (raw.Multiple is true && (type.Composite is not null || type.Primitive is Primitives.Any or "null" or "array"))
        {
            _findings.Add(Rules.BadShape, field.Path, raw.Node, "type", $"The field '{raw.Name}' is multiple and its type is {raw.Type}", "only fields of a primitive type can be multiple");
            return null;
        }

        string? union = null;
        if (raw.Requires is not null && !_catalog.IsProvided(raw.Requires))
        {
            _findings.Add(Rules.NoProvider, field.Path, raw.Node, "requires", raw.Requires, Spelling.Suggest(raw.Requires, _catalog.Archetypes));
        }
        else if (raw.Requires is not null && type is { Primitive: Primitives.Any, Composite: null })
        {
            union = raw.Requires;
        }

        string? value = null;
        string? choice = null;
        if (raw.Default is not null && !Default(field, type, out value, out choice))
        {
            return null;
        }

        return new TypeFieldModel(
            raw.Name, raw.Type, type with { Union = union }, raw.Requires, raw.Mandatory is true, raw.Multiple is true, value, choice, raw.Label);
    }

    /// <summary>
    /// What stands for null. A choice that is left out was reported where it stands: a default that names it is the choice that has its value, or none.
    /// </summary>
    private bool Default(Sourced<RawTypeField> field, TypeReference type, out string? value, out string? choice)
    {
        RawTypeField raw = field.Item;
        value = raw.Default;
        choice = null;
        MergedType? owner = _catalog.ChoicesOwnerOf(raw.Type!);
        if (owner is not null)
        {
            ChoiceModel[] choices = ChoiceLinker.Link(owner.Name, type.Primitive, type.Primitive, owner.Choices, new FindingList()).ToArray();
            RawChoice? spelled = owner.Choices.Select(item => item.Item).FirstOrDefault(item => item.Name == raw.Default);
            string literal = spelled?.Value ?? raw.Default!;
            literal = Primitives.IsLiteral(type.Primitive, literal) ? Primitives.Canonical(type.Primitive, literal) : literal;
            ChoiceModel? chosen = choices.FirstOrDefault(item => item.Name == raw.Default) ?? choices.FirstOrDefault(item => item.Value == literal);
            value = chosen?.Value;
            choice = chosen?.Name;
            if (chosen is null && spelled is not null)
            {
                return true;
            }
        }

        if (value is not null && raw.Multiple is not true && type.Composite is null && Primitives.IsLiteral(type.Primitive, value))
        {
            return true;
        }

        string why = owner is not null
            ? "it is none of the choices" + Spelling.Suggest(raw.Default!, owner.Choices.Select(item => item.Item.Name))
            : "it is no value of that type, or values of that type cannot be written here";
        _findings.Add(Rules.BadDefault, field.Path, raw.Node, "default", raw.Default!, raw.Type!, why);
        return false;
    }

    private ChoicesModel? Choices(MergedType type, TypeReference reference)
    {
        string primitive = reference.Primitive;
        if (reference.Composite is not null || (!Primitives.IsEnumerable(primitive) && !Primitives.IsText(primitive)))
        {
            _findings.Add(Rules.BadShape, type.Path, type.Node, "source", $"The type '{type.Name}' has choices and is a {reference.Composite ?? primitive}", "choices are numbers, booleans, symbols or strings");
            return null;
        }

        string typeName = CSharpName.Pascal(type.ChoicesName);
        return _typeNames.TryTake(type.Path, type.Node, "name", type.Name, typeName)
            ? new ChoicesModel(type.ChoicesName, typeName, type.Label, primitive, ChoiceLinker.Link(type.Name, primitive, primitive, type.Choices, _findings))
            : null;
    }

    /// <summary>Archetypes that a field of any type requires, or that a frame or section is: those with a described member, or several primitives.</summary>
    private IEnumerable<UnionModel> Unions(List<CompositeModel> composites, List<DescribedModel> described)
    {
        var codes = composites.Select(item => (item.Name, item.Descriptor.Code)).Concat(described.Select(item => (item.Name, item.Descriptor.Code))).ToDictionary(item => item.Name, item => item.Code, StringComparer.Ordinal);
        foreach (string archetype in _catalog.Archetypes.OrderBy(name => name, StringComparer.Ordinal))
        {
            var members = new List<UnionMember>();
            foreach (MergedType type in _catalog.Types.Where(type => type.Provides.Contains(archetype)).OrderBy(type => type.Name, StringComparer.Ordinal))
            {
                string? primitive = PrimitiveOf(type);
                if (codes.TryGetValue(type.Name, out ulong code))
                {
                    members.Add(new UnionMember(type.Name, code, primitive ?? Primitives.Any));
                }
                else if (type.Class != "composite" && type.Descriptor is null && primitive is not (null or Primitives.Any) && type.Choices.Count == 0 && members.All(member => member.Code is not null || member.Primitive != primitive))
                {
                    members.Add(new UnionMember(type.Name, null, primitive));
                }
            }

            bool isRequired = composites.Any(composite => composite.Fields.Any(field => field.Type.Union == archetype));
            bool isUnion = isRequired || members.Any(member => member.Code is not null);
            bool standsAlone = !isRequired && members.All(member => member.Code is not null);
            if (isUnion && IsFree(archetype, standsAlone))
            {
                yield return new UnionModel(archetype, members.OrderBy(member => member.Code ?? ulong.MaxValue).ToEquatableArray(), standsAlone);
            }
        }
    }

    /// <summary>What tells a member without a descriptor from others; null when nothing does, or when something behind it has a descriptor.</summary>
    private string? PrimitiveOf(MergedType type)
    {
        if (type.Class != "restricted")
        {
            return type.Class == "composite" ? "list" : Primitives.IsKnown(type.Name) ? type.Name : null;
        }

        TypeReference? reference = _catalog.Resolve(type);
        return reference?.Composite is null ? reference?.Primitive : null;
    }

    /// <summary>A union has no element of its own: whatever provides it first is blamed.</summary>
    private bool IsFree(string archetype, bool standsAlone)
    {
        MergedType first = _catalog.Types.First(type => type.Provides.Contains(archetype));
        string name = CSharpName.Pascal(archetype);
        string[] names = standsAlone ? ["Any" + name, $"I{name}Handler"] : ["Any" + name];
        return _typeNames.TryTake(first.Path, first.Node, "provides", "any " + archetype, names);
    }

    private IEnumerable<EncodingModel> Encodings()
    {
        var codes = new Dictionary<int, string>();
        var names = new SiblingNames(_findings);
        foreach (MergedType type in _catalog.Types.Where(type => type.Class == "primitive").OrderBy(type => type.Name, StringComparer.Ordinal))
        {
            if (!Primitives.IsKnown(type.Name))
            {
                _findings.Add(Rules.BadShape, type.Path, type.Node, "name", $"The primitive type '{type.Name}' has no C# type", "restrict one of the known primitives instead" + Spelling.Suggest(type.Name, Primitives.Names));
                continue;
            }

            foreach (RawEncoding encoding in type.Encodings)
            {
                string raw = encoding.Name is null ? type.Name : $"{type.Name}-{encoding.Name}";
                if (codes.TryGetValue(encoding.Code, out string other))
                {
                    _findings.Add(Rules.Duplicate, type.Path, encoding.Node, "code", "encoding", Hex((ulong)encoding.Code), $"'{other}'");
                }
                else if (names.TryTake(type.Path, encoding.Node, raw, CSharpName.Pascal(raw)))
                {
                    codes.Add(encoding.Code, raw);
                    yield return new EncodingModel(raw, type.Name, encoding.Code, encoding.Category, encoding.Width);
                }
            }
        }
    }

    private IEnumerable<DefinitionModel> Definitions()
    {
        var names = new SiblingNames(_findings);
        foreach (TypeDocument document in _input.Documents.OfType<TypeDocument>())
        {
            foreach (RawDefinition definition in document.Definitions)
            {
                if (names.TryTake(document.Path, definition.Node, definition.Name, CSharpName.Constant(definition.Name)))
                {
                    yield return new DefinitionModel(definition.Name, definition.Value, definition.Label);
                }
            }
        }
    }

    private bool AreFree(MergedType type)
    {
        string name = CSharpName.Pascal(type.Name);
        return _typeNames.TryTake(type.Path, type.Node, "name", type.Name, name, name + "View");
    }
}
