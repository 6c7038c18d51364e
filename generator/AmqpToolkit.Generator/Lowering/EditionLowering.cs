using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Linking;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Lowering;

/// <summary>Turns a linked edition into the plans of its files. Each plan holds only what its file shows, so that an edit touches few.</summary>
internal static class EditionLowering
{
    /// <summary>Plans with names of their own. An unforeseen exception ends the edition, with a plan that says so.</summary>
    public static IReadOnlyList<Unit> Lower(EditionModel edition, CancellationToken cancellationToken)
    {
        var units = new List<Unit>();
        var hints = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        try
        {
            foreach (Unit unit in Plan(edition, cancellationToken))
            {
                units.Add(hints.Add(unit.HintName) ? unit : Failed(edition, $"there are two files {unit.HintName}"));
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            units.Add(Failed(edition, Failure.Describe(exception)));
        }

        return units;
    }

    private static FailedUnit Failed(EditionModel edition, string what) =>
        new(edition.Namespace, edition.Edition, edition.Namespace, new EmissionFailure(edition.Edition, Failure.Lowered, what));

    private static IEnumerable<Unit> Plan(EditionModel edition, CancellationToken cancellationToken)
    {
        IEnumerable<Unit> described = edition.Options.Has(EmittedParts.Describe) ? [DescriptionLowering.Lower(edition)] : [];
        return All(edition, cancellationToken)
            .Where(unit => IsEmitted(unit, edition.Options))
            .Concat(described)
            .Select(unit => unit with { Options = edition.Options });
    }

    private static IEnumerable<Unit> All(EditionModel edition, CancellationToken cancellationToken) => edition switch
    {
        TypeEdition types => TypeLowering.Lower(types, cancellationToken),
        CommandEdition commands => CommandLowering.Lower(commands, cancellationToken),
        _ => ClassicLowering.Lower((ClassicEdition)edition, cancellationToken),
    };

    private static bool IsEmitted(Unit unit, EmissionOptions options) => unit switch
    {
        ClassUnit methods => options.Has(EmittedParts.Views | EmittedParts.Owned) || (methods.Properties is not null && options.Has(EmittedParts.Properties)),
        DispatchUnit or CommandDispatchUnit => options.Has(EmittedParts.Dispatch),

        // The switch asks it why a method is not received.
        MethodsUnit or CommandInfosUnit => options.Has(EmittedParts.Constants | EmittedParts.Dispatch),
        CompositeUnit or DescribedUnit or PackedUnit => options.Has(EmittedParts.Views | EmittedParts.Owned),
        UnionUnit => options.Has(EmittedParts.Views),

        // Unions look up symbols.
        DescriptorsUnit => options.Has(EmittedParts.Constants | EmittedParts.Views),

        // Fields have their types.
        ChoicesUnit => options.Has(EmittedParts.Constants | EmittedParts.Views | EmittedParts.Owned),
        _ => options.Has(EmittedParts.Constants),
    };
}
