using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;

namespace AmqpToolkit.Generator.Tests;

/// <summary>What a project can choose: namespace, visibility and parts, for one file or for all.</summary>
public sealed partial class EmissionOptionsTests
{
    private const string Views = "Views";
    private const string Owned = "Owned";
    private const string Properties = "Properties";
    private const string Dispatch = "Dispatch";
    private const string Constants = "Constants";
    private const string Describe = "Describe";

    private static readonly (string Edition, string File)[] s_editions = [("0-9-1", "amqp0-9-1.xml"), ("0-10", "amqp0-10.xml"), ("1-0", "amqp1-0")];

    public static TheoryData<string, string, string> Parts
    {
        get
        {
            var rows = new TheoryData<string, string, string>();
            foreach ((string edition, string file) in s_editions)
            {
                rows.Add(edition, file, Views);
                rows.Add(edition, file, "owned, constants");
                rows.Add(edition, file, Describe);
                rows.Add(edition, file, Dispatch);
            }

            rows.Add("0-9-1", "amqp0-9-1.xml", Properties);
            rows.Add("0-9-1", "amqp0-9-1.xml", Constants);

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Parts))]
    public void ChosenParts_OfEveryEdition_CompileWithoutTheOthers(string edition, string file, string emit)
    {
        GeneratorRunResult result = GeneratorHarness.Run(With(GeneratorHarness.OwnEdition(edition, file), "AmqpEmit", emit));

        Assert.Empty(result.Diagnostics.Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning));
        string[] messages = GeneratorHarness.Compile(result);
        Assert.True(messages.Length == 0, string.Join('\n', messages.Take(10)));
    }

    [Theory]
    [InlineData(Views, "BasicPublishView")]
    [InlineData(Owned, "BasicPublish")]
    [InlineData(Properties, "BasicProperties", "BasicPropertiesView")]
    [InlineData(Dispatch, "BasicPublishView", "IBasicServerMethodHandler", "IServerMethodHandler", "ServerMethods", "Methods")]
    [InlineData(Constants, "Constants", "Methods", "FieldValueTags")]
    public void ChosenParts_Of091_AreWhatIsEmitted(string emit, params string[] expected)
    {
        string[] all = ["BasicPublishView", "BasicPublish", "BasicProperties", "BasicPropertiesView", "IBasicServerMethodHandler", "IServerMethodHandler", "ServerMethods", "Methods", "Constants", "FieldValueTags"];

        string[] emitted = [.. Types(GeneratorHarness.Run(With(GeneratorHarness.OwnSpec(), "AmqpEmit", emit))).Select(type => type.Name)];

        Assert.Equal(expected.Order(StringComparer.Ordinal), all.Intersect(emitted).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("0-9-1", "amqp0-9-1.xml", Views, "")]
    [InlineData("0-10", "amqp0-10.xml", Views, "MessageTransferView")]
    [InlineData("1-0", "amqp1-0", Views, "TransferView")]
    [InlineData("0-10", "amqp0-10.xml", Owned, "MessageTransfer")]
    [InlineData("1-0", "amqp1-0", Owned, "Transfer")]
    [InlineData("0-10", "amqp0-10.xml", Constants, "")]
    [InlineData("1-0", "amqp1-0", Constants, "")]
    public void ChosenParts_OfTheOtherGrammars_AreWhatIsEmitted(string edition, string file, string emit, string expected)
    {
        string[] all = ["MessageTransferView", "MessageTransfer", "TransferView", "Transfer"];

        string[] emitted = [.. Types(GeneratorHarness.Run(With(GeneratorHarness.OwnEdition(edition, file), "AmqpEmit", emit))).Select(type => type.Name)];

        Assert.Equal(expected, string.Join(' ', all.Intersect(emitted)));
    }

    [Theory]
    [InlineData("0-9-1", "amqp0-9-1.xml", "new(ShapeKind.Method, \"basic.cancel-ok\", 0x3C001F,")]
    [InlineData("0-10", "amqp0-10.xml", "new(\"acquire-mode\", \"uint8\") { FixedOctets = 1, Choices = s_messageAcquireMode },")]
    [InlineData("1-0", "amqp1-0", "new(\"role\", \"boolean\") { Choices = s_role },")]
    public void Descriptions_OfEveryGrammar_AreAllThatIsEmitted_AndOnlyWhenAskedFor(string edition, string file, string line)
    {
        GeneratorRunResult result = GeneratorHarness.Run(With(GeneratorHarness.OwnEdition(edition, file), "AmqpEmit", Describe));

        Assert.Equal("Descriptions", Assert.Single(Types(result)).Name);
        Assert.Contains(line, Assert.Single(result.GeneratedSources).SourceText.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Types(GeneratorHarness.Run(With(GeneratorHarness.OwnEdition(edition, file), "AmqpEmit", "All"))), type => type.Name == "Descriptions");
    }

    [Theory]
    [InlineData("0-9-1", "amqp0-9-1.xml")]
    [InlineData("0-10", "amqp0-10.xml")]
    [InlineData("1-0", "amqp1-0")]
    public void InternalVisibility_HidesEveryType_AndCompiles(string edition, string file)
    {
        GeneratorRunResult result = GeneratorHarness.Run(With(GeneratorHarness.OwnEdition(edition, file), "AmqpVisibility", "internal"));

        Assert.All(Types(result), type => Assert.Equal("internal", type.Access));
        Assert.NotEmpty(Types(result));
        string[] messages = GeneratorHarness.Compile(result);
        Assert.True(messages.Length == 0, string.Join('\n', messages.Take(10)));
    }

    [Fact]
    public void Visibility_IsPublic_UnlessTheProjectSaysOtherwise() => Assert.All(Types(GeneratorHarness.Run(GeneratorHarness.OwnSpec())), type => Assert.Equal("public", type.Access));

    [Fact]
    public void Properties_OfTheProject_StandForMetadataThatIsNotThere()
    {
        var properties = new Dictionary<string, string> { ["AmqpVisibility"] = "internal", ["AmqpEmit"] = Constants, ["AmqpRootNamespace"] = "Mine" };
        InMemoryText[] own = [.. GeneratorHarness.OwnSpec().Select(file => file.With("AmqpNamespace", ""))];

        GeneratorRunResult byProperty = GeneratorHarness.Run(properties, own);
        GeneratorRunResult byItem = GeneratorHarness.Run(properties, With(With(own, "AmqpVisibility", "public"), "AmqpEmit", Owned));

        Assert.All(byProperty.GeneratedSources, source => Assert.StartsWith("Mine.V0_9_1.", source.HintName, StringComparison.Ordinal));
        Assert.All(Types(byProperty), type => Assert.Equal("internal", type.Access));
        Assert.DoesNotContain(Types(byProperty), type => type.Name == "BasicPublish");
        Assert.All(Types(byItem), type => Assert.Equal("public", type.Access));
        Assert.Contains(Types(byItem), type => type.Name == "BasicPublish");
    }

    [Fact]
    public void Pattern_OfBasesAndOverlays_IsTheEditionOfItsSpec()
    {
        IEnumerable<InMemoryText> separate = GeneratorHarness.OwnEdition("1-0", "amqp1-0");
        IEnumerable<InMemoryText> together = separate.Select(file => new InMemoryText(file.Path, file.Content, spec: "1-0", ns: "Test.V1_0"));

        GeneratorRunResult result = GeneratorHarness.Run(together);

        Assert.Empty(result.Diagnostics.Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning));
        Assert.Equal(Texts(GeneratorHarness.Run(separate)), Texts(result));
    }

    private static IEnumerable<InMemoryText> With(IEnumerable<InMemoryText> files, string metadata, string value) => files.Select(file => file.With(metadata, value));

    private static IEnumerable<string> Texts(GeneratorRunResult result) =>
        result.GeneratedSources.OrderBy(source => source.HintName, StringComparer.Ordinal).Select(source => $"{source.HintName}\n{source.SourceText}");

    private static List<(string Access, string Name)> Types(GeneratorRunResult result) =>
    [
        .. from source in result.GeneratedSources
           from Match match in Declaration().Matches(source.SourceText.ToString())
           select (match.Groups["access"].Value, match.Groups["name"].Value),
    ];

    [GeneratedRegex(@"^(?<access>\w+) ((static|readonly|ref|record) )*(class|struct|interface|enum) (?<name>\w+)", RegexOptions.Multiline)]
    private static partial Regex Declaration();
}
