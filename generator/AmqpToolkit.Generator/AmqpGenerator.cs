using System.Collections.Immutable;
using System.Text;
using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Emitting;
using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Linking;
using AmqpToolkit.Generator.Lowering;
using AmqpToolkit.Generator.Reading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace AmqpToolkit.Generator;

/// <summary>
/// Turns AMQP definitions among the additional files into C#: read, link, lower, emit. It looks at these files and their metadata only, never
/// at C#, so typing C# runs none of its steps; every step hands on values that can be compared, so an edit stops where it changes nothing.
/// </summary>
[Microsoft.CodeAnalysis.Generator(LanguageNames.CSharp)]
public sealed class AmqpGenerator : IIncrementalGenerator
{
    private const string Metadata = "build_metadata.AdditionalFiles.";
    private const string Property = "build_property.";

    private static readonly Encoding s_utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<ReadResult> read = context.AdditionalTextsProvider
            .Combine(context.AnalyzerConfigOptionsProvider)
            .Select((pair, cancellationToken) => Input(pair.Left, pair.Right, cancellationToken))
            .Where(input => input is not null)
            .Select((input, _) => input!)
            .WithTrackingName(TrackingNames.Input)
            .Select(SpecReader.Read)
            .WithTrackingName(TrackingNames.Read);

        IncrementalValuesProvider<RawDocument> documents = read
            .Where(result => result.Document is not null)
            .Select((result, _) => result.Document!)
            .WithTrackingName(TrackingNames.Document);

        // The unit is the edition. Each base document gathers its own overlays, so that another edition's files leave it alone.
        IncrementalValueProvider<EquatableArray<RawDocument>> all = documents.Collect().Select((items, _) => Sort(items));
        IncrementalValuesProvider<LinkResult> linked = documents
            .Combine(all)
            .Select((pair, _) => Editions.Gather(pair.Left, pair.Right))
            .Where(edition => edition is not null)
            .Select((edition, _) => edition!)
            .WithTrackingName(TrackingNames.Edition)
            .Select(Linker.Link)
            .WithTrackingName(TrackingNames.Link);

        IncrementalValuesProvider<EmittedFile> files = linked
            .Where(result => result.Model is not null)
            .Select((result, _) => result.Model!)
            .WithTrackingName(TrackingNames.Model)
            .SelectMany(EditionLowering.Lower)
            .WithTrackingName(TrackingNames.Lower)
            .Select((unit, _) => Emitter.Emit(unit))
            .WithTrackingName(TrackingNames.Emit);

        context.RegisterSourceOutput(files.Where(file => file.Failure is null), (output, file) => output.AddSource(file.HintName, SourceText.From(file.Text, s_utf8)));
        context.RegisterSourceOutput(
            files.Where(file => file.Failure is not null).Combine(all),
            (output, pair) => Report(output, Editions.Blame(pair.Left.Failure!, pair.Right), ImmutableArray<LocationTable>.Empty));
        RegisterFindings(context, read, linked, all);
    }

    /// <summary>Findings have an output of their own: a moved line moves its diagnostics and emits nothing.</summary>
    private static void RegisterFindings(
        IncrementalGeneratorInitializationContext context,
        IncrementalValuesProvider<ReadResult> read,
        IncrementalValuesProvider<LinkResult> linked,
        IncrementalValueProvider<EquatableArray<RawDocument>> all)
    {
        IncrementalValueProvider<ImmutableArray<LocationTable>> locations = read.Select((result, _) => result.Locations).Collect();
        context.RegisterSourceOutput(
            read.SelectMany((result, _) => result.Findings).Combine(locations),
            (output, pair) => Report(output, pair.Left, pair.Right));
        context.RegisterSourceOutput(
            linked.SelectMany((result, _) => result.Findings).Combine(locations),
            (output, pair) => Report(output, pair.Left, pair.Right));
        context.RegisterSourceOutput(
            all.SelectMany((documents, _) => Editions.Check(documents)).Combine(locations),
            (output, pair) => Report(output, pair.Left, pair.Right));
    }

    private static void Report(SourceProductionContext output, Finding finding, ImmutableArray<LocationTable> locations)
    {
        Location location = locations.FirstOrDefault(table => table.Path == finding.Path)?.Find(finding.Node, finding.Attribute) ?? Location.Create(finding.Path, default, default);
        object[] arguments = finding.Arguments.ToArray<object>();
        output.ReportDiagnostic(Diagnostic.Create(Rules.Find(finding.Id), location, arguments));
    }

    private static SpecInput? Input(AdditionalText file, AnalyzerConfigOptionsProvider options, CancellationToken cancellationToken)
    {
        AnalyzerConfigOptions metadata = options.GetOptions(file);
        string? Value(string name) => Lookup(metadata, Metadata + name);
        string? Default(string name) => Lookup(options.GlobalOptions, Property + name);

        string? spec = Value("AmqpSpec");
        string? overlayFor = Value("AmqpOverlayFor");
        if (spec is null && overlayFor is null)
        {
            return null;
        }

        string? text = Text(file, out string? failure, cancellationToken);
        return text is null ? null : new SpecInput(
            file.Path,
            spec,
            overlayFor,
            Value("AmqpNamespace"),
            text,
            Default("AmqpRootNamespace"),
            Value("AmqpVisibility") ?? Default("AmqpVisibility"),
            Value("AmqpEmit") ?? Default("AmqpEmit"),
            failure);
    }

    /// <summary>Null for a file that the compiler itself reports.</summary>
    private static string? Text(AdditionalText file, out string? failure, CancellationToken cancellationToken)
    {
        failure = null;
        try
        {
            return file.GetText(cancellationToken)?.ToString();
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            failure = Failure.Describe(exception);
            return "";
        }
    }

    private static string? Lookup(AnalyzerConfigOptions options, string key) => options.TryGetValue(key, out string? value) && value.Trim().Length != 0 ? value.Trim() : null;

    /// <summary>In an order that does not depend on the order of the items: by file name, then by path.</summary>
    private static EquatableArray<RawDocument> Sort(ImmutableArray<RawDocument> documents) => documents
        .OrderBy(document => FileName(document.Path), StringComparer.Ordinal)
        .ThenBy(document => document.Path, StringComparer.Ordinal)
        .ToEquatableArray();

    private static string FileName(string path) => path.Substring(path.LastIndexOfAny(['/', '\\']) + 1);
}
