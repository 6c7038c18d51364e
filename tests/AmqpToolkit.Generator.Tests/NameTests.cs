using AmqpToolkit.Generator.Linking;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AmqpToolkit.Generator.Tests;

/// <summary>Names of a definition against those that the emitted code has of its own: everything compiles, under the plain name where that is free.</summary>
public sealed class NameTests
{
    /// <summary>What the emitted types have beside the fields, as a definition would spell it.</summary>
    private static readonly string[] s_names =
    [
        "write", "write-value", "write-value-2", "max-octets", "try-parse", "to-owned", "code", "size-octets", "is-complete", "is-text-valid", "present", "default", "source", "source-value",
        "source-at", "x", "x-at", "x-end", "x-octets", "x-error", "list", "flags", "known-flags", "class-id", "offset-of-x", "view", "arguments", "buffer", "at", "at-value", "end", "error", "octets", "count",
        "value", "fields", "first", "destination", "owned", "parsed", "channel", "handler", "method", "payload", "equals", "get-type", "to-string", "get-hash-code", "memberwise-clone", "print-members",
        "method-key", "overhead-octets", "validate", "descriptor-code", "descriptor-symbol", "read-fields", "decode-error", "wire-reader", "long-string", "packed-reader", "amqp-reader", "composite-reader",
        "class", "event", "9", "9x", "object", "kind", "none", "unknown", "known", "texts", "name-of", "scope-of", "code-of", "constants", "structs", "commands", "descriptors", "try-get-info", "why-not-received",
    ];

    [Theory]
    [InlineData("octet")]
    [InlineData("bit")]
    [InlineData("shortstr")]
    [InlineData("longstr")]
    [InlineData("table")]
    [InlineData("content")]
    public void ClassicFields_OfEveryName_Compile(string type)
    {
        string fields = string.Concat(s_names.Select(name => $"<field name='{name}' type='{type}'/>"));
        string properties = string.Concat(s_names.Chunk(15).Select((names, index) =>
            $"<class name='p{index}' index='{index + 2}'>{string.Concat(names.Select(name => $"<field name='{name}' type='{type}'/>"))}</class>"));
        string constants = string.Concat(s_names.Select((name, index) => $"<constant name='{name}' value='{index + 300}' class='soft-error'/>"));
        string tags = string.Concat(new[] { "unknown-tag", "long-length", "short-length", "widths", "field-value-tags", "equals", "x" }.Select((name, index) => $"<field-value name='{name}' tag='{index}' octets='1'/>"));

        GeneratorRunResult result = Compiled(
            $"<amqp major='0' minor='9'>{constants}{tags}<class name='c' index='1'><method name='m' index='1'><chassis name='server'/>{fields}</method></class>{properties}</amqp>");

        Assert.DoesNotContain(result.Diagnostics, diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning);
    }

    [Fact]
    public void ClassicProperties_WhoseAccessorsCollide_Compile()
    {
        GeneratorRunResult result = Compiled("<amqp major='0' minor='9'><class name='c' index='1'><field name='has-x' type='octet'/><field name='x' type='octet'/><field name='offset-of-y' type='octet'/><field name='y' type='octet'/><field name='y-value' type='octet'/></class></amqp>");

        Assert.DoesNotContain(result.Diagnostics, diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning);
    }

    [Theory]
    [InlineData("uint8")]
    [InlineData("bit")]
    [InlineData("str8")]
    [InlineData("map")]
    [InlineData("bin40")]
    [InlineData("held")]
    public void CommandFields_OfEveryName_Compile(string type)
    {
        string structs = string.Concat(s_names.Chunk(16).Select((names, index) =>
            $"<struct name='p{index}' size='4' pack='2'>{string.Concat(names.Select(name => $"<field name='{name}' type='{type}'/>"))}</struct>"));
        string commands = string.Concat(s_names.Chunk(16).Select((names, index) =>
            $"<command name='p{index}' code='{index}'><implement role='server'/>{string.Concat(names.Select(name => $"<field name='{name}' type='{type}'/>"))}</command>"));
        string constants = string.Concat(s_names.Select((name, index) => $"<constant name='{name}' value='{index}'/>"));

        GeneratorRunResult result = Compiled($"""
            <amqp major='0' minor='10' xmlns='http://www.amqp.org/schema/amqp.xsd'>
            <type name='uint8' code='2' fixed-width='1'/><type name='bit' code='0xf1' fixed-width='0'/><type name='map' code='0xa8' variable-width='4'/>
            <type name='str8' code='0x85' variable-width='1'/><type name='bin40' code='0xc0' fixed-width='5'/><type name='type-codes' code='7' fixed-width='1'/><type name='equals' code='8' fixed-width='1'/>
            <struct name='held' size='2' pack='1'><field name='held-view' type='uint8'/></struct>
            <struct name='holder' size='2' pack='1'><field name='held-view' type='held'/><field name='held' type='held'/></struct>
            {constants}{structs}<class name='c' code='1'>{commands}</class></amqp>
            """);

        Assert.DoesNotContain(result.Diagnostics, diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning);
    }

    [Theory]
    [InlineData("uint")]
    [InlineData("string")]
    [InlineData("map")]
    [InlineData("*")]
    [InlineData("choice")]
    [InlineData("held")]
    [InlineData("described")]
    public void CompositeFields_OfEveryName_Compile(string type)
    {
        string composites = string.Concat(s_names.Chunk(32).Select((names, index) =>
            $"<type name='p{index}' class='composite' source='list' provides='x'><descriptor name='p:{index}' code='0x0:0x{index + 0x10:X}'/>{string.Concat(names.Select(name => $"<field name='{name}' type='{type}'/>"))}</type>"));
        string choices = string.Concat(s_names.Select((name, index) => $"<choice name='{name}' value='{index}'/>"));
        string constants = string.Concat(s_names.Select((name, index) => $"<definition name='{name}' value='{index}'/>"));

        GeneratorRunResult result = Compiled($"""
            <amqp name='test' xmlns='http://www.amqp.org/schema/amqp.xsd'>
            <type name='choice' class='restricted' source='ubyte'>{choices}</type>
            <type name='symbols' class='restricted' source='symbol'>{choices}</type>
            <type name='held' class='composite' source='list' provides='x'><descriptor name='held' code='0x0:0x1'/><field name='held-view' type='choice' default='x'/><field name='choice' type='choice'/></type>
            <type name='described' class='restricted' source='map' provides='x'><descriptor name='described' code='0x0:0x2'/></type>
            <type name='holder' class='composite' source='list'><descriptor name='holder' code='0x0:0x3'/><field name='held-view' type='uint'/><field name='held' type='held'/><field name='choice' type='held'/><field name='c' type='choice' default='x'/><field name='u' type='*' requires='x'/></type>
            <type name='none' class='composite' source='list' provides='x'><descriptor name='none' code='0x0:0x4'/></type>
            <type name='unknown' class='composite' source='list' provides='x'><descriptor name='unknown' code='0x0:0x5'/></type>
            <type name='none-value' class='composite' source='list' provides='x'><descriptor name='none-value' code='0x0:0x6'/></type>
            <type name='code-of' class='restricted' source='uint' provides='x'><descriptor name='code-of' code='0x0:0x7'/></type>
            <type name='kind' class='restricted' source='uint' provides='x'/>
            {composites}{constants}</amqp>
            """);

        Assert.DoesNotContain(result.Diagnostics, diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning);
    }

    /// <summary>A field keeps its plain name where another one had to give way, wherever the two stand.</summary>
    [Fact]
    public void NameThatIsTaken_GetsValueBehindIt_AndTheOtherKeepsItsOwn()
    {
        GeneratorRunResult result = Compiled("<amqp major='0' minor='9'><class name='c' index='1'><method name='m' index='1'><chassis name='server'/><field name='write' type='octet'/><field name='write-value' type='short'/></method></class></amqp>");

        string text = result.GeneratedSources.Single(source => source.HintName == "Test.test.ClassC.g.cs").SourceText.ToString();
        Assert.Contains("public ushort WriteValue { get; init; }", text, StringComparison.Ordinal);
        Assert.Contains("public byte WriteValue2 { get; init; }", text, StringComparison.Ordinal);
    }

    /// <summary>An enumeration is called as the fields call it, whatever its name in the definition has in it.</summary>
    [Theory]
    [InlineData("sort.of", "CSortOf")]
    [InlineData("c.sort", "CCSort")]
    [InlineData("c-sort", "CSort")]
    [InlineData("sort of", "CSortOf")]
    public void DomainWithChoices_OfAnyName_HasOneName(string domain, string expected)
    {
        GeneratorRunResult result = Compiled($"""
            <amqp major='0' minor='10' xmlns='http://www.amqp.org/schema/amqp.xsd'>
            <type name='uint8' code='2' fixed-width='1'/>
            <class name='c' code='1'><domain name='{domain}' type='uint8'><enum><choice name='one' value='1'/></enum></domain>
            <command name='m' code='1'><implement role='server'/><field name='a' type='{domain}'/></command></class></amqp>
            """);

        Assert.Contains($"enum {expected} ", Text(result, expected), StringComparison.Ordinal);
        Assert.Contains($"public {expected} A ", Text(result, "CM"), StringComparison.Ordinal);
    }

    /// <summary>Whatever of other namespaces the emitted code names, no type of a definition can hide; and no member what stands before a dot.</summary>
    [Theory]
    [InlineData("0-9-1", "amqp0-9-1.xml")]
    [InlineData("0-9", "amqp0-9.xml")]
    [InlineData("0-10", "amqp0-10.xml")]
    [InlineData("1-0", "amqp1-0")]
    public void ForeignTypes_OfEmittedCode_AreReserved(string edition, string file)
    {
        ReservedNames reserved = edition switch
        {
            "0-10" => ReservedNames.Command,
            "1-0" => ReservedNames.Type,
            _ => ReservedNames.Classic,
        };
        GeneratorRunResult result = GeneratorHarness.Run(GeneratorHarness.OwnEdition(edition, file).Select(text => text.With("AmqpEmit", "All,Describe")));
        CSharpCompilation compilation = GeneratorHarness.Compilation.AddSyntaxTrees(result.GeneratedSources.Select(source => source.SyntaxTree));
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (SyntaxTree tree in result.GeneratedSources.Select(source => source.SyntaxTree))
        {
            SemanticModel model = compilation.GetSemanticModel(tree);
            foreach (SimpleNameSyntax name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>().Where(IsFree))
            {
                ISymbol? symbol = model.GetSymbolInfo(name).Symbol;
                INamedTypeSymbol? type = symbol as INamedTypeSymbol ?? (symbol is IMethodSymbol { MethodKind: MethodKind.Constructor } constructor ? constructor.ContainingType : null);
                if (type is null || SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, compilation.Assembly))
                {
                    continue;
                }

                found.Add(name.Identifier.Text);
                Assert.True(reserved.IsReserved(name.Identifier.Text), name.Identifier.Text);
                Assert.True(name.Parent is not MemberAccessExpressionSyntax access || access.Expression != name || reserved.Called.Contains(name.Identifier.Text), name.Identifier.Text);
            }
        }

        Assert.True(found.Count > 10, string.Join(' ', found));
    }

    /// <summary>Files of the generator's own are called as no type can be.</summary>
    [Fact]
    public void OwnFiles_OfEveryGrammar_AreReserved()
    {
        foreach ((string edition, string file, ReservedNames reserved) in new[] { ("0-9-1", "amqp0-9-1.xml", ReservedNames.Classic), ("0-10", "amqp0-10.xml", ReservedNames.Command), ("1-0", "amqp1-0", ReservedNames.Type) })
        {
            IEnumerable<string> hints = GeneratorHarness.Run(GeneratorHarness.OwnEdition(edition, file).Select(text => text.With("AmqpEmit", "Constants,Dispatch,Describe"))).GeneratedSources.Select(source => source.HintName);
            string[] own = [.. hints.Select(hint => hint.Split('.')[2]).Where(name => name is "Constants" or "Descriptions" or "Methods" or "FieldValueTags" or "TypeCodes" or "Structs" or "Constructors" or "Descriptors" || name.StartsWith("Server", StringComparison.Ordinal) || name.StartsWith("Client", StringComparison.Ordinal) || name is "Commands" or "Controls")];

            Assert.InRange(own.Length, 4, 20);
            Assert.All(own, name => Assert.True(reserved.IsReserved(name) && reserved.IsReserved(name.ToUpperInvariant()), name));
        }
    }

    private static bool IsFree(SimpleNameSyntax name) =>
        name.FirstAncestorOrSelf<UsingDirectiveSyntax>() is null
        && !(name.Parent is MemberAccessExpressionSyntax access && access.Name == name)
        && !(name.Parent is QualifiedNameSyntax qualified && qualified.Right == name);

    private static string Text(GeneratorRunResult result, string unit) => result.GeneratedSources.Single(source => source.HintName == $"Test.test.{unit}.g.cs").SourceText.ToString();

    private static GeneratorRunResult Compiled(string text)
    {
        GeneratorRunResult result = GeneratorHarness.Run(InMemoryText.Base(text).With("AmqpEmit", "All,Describe"));

        Assert.Null(result.Exception);
        Assert.All(result.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error), error => Assert.Fail(error.ToString()));
        string[] messages = GeneratorHarness.Compile(result);
        Assert.True(messages.Length == 0, string.Join('\n', messages.Take(10)));
        return result;
    }
}
