using System.Globalization;
using System.Text;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;

namespace AmqpToolkit.Generator.Tests;

/// <summary>
/// Whole definitions, broken in every way that hands and editors break them: the generator never throws, and what it emits compiles, whatever it reports.
/// Every mutation is made of a seed that the message names.
/// </summary>
public sealed class MutationTests
{
    /// <summary>A number here asks for so many mutations of each kind and edition.</summary>
    private const string Variable = "AMQP_MUTATIONS";

    /// <summary>Compiling is what takes time: one mutation of so many is compiled, the others are generated only.</summary>
    private const int CompiledOneOf = 15;

    private const string Marks = "\u2028\u2029\u0085\n\t\"\\{}<>&]]>*/ ";

    private static readonly int s_mutations = int.TryParse(Environment.GetEnvironmentVariable(Variable), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 10;

    private static readonly string[] s_numbers = ["0", "1", "-1", "255", "256", "65535", "65536", "4294967295", "4294967296", "0x", "0xFF", "1e3", " 7 ", "", "01", "99999999999999999999"];

    private static readonly string[] s_names =
    [
        "constants", "Descriptors", "structs", "commands", "methods", "class-basic", "value", "write", "code", "has-name", "name", "x", "any-frame", "a b", "-", "", "é", "a\"b", "<", "{0}", "\u2028", "class", "1",
        "long-string", "read-only-span", "guid", "decode-error", "view",
    ];

    private static readonly string[] s_words =
    [
        "name", "type", "domain", "index", "code", "class", "source", "provides", "requires", "label", "value", "default", "mandatory", "multiple", "size", "pack", "required", "reserved", "width", "category",
        "descriptor", "choice", "field", "struct", "command", "control", "method", "response", "result", "enum", "constant", "definition", "encoding", "assert", "chassis", "check",
    ];

    public static TheoryData<string> Editions => [.. EditionFiles().Keys];

    [Theory]
    [MemberData(nameof(Editions))]
    public void MutatedElements_NeverBreakTheGenerator_AndWhatIsEmittedCompiles(string edition) => Run(edition, 1, (text, random) =>
    {
        XDocument document = XDocument.Parse(text);
        for (int i = 1 + random.Next(4); i > 0; i--)
        {
            Mutate(document, random);
        }

        return document.ToString();
    });

    [Theory]
    [MemberData(nameof(Editions))]
    public void ManyMutatedElements_NeverBreakTheGenerator_AndWhatIsEmittedCompiles(string edition) => Run(edition, 2, (text, random) =>
    {
        XDocument document = XDocument.Parse(text);
        for (int i = 100; i > 0; i--)
        {
            Mutate(document, random);
        }

        return document.ToString();
    });

    [Theory]
    [MemberData(nameof(Editions))]
    public void MutatedText_NeverBreaksTheGenerator_AndWhatIsEmittedCompiles(string edition) => Run(edition, 3, (text, random) =>
    {
        var changed = new StringBuilder(text);
        for (int i = 1 + random.Next(3); i > 0; i--)
        {
            int at = random.Next(changed.Length);
            switch (random.Next(4))
            {
                case 0: changed.Length = Math.Max(at, 1); break;
                case 1: changed[at] = (char)random.Next(0x20, 0x7F); break;
                case 2: changed[at] = (char)random.Next(0x10000); break;
                default: changed.Remove(at, Math.Min(random.Next(1, 200), changed.Length - at)); break;
            }
        }

        return changed.ToString();
    });

    [Theory]
    [MemberData(nameof(Editions))]
    public void LabelsOfEveryCharacter_NeverBreakTheGenerator_AndWhatIsEmittedCompiles(string edition) => Run(edition, 4, (text, random) =>
    {
        XDocument document = XDocument.Parse(text);
        foreach (XElement element in document.Descendants().Where(_ => random.Next(10) == 0))
        {
            element.SetAttributeValue("label", string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => random.Next(3) == 0 ? Marks[random.Next(Marks.Length)] : (char)random.Next(0x20, 0xD800))));
        }

        return document.ToString();
    });

    private static void Run(string edition, int kind, Func<string, Random, string> mutate)
    {
        InMemoryText[] files = EditionFiles()[edition];
        int errors = 0;
        var reported = new List<string>();
        for (int number = 0; number < s_mutations; number++)
        {
            int seed = (kind * 100_000) + number;
            var random = new Random(seed);
            InMemoryText[] mutated = [.. files];
            int index = random.Next(mutated.Length);
            mutated[index] = mutated[index].With(mutate(mutated[index].Content, random));

            GeneratorRunResult result = GeneratorHarness.Run(mutated);

            string which = $"{edition}, seed {seed}, {Path.GetFileName(mutated[index].Path)}";
            Assert.True(result.Exception is null, $"{which}: {result.Exception}");
            Assert.All(result.Diagnostics, diagnostic => Assert.True(diagnostic.Id != "AMQP0027", $"{which}: {diagnostic}"));
            bool isBroken = result.Diagnostics.Any(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
            errors += isBroken ? 1 : 0;
            reported.AddRange(result.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).Take(1).Select(diagnostic => $"{which}: {diagnostic}"));
            if (number % CompiledOneOf == 0)
            {
                string[] messages = GeneratorHarness.Compile(result);
                Assert.True(messages.Length == 0, $"{which}\n{string.Join('\n', messages.Take(5))}\n{string.Join('\n', result.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).Take(5))}");
            }
        }

        // Labels are nobody's error; whatever else was broken is.
        Assert.True(kind == 4 ? errors == 0 : errors > 0, $"{errors} of {s_mutations} mutations of kind {kind} were reported\n{string.Join('\n', reported.Take(5))}");
    }

    private static void Mutate(XDocument document, Random random)
    {
        XElement[] elements = [.. document.Root!.Descendants()];
        if (elements.Length == 0)
        {
            return;
        }

        XElement element = elements[random.Next(elements.Length)];
        XElement other = elements[random.Next(elements.Length)];
        XAttribute[] attributes = [.. element.Attributes().Where(attribute => !attribute.IsNamespaceDeclaration)];
        XAttribute? attribute = attributes.Length == 0 ? null : attributes[random.Next(attributes.Length)];
        switch (random.Next(11))
        {
            case 0:
                element.Remove();
                break;
            case 1:
                element.AddAfterSelf(new XElement(element));
                break;
            case 2 when !other.AncestorsAndSelf().Contains(element):
                other.Add(new XElement(element));
                break;
            case 3 when attribute is not null:
                element.SetAttributeValue(s_words[random.Next(s_words.Length)], attribute.Value);
                attribute.Remove();
                break;
            case 4 when attribute is not null && other.Attribute(attribute.Name) is { } same:
                (attribute.Value, same.Value) = (same.Value, attribute.Value);
                break;
            case 5 when attribute is not null:
                attribute.Value = s_numbers[random.Next(s_numbers.Length)];
                break;
            case 6 when element.Attribute("name") is { } name:
                name.Value = s_names[random.Next(s_names.Length)];
                break;
            case 7 when attribute is not null && other.FirstAttribute is { IsNamespaceDeclaration: false } foreign:
                attribute.Value = foreign.Value;
                break;
            case 8:
                element.Name = element.Name.Namespace + s_words[random.Next(s_words.Length)];
                break;
            case 9 when attribute is not null:
                attribute.Remove();
                break;
            default:
                // A name of another one of its kind: the sort of collision that copying makes.
                if (elements.Where(candidate => candidate.Name == element.Name && candidate.Attribute("name") is not null).ToArray() is { Length: > 0 } kin)
                {
                    element.SetAttributeValue("name", kin[random.Next(kin.Length)].Attribute("name")!.Value + (random.Next(2) == 0 ? "" : "-view"));
                }

                break;
        }
    }

    /// <summary>Our own editions with their overlays.</summary>
    private static Dictionary<string, InMemoryText[]> EditionFiles()
    {
        return new Dictionary<string, InMemoryText[]>(StringComparer.Ordinal)
        {
            ["0-8"] = [.. GeneratorHarness.OwnEdition("0-8", "amqp0-8.xml")],
            ["0-9"] = [.. GeneratorHarness.OwnEdition("0-9", "amqp0-9.xml")],
            ["0-9-1"] = [.. GeneratorHarness.OwnEdition("0-9-1", "amqp0-9-1.xml")],
            ["0-10"] = [.. GeneratorHarness.OwnEdition("0-10", "amqp0-10.xml")],
            ["1-0"] = [.. GeneratorHarness.OwnEdition("1-0", "amqp1-0")],
        };
    }
}
