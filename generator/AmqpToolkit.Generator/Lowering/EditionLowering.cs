using AmqpToolkit.Generator.Linking;

namespace AmqpToolkit.Generator.Lowering;

/// <summary>Turns a linked edition into the plans of its files. Each plan holds only what its file shows, so that an edit touches few.</summary>
internal static class EditionLowering
{
    public static IEnumerable<Unit> Lower(EditionModel edition, CancellationToken cancellationToken) => edition switch
    {
        TypeEdition types => TypeLowering.Lower(types, cancellationToken),
        CommandEdition commands => CommandLowering.Lower(commands, cancellationToken),
        _ => ClassicLowering.Lower((ClassicEdition)edition, cancellationToken),
    };
}
