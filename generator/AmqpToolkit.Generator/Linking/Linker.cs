using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Linking;

/// <summary>Links an edition with the linker of its grammar, which is that of its base.</summary>
internal static class Linker
{
    public static LinkResult Link(EditionInput input, CancellationToken cancellationToken)
    {
        try
        {
            return LinkAll(input, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return new LinkResult(null, new([Failure.Of(input.Documents[0].Path, Failure.Linked, exception)]));
        }
    }

    private static LinkResult LinkAll(EditionInput input, CancellationToken cancellationToken)
    {
        var findings = new FindingList();
        RawDocument first = input.Documents[0];
        foreach (RawDocument other in input.Documents.Where(document => document.GetType() != first.GetType()))
        {
            findings.Add(Rules.MixedGrammars, other.Path, 0, null, input.Edition, NameOf(first), NameOf(other));
        }

        LinkResult result = first switch
        {
            TypeDocument => TypeLinker.Link(input, cancellationToken),
            CommandDocument => CommandLinker.Link(input, cancellationToken),
            _ => ClassicLinker.Link(input, cancellationToken),
        };
        return new LinkResult(result.Model! with { Options = input.Options }, findings.ToEquatableArray().Concat(result.Findings).ToEquatableArray());
    }

    private static string NameOf(RawDocument document) => document switch
    {
        TypeDocument => "type grammar (1.0)",
        CommandDocument => "command grammar (0-10)",
        _ => "classic grammar (0-8, 0-9, 0-9-1)",
    };
}
