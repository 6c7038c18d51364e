using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Linking;

/// <summary>Checks what no edition can see by itself: two documents of one edition, overlays of none.</summary>
internal static class Editions
{
    public static EquatableArray<Finding> Check(EquatableArray<RawDocument> documents)
    {
        var findings = new FindingList();
        var bases = new Dictionary<string, RawDocument>(StringComparer.Ordinal);
        foreach (RawDocument document in documents.Where(document => !document.IsOverlay))
        {
            if (bases.TryGetValue(document.Edition, out RawDocument known))
            {
                findings.Add(Rules.DuplicateEdition, document.Path, 0, null, document.Edition, known.Path);
            }
            else
            {
                bases.Add(document.Edition, document);
            }
        }

        foreach (RawDocument overlay in documents.Where(document => document.IsOverlay && !bases.ContainsKey(document.Edition)))
        {
            findings.Add(Rules.OverlayWithoutBase, overlay.Path, 0, "overlay", overlay.Edition);
        }

        return findings.ToEquatableArray();
    }
}
