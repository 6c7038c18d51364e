using System.Collections;
using System.Reflection;
using System.Xml.Linq;
using AmqpToolkit.Generator.Linking;
using AmqpToolkit.Generator.Lowering;
using AmqpToolkit.Generator.Reading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace AmqpToolkit.Generator.Tests;

public sealed class ModelTests
{
    private static readonly Type[] s_forbidden =
        [typeof(ISymbol), typeof(Compilation), typeof(SyntaxNode), typeof(XObject), typeof(Location), typeof(SourceText), typeof(AdditionalText)];

    [Theory]
    [InlineData(TrackingNames.Input)]
    [InlineData(TrackingNames.Read)]
    [InlineData(TrackingNames.Document)]
    [InlineData(TrackingNames.Edition)]
    [InlineData(TrackingNames.Link)]
    [InlineData(TrackingNames.Model)]
    [InlineData(TrackingNames.Lower)]
    [InlineData(TrackingNames.Emit)]
    public void Models_OfEveryStep_HoldNothingOfTheCompiler(string step)
    {
        GeneratorRunResult result = GeneratorHarness.Run(GeneratorHarness.OwnEditions());

        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        foreach ((object value, _) in result.TrackedSteps[step].SelectMany(run => run.Outputs))
        {
            Walk(value, seen, step);
        }

        Assert.NotEmpty(seen);
    }

    [Fact]
    public void Models_ThatFeedEmission_KnowNoPlaceInTheFile()
    {
        Type[] models = [typeof(ClassicEdition), typeof(TypeEdition), typeof(CommandEdition), typeof(CompositeModel), typeof(TypeFieldModel), typeof(ClassModel), typeof(MethodModel), typeof(FieldModel), typeof(ConstantModel), .. typeof(Unit).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Unit)))];

        Assert.DoesNotContain(models.SelectMany(type => type.GetProperties()), property => property.Name is "Node" or "Line" or "Path");
    }

    [Fact]
    public void Document_OfEqualText_IsEqual()
    {
        RawDocument first = Read(GeneratorHarness.ReadSpec("amqp0-9-1.xml"));
        RawDocument second = Read(GeneratorHarness.ReadSpec("amqp0-9-1.xml"));

        Assert.Equal(first, second);
        Assert.Equal(first.GetHashCode(), second.GetHashCode());
    }

    [Theory]
    [InlineData("index=\"40\"", "index=\"45\"")]
    [InlineData("synchronous=\"1\"", "synchronous=\"0\"")]
    [InlineData("domain=\"bit\"", "domain=\"octet\"")]
    [InlineData("value=\"127\"", "value=\"128\"")]
    [InlineData("class=\"soft-error\"", "class=\"hard-error\"")]
    [InlineData("implement=\"MUST\"/>\n    <chassis name=\"client\"", "implement=\"MAY\"/>\n    <chassis name=\"client\"", true)]
    public void Document_OfOtherText_DiffersWhereItMatters(string old, string changed, bool equal = false)
    {
        string text = GeneratorHarness.ReadSpec("amqp0-9-1.xml");
        int at = text.IndexOf(old, StringComparison.Ordinal);
        Assert.True(at >= 0);

        RawDocument edited = Read(string.Concat(text.AsSpan(0, at), changed, text.AsSpan(at + old.Length)));

        Assert.Equal(equal, edited == Read(text));
    }

    [Theory]
    [InlineData("0-9-1", "amqp0-9-1.xml")]
    [InlineData("0-10", "amqp0-10.xml")]
    [InlineData("1-0", "amqp1-0")]
    public void EditionModel_OfReadAndLinkedTwice_IsEqual(string edition, string file)
    {
        EditionModel first = Link(edition, file);
        EditionModel second = Link(edition, file);

        Assert.NotSame(first, second);
        Assert.Equal(first, second);
        Assert.Equal(EditionLowering.Lower(first, CancellationToken.None), EditionLowering.Lower(second, CancellationToken.None));
    }

    private static EditionModel Link(string edition, string file)
    {
        IEnumerable<RawDocument> documents = GeneratorHarness.OwnEdition(edition, file)
            .Select(text => new SpecInput(text.Path, text.Get("AmqpSpec"), text.Get("AmqpOverlayFor"), null, text.Content))
            .Select(input => SpecReader.Read(input, CancellationToken.None).Document!);
        return Linker.Link(new EditionInput(edition, "N", EmissionOptions.Default, new(documents)), CancellationToken.None).Model!;
    }

    private static RawDocument Read(string text) => SpecReader.Read(new SpecInput("a", "0-9-1", null, "N", text), CancellationToken.None).Document!;

    private static void Walk(object? value, HashSet<object> seen, string path)
    {
        if (value is null || value is string || value.GetType().IsPrimitive || value.GetType().IsEnum)
        {
            return;
        }

        if (!value.GetType().IsValueType && !seen.Add(value))
        {
            return;
        }

        Assert.False(s_forbidden.Any(type => type.IsInstanceOfType(value)), $"{path} holds {value.GetType()}");
        if (value is IEnumerable items)
        {
            foreach (object? item in items)
            {
                Walk(item, seen, path + "[]");
            }

            return;
        }

        Assert.True(value.GetType().Assembly == typeof(AmqpGenerator).Assembly, $"{path} holds {value.GetType()}, whose equality is unknown");
        foreach (FieldInfo field in value.GetType().GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
        {
            Walk(field.GetValue(value), seen, path + "." + field.Name);
        }
    }
}
