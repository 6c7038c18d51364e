using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Linking;

/// <summary>What no edition can see by itself: two documents of one edition or one namespace, overlays without a base.</summary>
internal static class Editions
{
    /// <summary>The namespace that the project names, else one made of the edition.</summary>
    public static string NamespaceOf(RawDocument document) =>
        document.Namespace ?? $"{document.RootNamespace ?? "Amqp"}.V{document.Edition.Replace('-', '_').Replace('.', '_').Replace(' ', '_')}";

    /// <summary>Parts of one edition share the namespace of the first one that has any.</summary>
    private static string NamespaceOf(RawDocument document, EquatableArray<RawDocument> all) =>
        NamespaceOf(all.FirstOrDefault(other => IsPart(other, document) && other.Namespace is not null) ?? document);

    /// <summary>The base document with its overlays; null for an overlay, and for a base document that another one excludes.</summary>
    public static EditionInput? Gather(RawDocument document, EquatableArray<RawDocument> all)
    {
        if (document.IsOverlay || IsNamedTwice(document, all) || all.First(other => Excludes(other, document, all)) != document || FirstPart(document, all) != document)
        {
            return null;
        }

        RawDocument[] parts = all.Where(other => IsPart(other, document) && all.First(first => Excludes(first, other, all)) == other).ToArray();
        IEnumerable<RawDocument> overlays = all.Where(other => other.IsOverlay && other.Edition == document.Edition).Distinct();
        return new EditionInput(document.Edition, NamespaceOf(document, all), Options(parts), new([.. parts, .. overlays]));
    }

    /// <summary>One file, twice among the items: neither is the first.</summary>
    private static bool IsNamedTwice(RawDocument document, EquatableArray<RawDocument> all) => all.Count(other => other == document) != 1;

    /// <summary>As with the namespace, the first part that says something counts.</summary>
    private static EmissionOptions Options(RawDocument[] parts) => new(
        parts.Select(part => part.IsInternal).FirstOrDefault(isInternal => isInternal is not null) ?? false,
        parts.Select(part => part.Parts).FirstOrDefault(names => names is not null) ?? EmittedParts.All);

    public static EquatableArray<Finding> Check(EquatableArray<RawDocument> documents)
    {
        var findings = new FindingList();
        var bases = new Dictionary<string, RawDocument>(StringComparer.Ordinal);
        foreach (RawDocument document in documents.Where(document => !document.IsOverlay))
        {
            RawDocument first = documents.First(other => Excludes(other, document, documents));
            if (IsNamedTwice(document, documents))
            {
                bases[document.Edition] = document;
                findings.Add(Rules.DuplicateEdition, document.Path, 0, null, document.Edition, "the same file");
            }
            else if (first == document)
            {
                bases[document.Edition] = document;
            }
            else if (first.Edition == document.Edition)
            {
                findings.Add(Rules.DuplicateEdition, document.Path, 0, null, document.Edition, first.Path);
            }
            else
            {
                findings.Add(Rules.SharedNamespace, document.Path, 0, null, NamespaceOf(document), first.Edition);
            }
        }

        foreach (RawDocument overlay in documents.Where(document => document.IsOverlay && !bases.ContainsKey(document.Edition)))
        {
            findings.Add(Rules.OverlayWithoutBase, overlay.Path, 0, "overlay", overlay.Edition, Spelling.Suggest(overlay.Edition, bases.Keys));
        }

        return findings.ToEquatableArray();
    }

    /// <summary>The finding at the first file of the edition.</summary>
    public static Finding Blame(EmissionFailure failure, EquatableArray<RawDocument> documents) =>
        Failure.Of(documents.FirstOrDefault(document => document.Edition == failure.Edition)?.Path ?? "", failure.Step, failure.What);

    private static RawDocument FirstPart(RawDocument document, EquatableArray<RawDocument> all) => all.First(other => IsPart(other, document));

    /// <summary>An edition of the type grammar has several documents with names of their own; every other one stands alone.</summary>
    private static bool IsPart(RawDocument other, RawDocument document) =>
        !other.IsOverlay && other.Edition == document.Edition && (other == document || (other.Part is not null && document.Part is not null));

    private static bool Excludes(RawDocument first, RawDocument second, EquatableArray<RawDocument> all) =>
        !first.IsOverlay && (first.Edition == second.Edition
            ? first.Part == second.Part || first.Part is null || second.Part is null
            : string.Equals(NamespaceOf(first, all), NamespaceOf(second, all), StringComparison.OrdinalIgnoreCase));
}
