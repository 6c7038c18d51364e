using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace AmqpToolkit.Generator.Tests;

public sealed class IncrementalityTests
{
    private const string Other = """<amqp major="0" minor="7"><class name="lone" index="1"><method name="go" index="1"><chassis name="server" implement="MUST"/></method></class></amqp>""";

    private static readonly string[] s_steps =
    [
        TrackingNames.Input, TrackingNames.Read, TrackingNames.Document, TrackingNames.Edition,
        TrackingNames.Link, TrackingNames.Model, TrackingNames.Lower, TrackingNames.Emit,
    ];

    private readonly InMemoryText[] _own = GeneratorHarness.OwnSpec();

    [Fact]
    public void EditOfCSharp_RerunsNoStepOfAnyEdition()
    {
        GeneratorDriver driver = GeneratorHarness.Driver(GeneratorHarness.OwnEditions()).RunGenerators(GeneratorHarness.Compilation);

        CSharpCompilation edited = GeneratorHarness.Compilation.AddSyntaxTrees(CSharpSyntaxTree.ParseText("internal static class Typed { }", GeneratorHarness.ParseOptions));
        GeneratorRunResult result = driver.RunGenerators(edited).GetRunResult().Results.Single();

        foreach (string step in s_steps)
        {
            Assert.All(Reasons(result, step), reason => Assert.Equal(IncrementalStepRunReason.Cached, reason));
        }

        Assert.All(OutputReasons(result), reason => Assert.Equal(IncrementalStepRunReason.Cached, reason));
    }

    [Fact]
    public void FirstRun_RunsEveryStep()
    {
        GeneratorRunResult result = GeneratorHarness.Run(_own);

        Assert.All(s_steps, step => Assert.All(Reasons(result, step), reason => Assert.Equal(IncrementalStepRunReason.New, reason)));
        Assert.Equal(2, Reasons(result, TrackingNames.Read).Length);
        Assert.Single(Reasons(result, TrackingNames.Link));
        Assert.Equal(13, Reasons(result, TrackingNames.Emit).Length);
    }

    [Fact]
    public void EditOfXmlComment_EndsAtReading()
    {
        GeneratorRunResult result = Edit(_own[0], text => text.Replace("<class name=\"basic\"", "<!-- one\nmore -->\n  <class name=\"basic\"", StringComparison.Ordinal));

        Assert.Equal([IncrementalStepRunReason.Modified, IncrementalStepRunReason.Cached], Reasons(result, TrackingNames.Read).Order());
        Assert.Equal([IncrementalStepRunReason.Unchanged, IncrementalStepRunReason.Cached], Reasons(result, TrackingNames.Document).Order());
        AssertAll(result, IncrementalStepRunReason.Cached, TrackingNames.Link, TrackingNames.Model, TrackingNames.Lower, TrackingNames.Emit);
        Assert.DoesNotContain(IncrementalStepRunReason.Modified, EmittedOutputs(result));
    }

    [Fact]
    public void EditOfOneLabel_ReemitsTheClassAlone()
    {
        GeneratorRunResult result = Edit(_own[0], text => text.Replace("Hands a message to an exchange", "Sends a message to an exchange", StringComparison.Ordinal));

        Assert.Equal(["Test.V0_9_1.ClassBasic.g.cs"], Modified(result));
    }

    [Fact]
    public void EditOfOneField_ReemitsTheClassAlone()
    {
        GeneratorRunResult result = Edit(_own[0], text => text.Replace("<field name=\"if-empty\" domain=\"bit\"", "<field name=\"if-empty\" domain=\"octet\"", StringComparison.Ordinal));

        Assert.Equal(["Test.V0_9_1.ClassQueue.g.cs"], Modified(result));
    }

    [Fact]
    public void EditOfOneConstant_ReemitsTheConstantsAlone()
    {
        GeneratorRunResult result = Edit(_own[1], text => text.Replace("value=\"312\"", "value=\"314\"", StringComparison.Ordinal));

        Assert.Equal(["Test.V0_9_1.Constants.g.cs"], Modified(result));
    }

    [Fact]
    public void EditOfOneChassis_ReemitsTheClassAndTheDispatch()
    {
        GeneratorRunResult result = Edit(_own[1], text => text.Replace("<method name=\"blocked\" index=\"60\"", "<method name=\"blocked\" content=\"0\" index=\"60\"", StringComparison.Ordinal));
        Assert.Empty(Modified(result));

        result = Edit(_own[1], text => text.Replace(
            "<chassis name=\"client\" implement=\"MAY\"/>\n      <field name=\"reason\"",
            "<chassis name=\"client\" implement=\"MAY\"/><chassis name=\"server\" implement=\"MAY\"/>\n      <field name=\"reason\"",
            StringComparison.Ordinal));

        Assert.Equal(["Test.V0_9_1.ClassConnection.g.cs", "Test.V0_9_1.Methods.g.cs", "Test.V0_9_1.ServerMethods.g.cs"], Modified(result));
    }

    [Fact]
    public void NewEdition_LeavesTheOthersAlone()
    {
        GeneratorDriver driver = GeneratorHarness.Driver(_own).RunGenerators(GeneratorHarness.Compilation);

        driver = driver.AddAdditionalTexts([InMemoryText.Base(Other, "/specs/aaa.xml", "other")]);
        GeneratorRunResult result = driver.RunGenerators(GeneratorHarness.Compilation).GetRunResult().Results.Single();

        Assert.Equal([IncrementalStepRunReason.New, IncrementalStepRunReason.Cached], Reasons(result, TrackingNames.Link).Order());
        Assert.Equal(13, Reasons(result, TrackingNames.Emit).Count(reason => reason == IncrementalStepRunReason.Cached));
        Assert.Equal(5, Reasons(result, TrackingNames.Emit).Count(reason => reason == IncrementalStepRunReason.New));
    }

    [Fact]
    public void EditOfOneEdition_LeavesTheOthersAlone()
    {
        InMemoryText other = InMemoryText.Base(Other, "/specs/aaa.xml", "other");
        GeneratorDriver driver = GeneratorHarness.Driver([other, .. _own]).RunGenerators(GeneratorHarness.Compilation);

        driver = driver.ReplaceAdditionalText(other, other.With(Other.Replace("lone", "only", StringComparison.Ordinal)));
        GeneratorRunResult result = driver.RunGenerators(GeneratorHarness.Compilation).GetRunResult().Results.Single();

        Assert.Equal([IncrementalStepRunReason.Modified, IncrementalStepRunReason.Cached], Reasons(result, TrackingNames.Link).Order());
        Assert.NotEmpty(Modified(result));
        Assert.All(Modified(result), hintName => Assert.StartsWith("Test.other.", hintName, StringComparison.Ordinal));
    }

    [Fact]
    public void RemovedOverlay_LeavesTheBase()
    {
        GeneratorDriver driver = GeneratorHarness.Driver(_own).RunGenerators(GeneratorHarness.Compilation);

        driver = driver.RemoveAdditionalTexts([_own[1]]);
        GeneratorRunResult result = driver.RunGenerators(GeneratorHarness.Compilation).GetRunResult().Results.Single();

        Assert.Equal(10, result.GeneratedSources.Length);
        Assert.Empty(result.Diagnostics.Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning));
    }

    [Theory]
    [InlineData("0-10", "amqp0-10.xml", "name=\"set-redelivered\" type=\"bit\"", "name=\"set-redelivered\" type=\"uint8\"", "MessageRelease")]
    [InlineData("1-0", "transport.xml", "name=\"echo\" type=\"boolean\" default=\"false\"", "name=\"echo\" type=\"boolean\"", "Flow")]
    [InlineData("1-0", "header-defaults.xml", "default=\"4\"", "default=\"5\"", "Header")]
    public void EditOfOneType_OfTheOtherGrammars_ReemitsWhatShowsIt(string edition, string file, string old, string changed, string expected)
    {
        InMemoryText[] all = GeneratorHarness.OwnEditions();
        InMemoryText edited = all.Single(text => Path.GetFileName(text.Path) == file);
        string text = edited.Content.Replace(old, changed, StringComparison.Ordinal);
        Assert.NotEqual(edited.Content, text);
        GeneratorDriver driver = GeneratorHarness.Driver(all).RunGenerators(GeneratorHarness.Compilation);

        GeneratorRunResult result = driver.ReplaceAdditionalText(edited, edited.With(text)).RunGenerators(GeneratorHarness.Compilation).GetRunResult().Results.Single();

        Assert.Equal(1, Reasons(result, TrackingNames.Link).Count(reason => reason == IncrementalStepRunReason.Modified));
        Assert.Equal(expected.Split(',').Select(name => $"Test.V{edition.Replace('-', '_')}.{name}.g.cs"), Modified(result));
    }

    private static void AssertAll(GeneratorRunResult result, IncrementalStepRunReason reason, params string[] steps) =>
        Assert.All(steps, step => Assert.All(Reasons(result, step), actual => Assert.Equal(reason, actual)));

    private static IncrementalStepRunReason[] Reasons(GeneratorRunResult result, string step) =>
        [.. result.TrackedSteps[step].SelectMany(run => run.Outputs).Select(output => output.Reason).Where(reason => reason != IncrementalStepRunReason.Removed)];

    private static IEnumerable<IncrementalStepRunReason> OutputReasons(GeneratorRunResult result) =>
        result.TrackedOutputSteps.SelectMany(pair => pair.Value).SelectMany(run => run.Outputs).Select(output => output.Reason);

    /// <summary>The outputs that add sources are those fed by the last step.</summary>
    private static IEnumerable<IncrementalStepRunReason> EmittedOutputs(GeneratorRunResult result) =>
        result.TrackedOutputSteps
            .SelectMany(pair => pair.Value)
            .Where(run => run.Inputs.Any(input => input.Source.Name == TrackingNames.Emit))
            .SelectMany(run => run.Outputs)
            .Select(output => output.Reason);

    private static string[] Modified(GeneratorRunResult result) =>
    [
        .. result.TrackedSteps[TrackingNames.Emit]
            .SelectMany(run => run.Outputs)
            .Where(output => output.Reason == IncrementalStepRunReason.Modified)
            .Select(output => ((Emitting.EmittedFile)output.Value).HintName)
            .Order(StringComparer.Ordinal),
    ];

    private GeneratorRunResult Edit(InMemoryText file, Func<string, string> edit)
    {
        GeneratorDriver driver = GeneratorHarness.Driver(_own).RunGenerators(GeneratorHarness.Compilation);
        string changed = edit(file.Content);
        Assert.NotEqual(file.Content, changed);
        driver = driver.ReplaceAdditionalText(file, file.With(changed));
        return driver.RunGenerators(GeneratorHarness.Compilation).GetRunResult().Results.Single();
    }
}
