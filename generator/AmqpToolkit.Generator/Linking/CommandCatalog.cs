using System.Globalization;
using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Linking;

/// <summary>A struct or command, and the class that it stands in.</summary>
internal sealed record OwnedBy<T>(string Path, string Class, int ClassCode, T Item);

/// <summary>Everything that has a name in an edition of the command grammar. Names are looked up in the class first, then globally.</summary>
internal sealed class CommandCatalog(string edition, FindingList findings)
{
    private readonly Dictionary<string, int> _classes = new(StringComparer.Ordinal);
    private readonly List<Sourced<RawCommandClass>> _firsts = [];
    private readonly Dictionary<string, Sourced<RawWireType>> _types = new(StringComparer.Ordinal);
    private readonly Dictionary<string, OwnedBy<RawCommandDomain>> _domains = new(StringComparer.Ordinal);
    private readonly Dictionary<string, OwnedBy<RawStruct>> _structs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, OwnedBy<RawCommand>> _commands = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _elements = new(StringComparer.Ordinal);

    /// <summary>Each class where it was first named.</summary>
    public IEnumerable<Sourced<RawCommandClass>> Classes => _firsts;

    public IEnumerable<Sourced<RawWireType>> Types => _types.Values;

    public IEnumerable<OwnedBy<RawCommandDomain>> Domains => _domains.Values;

    public IEnumerable<OwnedBy<RawStruct>> Structs => _structs.Values;

    public IEnumerable<OwnedBy<RawCommand>> Commands => _commands.Values;

    /// <summary>Takes over a document. An overlay adds, and says what the elements of arrays are.</summary>
    public void Add(CommandDocument document)
    {
        foreach (RawWireType type in document.Types)
        {
            Add(_types, type.Name, new Sourced<RawWireType>(document.Path, type), document, type.Node, "type");
        }

        foreach (RawCommandDomain domain in document.Domains)
        {
            Add(document, "", 0, domain);
        }

        foreach (RawStruct item in document.Structs)
        {
            Add(document, "", 0, item);
        }

        foreach (RawCommandClass item in document.Classes)
        {
            Add(document, item);
        }
    }

    public string? ElementOf(string key) => _elements.TryGetValue(key, out string element) ? element : null;

    public bool TryFindStruct(string scope, string name, out OwnedBy<RawStruct> found) =>
        _structs.TryGetValue(Key(scope, name), out found) || _structs.TryGetValue(name, out found);

    /// <summary>The struct at the end of a chain of domains; null when it is none.</summary>
    public OwnedBy<RawStruct>? StructOf(string scope, string name)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (TryFindDomain(scope, name, out OwnedBy<RawCommandDomain> domain) && seen.Add(Key(domain.Class, domain.Item.Name)))
        {
            (scope, name) = (domain.Class, domain.Item.Type!);
        }

        return TryFindStruct(scope, name, out OwnedBy<RawStruct> found) ? found : null;
    }

    public bool TryFindDomain(string scope, string name, out OwnedBy<RawCommandDomain> found) =>
        _domains.TryGetValue(Key(scope, name), out found) || _domains.TryGetValue(name, out found);

    public bool TryFindType(string name, out RawWireType? found)
    {
        found = _types.TryGetValue(name, out Sourced<RawWireType> type) ? type.Item : null;
        return found is not null;
    }

    public string Suggest(string scope, string name) => Spelling.Suggest(
        name,
        _types.Keys.Concat(_domains.Keys).Concat(_structs.Keys).Select(key => key.StartsWith(scope + ".", StringComparison.Ordinal) ? key.Substring(scope.Length + 1) : key).Distinct(StringComparer.Ordinal));

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    public static string Key(string scope, string name) => scope.Length == 0 ? name : $"{scope}.{name}";

    private void Add(CommandDocument document, RawCommandClass item)
    {
        bool isKnown = _classes.TryGetValue(item.Name, out int code);
        if (!isKnown)
        {
            if (item.Code is null)
            {
                ReportNoCode(document, item.Node, "class", item.Name, _classes.Keys);
                return;
            }

            string? other = _classes.FirstOrDefault(pair => pair.Value == item.Code).Key;
            if (other is not null)
            {
                findings.Add(Rules.Duplicate, document.Path, item.Node, "code", "class code", Number(item.Code.Value), $"the class '{other}'");
                return;
            }

            code = item.Code.Value;
            string? sameName = _classes.Keys.FirstOrDefault(known => CSharpName.Pascal(known).Equals(CSharpName.Pascal(item.Name), StringComparison.OrdinalIgnoreCase));
            if (sameName is not null)
            {
                findings.Add(Rules.NameCollision, document.Path, item.Node, "name", sameName, item.Name, CSharpName.Pascal(item.Name));
                return;
            }

            _classes.Add(item.Name, code);
            _firsts.Add(new Sourced<RawCommandClass>(document.Path, item));
        }
        else if (!document.IsOverlay || (item.Code is not null && item.Code != code))
        {
            findings.Add(Rules.Duplicate, document.Path, item.Node, "name", "class name", item.Name, "another class");
            return;
        }

        foreach (RawCommandDomain domain in item.Domains)
        {
            Add(document, item.Name, code, domain);
        }

        foreach (RawStruct member in item.Structs)
        {
            Add(document, item.Name, code, member);
        }

        foreach (RawCommand command in item.Commands)
        {
            Add(document, item.Name, code, command);
        }
    }

    private void Add(CommandDocument document, string scope, int code, RawCommandDomain domain)
    {
        string key = Key(scope, domain.Name);
        if (domain.Element is not null)
        {
            _elements[key] = domain.Element;
        }

        if (domain.Type is not null)
        {
            Add(_domains, key, new OwnedBy<RawCommandDomain>(document.Path, scope, code, domain), document, domain.Node, "domain");
        }
        else if (!document.IsOverlay)
        {
            findings.Add(Rules.BadAttribute, document.Path, domain.Node, "type", "domain", "type", "a type or another domain");
        }
        else if (!_domains.ContainsKey(key))
        {
            findings.Add(Rules.OverlayWithoutTarget, document.Path, domain.Node, "name", "domain", key, edition, Spelling.Suggest(key, _domains.Keys), "a type");
        }
    }

    private void Add(CommandDocument document, string scope, int code, RawStruct item)
    {
        string key = Key(scope, item.Name);
        foreach (RawPackedField field in item.Fields.Where(field => field.Element is not null))
        {
            _elements[$"{key}.{field.Name}"] = field.Element!;
        }

        bool isKnown = _structs.ContainsKey(key);
        if (isKnown && document.IsOverlay && item.Size is null && item.Pack is null)
        {
            return;
        }

        if (document.IsOverlay && !isKnown && item.Size is null)
        {
            findings.Add(Rules.OverlayWithoutTarget, document.Path, item.Node, "name", "struct", key, edition, Spelling.Suggest(key, _structs.Keys), "a size");
            return;
        }

        OwnedBy<RawStruct>? sameCode = item.Code is null || isKnown ? null : _structs.Values.FirstOrDefault(other => other.ClassCode == code && other.Item.Code == item.Code);
        if (sameCode is not null)
        {
            findings.Add(Rules.Duplicate, document.Path, item.Node, "code", "struct code", Number(item.Code!.Value), $"'{Key(sameCode.Class, sameCode.Item.Name)}'");
            return;
        }

        Add(_structs, key, new OwnedBy<RawStruct>(document.Path, scope, code, item), document, item.Node, "struct");
    }

    private void Add(CommandDocument document, string scope, int code, RawCommand command)
    {
        string key = Key(scope, command.Name);
        if (command.Result?.Struct is { } inline)
        {
            Add(document, scope, code, inline);
        }

        bool isKnown = _commands.TryGetValue(key, out OwnedBy<RawCommand> known);
        if (isKnown && document.IsOverlay && command.Code is null)
        {
            return;
        }

        if (command.Code is null)
        {
            ReportNoCode(document, command.Node, command.IsControl ? "control" : "command", key, _commands.Keys);
            return;
        }

        // Controls and commands count apart.
        OwnedBy<RawCommand>? sameCode = _commands.Values.FirstOrDefault(other => other.Class == scope && other.Item.IsControl == command.IsControl && other.Item.Code == command.Code);
        if (sameCode is not null && !isKnown)
        {
            findings.Add(Rules.Duplicate, document.Path, command.Node, "code", command.IsControl ? "control code" : "command code", Number(command.Code.Value), $"'{scope}.{sameCode.Item.Name}'");
            return;
        }

        Add(_commands, key, new OwnedBy<RawCommand>(document.Path, scope, code, command), document, command.Node, command.IsControl ? "control" : "command");
    }

    private void ReportNoCode(CommandDocument document, int node, string kind, string name, IEnumerable<string> candidates)
    {
        if (document.IsOverlay)
        {
            findings.Add(Rules.OverlayWithoutTarget, document.Path, node, "name", kind, name, edition, Spelling.Suggest(name, candidates), "a code");
        }
        else
        {
            findings.Add(Rules.BadAttribute, document.Path, node, "code", kind, "code", "a number from 0 to 255");
        }
    }

    private void Add<T>(Dictionary<string, T> items, string key, T item, CommandDocument document, int node, string kind)
    {
        if (items.ContainsKey(key))
        {
            findings.Add(Rules.Duplicate, document.Path, node, "name", $"{kind} name", key, $"another {kind}");
            return;
        }

        items.Add(key, item);
    }
}
