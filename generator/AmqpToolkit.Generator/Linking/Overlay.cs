using System.Globalization;
using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Linking;

/// <summary>Lays the classes of overlays over those of the base: adds, sets attributes, revives reserved fields; deletes nothing.</summary>
internal sealed class Overlay(string edition, Domains domains, FindingList findings)
{
    public List<MergedClass> Classes { get; } = [];

    /// <summary>Takes over the classes of a document. Those of the base must be new, those of an overlay may extend.</summary>
    public void Apply(ClassicDocument document)
    {
        foreach (RawClass raw in document.Classes)
        {
            MergedClass? known = Find(Classes, raw.Name, candidate => candidate.Name);
            if (known is not null && document.IsOverlay && (raw.Index is null || raw.Index == known.Index))
            {
                Extend(document, known, raw);
            }
            else
            {
                Add(document, known, raw);
            }
        }
    }

    private static T? Find<T>(IEnumerable<T> items, string name, Func<T, string> nameOf)
        where T : class => items.FirstOrDefault(item => Spelling.Fold(nameOf(item)) == Spelling.Fold(name));

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private void Add(ClassicDocument document, MergedClass? sameName, RawClass raw)
    {
        MergedClass? sameIndex = Classes.FirstOrDefault(candidate => candidate.Index == raw.Index);
        if (sameName is not null)
        {
            findings.Add(Rules.Duplicate, document.Path, raw.Node, "name", "class name", raw.Name, $"class {Number(sameName.Index)}");
        }
        else if (raw.Index is null)
        {
            ReportNoIndex(document, raw.Node, "class", raw.Name, Classes.Select(candidate => candidate.Name));
        }
        else if (sameIndex is not null)
        {
            findings.Add(Rules.Duplicate, document.Path, raw.Node, "index", "class index", Number(raw.Index.Value), $"class '{sameIndex.Name}'");
        }
        else
        {
            var added = new MergedClass(document.Path, raw);
            Classes.Add(added);
            foreach (RawMethod method in raw.Methods)
            {
                Add(document, added, null, method);
            }
        }
    }

    private void Extend(ClassicDocument document, MergedClass target, RawClass raw)
    {
        target.Label = raw.Label ?? target.Label;
        Extend(document, target.Properties, raw.Fields, $"class {target.Name}");
        foreach (RawMethod method in raw.Methods)
        {
            MergedMethod? known = Find(target.Methods, method.Name, candidate => candidate.Name);
            if (known is not null && (method.Index is null || method.Index == known.Index))
            {
                known.Apply(document.Path, method);
                Extend(document, known.Fields, method.Fields, $"{target.Name}.{known.Name}");
            }
            else
            {
                Add(document, target, known, method);
            }
        }
    }

    private void Add(ClassicDocument document, MergedClass target, MergedMethod? sameName, RawMethod raw)
    {
        sameName ??= Find(target.Methods, raw.Name, candidate => candidate.Name);
        MergedMethod? sameIndex = target.Methods.FirstOrDefault(candidate => candidate.Index == raw.Index);
        if (sameName is not null)
        {
            findings.Add(Rules.Duplicate, document.Path, raw.Node, "name", "method name", raw.Name, $"method {Number(sameName.Index)} of the class '{target.Name}'");
        }
        else if (raw.Index is null)
        {
            ReportNoIndex(document, raw.Node, "method", $"{target.Name}.{raw.Name}", target.Methods.Select(candidate => $"{target.Name}.{candidate.Name}"));
        }
        else if (sameIndex is not null)
        {
            findings.Add(Rules.Duplicate, document.Path, raw.Node, "index", "method index", Number(raw.Index.Value), $"'{target.Name}.{sameIndex.Name}'");
        }
        else
        {
            target.Methods.Add(new MergedMethod(document.Path, raw));
        }
    }

    private void ReportNoIndex(ClassicDocument document, int node, string kind, string name, IEnumerable<string> candidates)
    {
        if (document.IsOverlay)
        {
            findings.Add(Rules.OverlayWithoutTarget, document.Path, node, "name", kind, name, edition, Spelling.Suggest(name, candidates), "an index");
        }
        else
        {
            findings.Add(Rules.BadAttribute, document.Path, node, "index", kind, "index", "a number from 0 to 65535");
        }
    }

    private void Extend(ClassicDocument document, List<Sourced<RawField>> fields, EquatableArray<RawField> additions, string where)
    {
        foreach (RawField addition in additions)
        {
            if (addition.Replaces is not null)
            {
                Replace(document, fields, addition, where);
                continue;
            }

            int known = fields.FindIndex(field => Spelling.Fold(field.Item.Name) == Spelling.Fold(addition.Name));
            if (known < 0)
            {
                fields.Add(new Sourced<RawField>(document.Path, addition));
            }
            else
            {
                RawField old = fields[known].Item;
                fields[known] = new Sourced<RawField>(document.Path, addition with
                {
                    Name = old.Name,
                    Domain = addition.Domain ?? (addition.Type is null ? old.Domain : null),
                    Type = addition.Type ?? (addition.Domain is null ? old.Type : null),
                    Reserved = addition.Reserved ?? old.Reserved,
                    Label = addition.Label ?? old.Label,
                    Asserts = addition.Asserts.Count != 0 ? addition.Asserts : old.Asserts,
                });
            }
        }
    }

    private void Replace(ClassicDocument document, List<Sourced<RawField>> fields, RawField addition, string where)
    {
        int target = fields.FindIndex(field => Spelling.Fold(field.Item.Name) == Spelling.Fold(addition.Replaces!));
        if (target < 0)
        {
            findings.Add(
                Rules.OverlayWithoutTarget,
                document.Path,
                addition.Node,
                "replaces",
                $"field of {where}",
                addition.Replaces!,
                edition,
                Spelling.Suggest(addition.Replaces!, fields.Select(field => field.Item.Name)),
                "no 'replaces'");
            return;
        }

        RawField old = fields[target].Item;
        WireType? oldWire = domains.WireOf(old);
        WireType? newWire = domains.WireOf(addition);
        if (old.Reserved is not true)
        {
            findings.Add(Rules.BadReplacement, document.Path, addition.Node, "replaces", addition.Name, old.Name, "it is not reserved; only reserved fields can be revived");
        }
        else if (oldWire is not null && newWire is not null && oldWire != newWire)
        {
            string text = $"its wire type is {BaseTypes.NameOf(oldWire.Value)}, not {BaseTypes.NameOf(newWire.Value)}; choose a domain of that type";
            findings.Add(Rules.BadReplacement, document.Path, addition.Node, "replaces", addition.Name, old.Name, text);
        }
        else
        {
            fields[target] = new Sourced<RawField>(document.Path, addition);
        }
    }
}
