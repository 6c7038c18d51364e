using System.Globalization;
using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Linking;

/// <summary>
/// Merges the documents of an edition and resolves what their names refer to. A method with a wrong field is left out, so that one
/// mistake is one error and not a hundred in the code that uses the rest.
/// </summary>
internal sealed class ClassicLinker
{
    private const int MaxProperties = 15;

    /// <summary>Far more than any method has; what is emitted for a field is more than a line.</summary>
    private const int MaxFields = 255;

    private readonly FindingList _findings = new();

    // Names of types that are taken, with the name in the definition that took them. Files are named after classes, and some disks know no case.
    private readonly Dictionary<string, string> _classNames = new(StringComparer.OrdinalIgnoreCase);
    private readonly TypeNames _typeNames;
    private readonly Domains _domains;
    private readonly EditionInput _input;
    private readonly EquatableArray<ClassicDocument> _documents;

    private ClassicLinker(EditionInput input, EquatableArray<ClassicDocument> documents)
    {
        _input = input;
        _documents = documents;
        _domains = new Domains(_findings);
        _typeNames = new TypeNames(ReservedNames.Classic, StringComparer.Ordinal, _findings);
    }

    public static LinkResult Link(EditionInput input, CancellationToken cancellationToken)
    {
        var linker = new ClassicLinker(input, input.Documents.OfType<ClassicDocument>().ToEquatableArray());
        foreach (ClassicDocument document in linker._documents)
        {
            linker._domains.Add(document);
        }

        var overlay = new Overlay(input.Edition, linker._domains, linker._findings);
        foreach (ClassicDocument document in linker._documents)
        {
            cancellationToken.ThrowIfCancellationRequested();
            overlay.Apply(document);
        }

        ClassicEdition model = linker.Model(overlay.Classes, cancellationToken);
        return new LinkResult(model, linker._findings.ToEquatableArray());
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private ClassicEdition Model(List<MergedClass> classes, CancellationToken cancellationToken)
    {
        var linked = new List<ClassModel>();
        foreach (MergedClass merged in classes.OrderBy(candidate => candidate.Index))
        {
            cancellationToken.ThrowIfCancellationRequested();
            string name = CSharpName.Pascal(merged.Name);
            if (IsFree(_classNames, merged.Path, merged.Node, merged.Name, name)
                && _typeNames.TryTake(merged.Path, merged.Node, "name", merged.Name, $"I{name}ServerMethodHandler", $"I{name}ClientMethodHandler"))
            {
                linked.Add(Class(merged));
            }
        }

        return new ClassicEdition(_input.Edition, _input.Namespace, Constants(), FieldValues(), linked.ToEquatableArray());
    }

    private EquatableArray<ConstantModel> Constants()
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var constants = new List<ConstantModel>();
        foreach (ClassicDocument document in _documents)
        {
            foreach (RawConstant raw in document.Constants)
            {
                string name = CSharpName.Pascal(raw.Name);
                if (names.TryGetValue(name, out string other))
                {
                    _findings.Add(Rules.Duplicate, document.Path, raw.Node, "name", "constant name", raw.Name, $"the constant '{other}'");
                    continue;
                }

                ConstantScope? scope = raw.Class is null ? ConstantScope.None : Spelling.Fold(raw.Class) switch
                {
                    "soft-error" => ConstantScope.Channel,
                    "hard-error" => ConstantScope.Connection,
                    _ => null,
                };
                if (scope is null)
                {
                    _findings.Add(Rules.BadAttribute, document.Path, raw.Node, "class", "constant", "class", "'soft-error' or 'hard-error'");
                }

                names.Add(name, raw.Name);
                constants.Add(new ConstantModel(Spelling.Fold(raw.Name), raw.Value, scope ?? ConstantScope.None, raw.Label));
            }
        }

        return constants.OrderBy(constant => constant.Value).ThenBy(constant => constant.Name, StringComparer.Ordinal).ToEquatableArray();
    }

    private EquatableArray<FieldValueModel> FieldValues()
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var values = new List<FieldValueModel>();
        foreach (ClassicDocument document in _documents)
        {
            foreach (RawFieldValue raw in document.FieldValues)
            {
                string name = CSharpName.Pascal(raw.Name);
                if (tags.TryGetValue(raw.Tag, out string other))
                {
                    _findings.Add(Rules.Duplicate, document.Path, raw.Node, "tag", "tag", raw.Tag, $"the field value '{other}'");
                }
                else if (names.TryGetValue(name, out other))
                {
                    _findings.Add(Rules.Duplicate, document.Path, raw.Node, "name", "field value name", raw.Name, $"the tag '{other}'");
                }
                else
                {
                    tags.Add(raw.Tag, raw.Name);
                    names.Add(name, raw.Tag);
                    values.Add(new FieldValueModel(raw.Tag[0], raw.Name, raw.Octets, raw.LengthOctets, raw.Label));
                }
            }
        }

        return values.ToEquatableArray();
    }

    private ClassModel Class(MergedClass merged)
    {
        List<FieldModel>? properties = Fields(merged.Properties, $"class {merged.Name}");
        if (merged.Properties.Count != 0 && !AreTypesFree(merged.Path, merged.Node, merged.Name + " properties", CSharpName.Pascal(merged.Name) + "Properties"))
        {
            properties = null;
        }
        else if (merged.Properties.Count > MaxProperties)
        {
            _findings.Add(Rules.TooManyProperties, merged.Path, merged.Node, "name", merged.Name, Number(merged.Properties.Count));
            properties = null;
        }

        var methods = new List<MethodModel>();
        foreach (MergedMethod method in merged.Methods.OrderBy(candidate => candidate.Index))
        {
            // The class's and the method's part of a type's name have no mark between them: a-b.c and a.b-c are both ABC.
            string typeName = CSharpName.Pascal(merged.Name) + CSharpName.Pascal(method.Name);
            if (AreTypesFree(method.Path, method.Node, $"{merged.Name}.{method.Name}", typeName) && Method(merged, method) is { } linked)
            {
                methods.Add(linked);
            }
        }

        return new ClassModel(
            Spelling.Fold(merged.Name),
            merged.Index,
            merged.Label,
            (properties ?? []).ToEquatableArray(),
            methods.ToEquatableArray());
    }

    private MethodModel? Method(MergedClass merged, MergedMethod method)
    {
        string name = $"{Spelling.Fold(merged.Name)}.{Spelling.Fold(method.Name)}";
        foreach (Sourced<RawResponse> response in method.Responses)
        {
            if (merged.Methods.All(candidate => Spelling.Fold(candidate.Name) != Spelling.Fold(response.Item.Name)))
            {
                string suggestion = Spelling.Suggest(response.Item.Name, merged.Methods.Select(candidate => candidate.Name));
                _findings.Add(Rules.DanglingResponse, response.Path, response.Item.Node, "name", merged.Name, response.Item.Name, suggestion);
            }
        }

        if (method.Roles.Count == 0)
        {
            _findings.Add(Rules.NobodyReceives, method.Path, method.Node, "name", name);
        }

        if (method.Fields.Count > MaxFields)
        {
            _findings.Add(Rules.TooManyFields, method.Path, method.Node, "name", name, Number(method.Fields.Count), Number(MaxFields));
            return null;
        }

        List<FieldModel>? fields = Fields(method.Fields, name);
        return fields is null
            ? null
            : new MethodModel(
                Spelling.Fold(method.Name),
                method.Index,
                method.Label,
                method.Synchronous,
                method.HasContent,
                method.Deprecated,
                method.Roles.Contains("server"),
                method.Roles.Contains("client"),
                method.Responses.Select(response => Spelling.Fold(response.Item.Name)).ToEquatableArray(),
                fields.ToEquatableArray());
    }

    /// <summary>Null when a field has no wire type: what comes after it could not be found.</summary>
    private List<FieldModel>? Fields(List<Sourced<RawField>> fields, string where)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var linked = new List<FieldModel>();
        bool whole = true;
        foreach (Sourced<RawField> field in fields)
        {
            RawField raw = field.Item;
            string name = CSharpName.Pascal(raw.Name);
            if (names.TryGetValue(name, out string other))
            {
                if (Spelling.Fold(other) == Spelling.Fold(raw.Name))
                {
                    _findings.Add(Rules.Duplicate, field.Path, raw.Node, "name", "field name", raw.Name, $"another field of {where}");
                }
                else
                {
                    _findings.Add(Rules.NameCollision, field.Path, raw.Node, "name", other, raw.Name, name);
                }

                whole = false;
                continue;
            }

            names.Add(name, raw.Name);
            Resolved? resolved = _domains.Resolve(field.Path, raw, report: true);
            if (resolved is null)
            {
                whole = false;
                continue;
            }

            IEnumerable<Sourced<RawAssert>> asserts = resolved.Asserts.Concat(raw.Asserts.Select(assert => new Sourced<RawAssert>(field.Path, assert)));
            bool reserved = raw.Reserved is true;
            EquatableArray<CheckModel> checks = reserved ? default : new Checks(_findings).Link(asserts, resolved.Wire);
            linked.Add(new FieldModel(Spelling.Fold(raw.Name), resolved.Wire, reserved, raw.Label ?? resolved.Label, checks));
        }

        return whole ? linked : null;
    }

    /// <summary>An owned type and its view.</summary>
    private bool AreTypesFree(string path, int node, string name, string typeName) => _typeNames.TryTake(path, node, "name", name, typeName, typeName + "View");

    private bool IsFree(Dictionary<string, string> taken, string path, int node, string name, string csharpName)
    {
        if (taken.TryGetValue(csharpName, out string other))
        {
            _findings.Add(Rules.NameCollision, path, node, "name", other, name, csharpName);
            return false;
        }

        taken.Add(csharpName, name);
        return true;
    }
}
