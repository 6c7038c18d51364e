using System.Globalization;
using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Linking;

/// <summary>
/// Merges the documents of an edition of the command grammar and resolves its names. A struct or command with a wrong field is left out, so that one
/// mistake is one error.
/// </summary>
internal sealed class CommandLinker
{
    /// <summary>Commands and controls carry neither size nor pack: two octets of presence bits, no size.</summary>
    private const int CommandPack = 2;

    /// <summary>Bits of a presence mask, for what has no presence bits on the wire.</summary>
    private const int MaxFieldsWithoutPack = 32;

    private readonly FindingList _findings = new();
    private readonly TypeNames _typeNames;
    private readonly HashSet<string> _enumerations = new(StringComparer.Ordinal);
    private readonly CommandCatalog _catalog;
    private readonly EditionInput _input;

    private CommandLinker(EditionInput input)
    {
        _input = input;
        _catalog = new CommandCatalog(input.Edition, _findings);
        _typeNames = new TypeNames(ReservedNames.Command, StringComparer.OrdinalIgnoreCase, _findings);
    }

    public static LinkResult Link(EditionInput input, CancellationToken cancellationToken)
    {
        var linker = new CommandLinker(input);
        foreach (CommandDocument document in input.Documents.OfType<CommandDocument>())
        {
            cancellationToken.ThrowIfCancellationRequested();
            linker._catalog.Add(document);
        }

        CommandEdition model = linker.Model(cancellationToken);
        return new LinkResult(model, linker._findings.ToEquatableArray());
    }

    /// <summary><c>message</c> and <c>delivery-mode</c> become <c>MessageDeliveryMode</c>; a name that repeats its class does so once.</summary>
    private static string TypeName(string scope, string name) => CSharpName.Pascal(
        scope.Length == 0 || name.StartsWith(scope + "-", StringComparison.Ordinal) ? name : $"{scope}-{name}");

    private static int? WireCode(int classCode, int? code) => code is null ? null : (classCode << 8) | code.Value;

    private CommandEdition Model(CancellationToken cancellationToken)
    {
        TakeHandlers();
        ChoicesModel[] enumerations = Enumerations().ToArray();
        var packed = new List<PackedModel>();
        foreach (OwnedBy<RawStruct> item in _catalog.Structs.OrderBy(item => TypeName(item.Class, item.Item.Name), StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            RawStruct raw = item.Item;
            if (Fields(item.Path, item.Class, raw.Node, raw.Name, raw.Fields, raw.Pack ?? CommandPack) is { } fields)
            {
                packed.Add(new PackedModel(
                    PackedKind.Struct, item.Class, raw.Name, TypeName(item.Class, raw.Name), WireCode(item.ClassCode, raw.Code), raw.Size ?? 0, raw.Pack ?? CommandPack, raw.Label, default, null, default, false, fields));
            }
        }

        foreach (OwnedBy<RawCommand> item in _catalog.Commands.OrderBy(item => WireCode(item.ClassCode, item.Item.Code)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Command(item) is { } command)
            {
                packed.Add(command);
            }
        }

        return new CommandEdition(
            _input.Edition,
            _input.Namespace,
            WithoutBroken(packed).ToEquatableArray(),
            enumerations.ToEquatableArray(),
            Constants().ToEquatableArray(),
            Types().ToEquatableArray());
    }

    /// <summary>The interfaces of each class, whose names come of its own and differ as these do: nothing else may have them.</summary>
    private void TakeHandlers()
    {
        foreach (Sourced<RawCommandClass> item in _catalog.Classes)
        {
            string name = CSharpName.Pascal(item.Item.Name);
            string[] handlers = [$"I{name}ServerControlHandler", $"I{name}ClientControlHandler", $"I{name}ServerCommandHandler", $"I{name}ClientCommandHandler"];
            _typeNames.TryTake(item.Path, item.Item.Node, "name", item.Item.Name, handlers);
        }
    }

    private List<WireTypeModel> Types()
    {
        var names = new SiblingNames(_findings);
        var types = new List<WireTypeModel>();
        foreach (Sourced<RawWireType> type in _catalog.Types.OrderBy(type => type.Item.Name, StringComparer.Ordinal))
        {
            if (names.TryTake(type.Path, type.Item.Node, type.Item.Name, CSharpName.Pascal(type.Item.Name)))
            {
                types.Add(WireType(type.Item));
            }
        }

        return types;
    }

    private static List<PackedModel> WithoutBroken(List<PackedModel> packed)
    {
        List<PackedModel> left = packed;
        while (true)
        {
            var names = new HashSet<string>(left.Select(item => item.TypeName), StringComparer.Ordinal);
            List<PackedModel> next = left.Where(item => item.Fields.All(field => field.Struct is null || names.Contains(field.Struct.TypeName))).ToList();
            if (next.Count == left.Count)
            {
                return next.ConvertAll(item => item with
                {
                    Result = item.Result is not null && names.Contains(item.Result) ? item.Result : null,
                    Header = item.Header.Where(names.Contains).ToEquatableArray(),
                });
            }

            left = next;
        }
    }

    private static WireTypeModel WireType(RawWireType raw) => new(raw.Name, raw.Code, raw.FixedWidth, raw.VariableWidth);

    private IEnumerable<ChoicesModel> Enumerations()
    {
        foreach (OwnedBy<RawCommandDomain> domain in _catalog.Domains.Where(domain => domain.Item.Choices.Count != 0).OrderBy(domain => TypeName(domain.Class, domain.Item.Name), StringComparer.Ordinal))
        {
            RawCommandDomain raw = domain.Item;
            string? primitive = raw.Type switch
            {
                "uint8" => "ubyte",
                "uint16" => "ushort",
                "uint32" => "uint",
                _ => null,
            };
            if (primitive is null)
            {
                _findings.Add(Rules.BadShape, domain.Path, raw.Node, "type", $"The domain '{raw.Name}' has choices and is a {raw.Type}", "choices are uint8, uint16 or uint32");
                continue;
            }

            string name = TypeName(domain.Class, raw.Name);
            if (!_typeNames.TryTake(domain.Path, raw.Node, "name", raw.Name, name))
            {
                continue;
            }

            _enumerations.Add(name);
            IEnumerable<Sourced<RawChoice>> choices = raw.Choices.Select(choice => new Sourced<RawChoice>(domain.Path, choice));
            yield return new ChoicesModel(
                CommandCatalog.Key(domain.Class, raw.Name), name, raw.Label, primitive, ChoiceLinker.Link(raw.Name, primitive, raw.Type!, choices, _findings));
        }
    }

    private PackedModel? Command(OwnedBy<RawCommand> item)
    {
        RawCommand raw = item.Item;
        string name = $"{item.Class}.{raw.Name}";
        foreach (RawResponse response in raw.Responses.Where(response => _catalog.Commands.All(other => other.Class != item.Class || other.Item.Name != response.Name)))
        {
            string suggestion = Spelling.Suggest(response.Name, _catalog.Commands.Where(other => other.Class == item.Class).Select(other => other.Item.Name));
            _findings.Add(Rules.DanglingResponse, item.Path, response.Node, "name", item.Class, response.Name, suggestion);
        }

        if (raw.Roles.Count == 0)
        {
            _findings.Add(Rules.NobodyReceives, item.Path, raw.Node, "name", name);
        }

        string? result = raw.Result?.Struct?.Name ?? raw.Result?.Type;
        OwnedBy<RawStruct>? answer = result is null ? null : FindStruct(item.Path, item.Class, raw.Result!.Node, result);

        var header = new List<string>();
        foreach (RawResponse entry in raw.Segments?.Entries ?? default)
        {
            if (FindStruct(item.Path, item.Class, entry.Node, entry.Name) is { } found)
            {
                header.Add(TypeName(found.Class, found.Item.Name));
            }
        }

        return Fields(item.Path, item.Class, raw.Node, raw.Name, raw.Fields, CommandPack) is { } fields
            ? new PackedModel(
                raw.IsControl ? PackedKind.Control : PackedKind.Command,
                item.Class,
                raw.Name,
                TypeName(item.Class, raw.Name),
                WireCode(item.ClassCode, raw.Code),
                0,
                CommandPack,
                raw.Label,
                raw.Roles.OrderBy(role => role, StringComparer.Ordinal).ToEquatableArray(),
                answer is null ? null : TypeName(answer.Class, answer.Item.Name),
                header.ToEquatableArray(),
                raw.Segments?.HasBody is true,
                fields)
            : null;
    }

    private OwnedBy<RawStruct>? FindStruct(string path, string scope, int node, string name)
    {
        if (_catalog.TryFindStruct(scope, name, out OwnedBy<RawStruct> found))
        {
            return found;
        }

        _findings.Add(Rules.UnknownDomain, path, node, "type", name, Spelling.Suggest(name, _catalog.Structs.Select(item => item.Item.Name)));
        return null;
    }

    private EquatableArray<PackedFieldModel>? Fields(string path, string scope, int node, string owner, EquatableArray<RawPackedField> fields, int pack)
    {
        string typeName = TypeName(scope, owner);
        if (!_typeNames.TryTake(path, node, "name", owner, typeName, typeName + "View"))
        {
            return null;
        }

        int most = pack == 0 ? MaxFieldsWithoutPack : 8 * pack;
        if (fields.Count > most)
        {
            _findings.Add(Rules.TooManyFields, path, node, "name", owner, fields.Count.ToString(CultureInfo.InvariantCulture), most.ToString(CultureInfo.InvariantCulture));
            return null;
        }

        var names = new SiblingNames(_findings);
        var linked = new List<PackedFieldModel>();
        bool whole = true;
        foreach (RawPackedField raw in fields)
        {
            string name = CSharpName.Pascal(raw.Name);
            bool isFree = names.TryTake(path, raw.Node, raw.Name, name) && names.TryTake(path, raw.Node, raw.Name, "Has" + name);
            PackedFieldModel? field = isFree ? Field(path, scope, owner, raw) : null;
            whole &= field is not null;
            if (field is not null)
            {
                linked.Add(field);
            }
        }

        return whole ? linked.ToEquatableArray() : null;
    }

    private PackedFieldModel? Field(string path, string scope, string owner, RawPackedField raw)
    {
        if (raw.Type is null)
        {
            _findings.Add(Rules.BadAttribute, path, raw.Node, "type", "field", "type", "a type, domain or struct");
            return null;
        }

        string? element = _catalog.ElementOf($"{CommandCatalog.Key(scope, owner)}.{raw.Name}");
        string? enumeration = null;
        string? label = raw.Label;
        string name = raw.Type;
        string at = scope;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            if (_catalog.TryFindDomain(at, name, out OwnedBy<RawCommandDomain> domain))
            {
                string key = CommandCatalog.Key(domain.Class, domain.Item.Name);
                if (!seen.Add(key))
                {
                    _findings.Add(Rules.DomainCycle, domain.Path, domain.Item.Node, "type", key);
                    return null;
                }

                element ??= _catalog.ElementOf(key);
                label ??= domain.Item.Label;
                enumeration ??= domain.Item.Choices.Count == 0 ? null : TypeName(domain.Class, domain.Item.Name);
                (name, at) = (domain.Item.Type!, domain.Class);
                continue;
            }

            if (_catalog.TryFindStruct(at, name, out OwnedBy<RawStruct> found))
            {
                return Struct(path, raw, label, found);
            }

            if (_catalog.TryFindType(name, out RawWireType? type))
            {
                bool isNumber = type!.Name is "uint8" or "uint16" or "uint32";
                enumeration = isNumber && enumeration is not null && _enumerations.Contains(enumeration) ? enumeration : null;
                return new PackedFieldModel(raw.Name, raw.Type, WireType(type), enumeration, null, element, raw.Required is true, raw.Default is "1" or "true", label);
            }

            _findings.Add(Rules.UnknownDomain, path, raw.Node, "type", name, _catalog.Suggest(at, name));
            return null;
        }
    }

    private PackedFieldModel? Struct(string path, RawPackedField raw, string? label, OwnedBy<RawStruct> found)
    {
        if (found.Item.Size is null or 0)
        {
            _findings.Add(Rules.BadShape, path, raw.Node, "type", $"The field '{raw.Name}' is the struct '{found.Item.Name}', which has no size", "give the struct a size, so that it can be skipped");
            return null;
        }

        if (HoldsItself(found))
        {
            _findings.Add(Rules.DomainCycle, path, raw.Node, "type", found.Item.Name);
            return null;
        }

        var reference = new StructReference(TypeName(found.Class, found.Item.Name), found.Item.Size.Value, found.Item.Code is not null);
        return new PackedFieldModel(raw.Name, raw.Type!, null, null, reference, null, raw.Required is true, false, label);
    }

    /// <summary>At any depth, and through any domains.</summary>
    private bool HoldsItself(OwnedBy<RawStruct> item)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<OwnedBy<RawStruct>>([item]);
        while (open.Count != 0)
        {
            OwnedBy<RawStruct> holder = open.Pop();
            foreach (RawPackedField field in holder.Item.Fields.Where(field => field.Type is not null))
            {
                OwnedBy<RawStruct>? held = _catalog.StructOf(holder.Class, field.Type!);
                if (held is not null && ReferenceEquals(held, item))
                {
                    return true;
                }

                if (held is not null && seen.Add(CommandCatalog.Key(held.Class, held.Item.Name)))
                {
                    open.Push(held);
                }
            }
        }

        return false;
    }

    private IEnumerable<DefinitionModel> Constants()
    {
        var names = new SiblingNames(_findings);
        foreach (CommandDocument document in _input.Documents.OfType<CommandDocument>())
        {
            foreach (RawDefinition constant in document.Constants)
            {
                if (names.TryTake(document.Path, constant.Node, constant.Name, CSharpName.Constant(constant.Name)))
                {
                    yield return new DefinitionModel(constant.Name, constant.Value, constant.Label);
                }
            }
        }
    }
}
