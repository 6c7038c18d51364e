using AmqpToolkit.Generator.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace AmqpToolkit.Generator.Tests;

/// <summary>One broken definition for each rule: id, place and words of what is reported. In the texts, § stands before the place to be blamed.</summary>
public sealed class DiagnosticTests
{
    private const string Target = """
        <amqp major="0" minor="9">
          <class name="basic" index="60">
            <method name="publish" index="40">
              <chassis name="server" implement="MUST"/>
              <field name="ticket" type="short" reserved="1"/>
              <field name="exchange" type="shortstr"/>
            </method>
          </class>
        </amqp>
        """;

    public static TheoryData<string, string, string> BrokenDocuments => new()
    {
        { "AMQP0001", "<amqp major='0' minor='9'>\n  <class name='a'>\n</§amqp>", "Not well-formed XML" },
        { "AMQP0001", "§", "Not well-formed XML" },
        { "AMQP0002", "<§specification/>", "The root is <specification>" },
        { "AMQP0002", "<§amqp xmlns='urn:other' name='transport'/>", "'urn:other'" },
        { "AMQP0002", "<§amqp/>", "no major and minor" },
        { "AMQP0003", Class("<§method index='1'/>"), "'name'" },
        { "AMQP0003", Class("<method name='§a&quot;;' index='1'/>"), "a name of letters" },
        { "AMQP0003", Class("<method name='§-_.' index='1'/>"), "a name of letters" },
        { "AMQP0003", Class($"<method name='§{new string('a', 121)}' index='1'/>"), "120 at most" },
        { "AMQP0003", Class("<method name='a' index='§x'/>"), "a number from 0 to 65535" },
        { "AMQP0003", Class("<method name='a' index='§65536'/>"), "a number from 0 to 65535" },
        { "AMQP0003", Class("<§method name='a'/>"), "'index'" },
        { "AMQP0003", Class("<method name='a' index='1' synchronous='§yes'/>"), "1 or 0" },
        { "AMQP0003", Class("<method name='a' index='1'><chassis name='§broker'/></method>"), "'server' or 'client'" },
        { "AMQP0003", Method("<§field name='a'/>"), "'domain'" },
        { "AMQP0003", Root("<constant name='a' value='1' class='§mild-error'/>"), "'soft-error' or 'hard-error'" },
        { "AMQP0003", Root("<field-value name='a' tag='§tt' octets='1'/>"), "one ASCII character" },
        { "AMQP0003", Root("<§field-value name='a' tag='t'/>"), "'length-octets'" },
        { "AMQP0004", Method("<field name='a' domain='§shortst'/>"), "did you mean 'shortstr'?" },
        { "AMQP0004", Method("<field name='a' type='§zzzzzzzzzz'/>"), "'zzzzzzzzzz' is unknown;" },
        { "AMQP0004", Root("<domain name='a' type='§b'/>" + Class("<method name='m' index='1'><field name='f' domain='a'/></method>", root: false)), "'b'" },
        { "AMQP0005", Root("<domain name='queue-name' type='shortstr'/>" + Class("<method name='m' index='1'><field name='f' domain='§queue name'/></method>", root: false)), "taken for 'queue-name'" },
        { "AMQP0006", Class("<method name='a' index='1'/>\n<method name='b' index='§1'/>"), "'c.a'" },
        { "AMQP0006", Class("<method name='a' index='1'/>\n<method name='§a' index='2'/>"), "method 1" },
        { "AMQP0006", Root("<class name='a' index='1'/><class name='b' index='§1'/>"), "class 'a'" },
        { "AMQP0006", Root("<class name='a' index='1'/><class name='§a' index='2'/>"), "class 1" },
        { "AMQP0006", Root("<domain name='a-b' type='bit'/><domain name='§a b' type='bit'/>"), "'a-b'" },
        { "AMQP0006", Root("<constant name='a-b' value='1'/><constant name='§a b' value='2'/>"), "'a-b'" },
        { "AMQP0006", Root("<field-value name='a' tag='t' octets='1'/><field-value name='b' tag='§t' octets='2'/>"), "'a'" },
        { "AMQP0006", Root("<field-value name='a' tag='t' octets='1'/><field-value name='§a' tag='u' octets='2'/>"), "'t'" },
        { "AMQP0006", Method("<field name='a' type='bit'/><field name='§a' type='bit'/>"), "c.m" },
        { "AMQP0007", Class("<method name='open' index='1'><response name='§open-okay'/></method><method name='open-ok' index='2'/>"), "did you mean 'open-ok'?" },
        { "AMQP0007", Root("<class name='x' index='1'><method name='a-ok' index='1'/></class><class name='y' index='2'><method name='a' index='1'><response name='§a-ok'/></method></class>"), "The class 'y'" },
        { "AMQP0011", Method("<field name='a' type='long'><assert check='§le' method='tune' field='b'/></field>"), "negotiation" },
        { "AMQP0011", Method("<field name='a' type='shortstr'><assert check='§regexp' value='^(a|b)$'/></field>"), "^[set]*$" },
        { "AMQP0011", Method("<field name='a' type='bit'><assert check='§length' value='1'/></field>"), "does not fit" },
        { "AMQP0011", Method("<field name='a' type='octet'><assert check='§ne' value='256'/></field>"), "none that the field can have" },
        { "AMQP0011", Method("<field name='a' type='longstr'><assert check='§length' value='2147483648'/></field>"), "no length" },
        { "AMQP0012", Root("<§klass name='a'/>"), "The element 'klass'" },
        { "AMQP0012", Method("<field name='a' type='bit' domian='§bit'/>"), "did you mean 'domain'?" },
        { "AMQP0013", Root("<domain name='a' type='§b'/><domain name='b' type='a'/>" + Class("<method name='m' index='1'><field name='f' domain='a'/></method>", root: false)), "'a' leads back" },
        { "AMQP0016", Class("<method name='§m' index='1'/>"), "'c.m'" },
        { "AMQP0017", Method("<field name='a-b' type='bit'/><field name='§a.b' type='bit'/>"), "AB" },
        { "AMQP0017", Root("<class name='a-b' index='1'><method name='c' index='1'/></class><class name='a' index='2'><method name='§b-c' index='1'/></class>"), "ABC" },
        { "AMQP0017", Root("<class name='a-b' index='1'/><class name='§ab' index='2'/>"), "Ab" },
        { "AMQP0017", Root("<class name='a' index='1'><field name='f' type='octet'/><method name='§properties' index='1'/></class>"), "AProperties" },
        { "AMQP0017", Class("<method name='m' index='1'/><method name='§m-view' index='2'/>"), "CMView" },
        { "AMQP0017", Root("<class name='a' index='1'><method name='b-properties' index='1'/></class><class name='§a-b' index='2'><field name='f' type='octet'/></class>"), "ABProperties" },
        { "AMQP0023", Class("<method name='§m' index='1'>" + string.Concat(Enumerable.Range(0, 256).Select(i => $"<field name='f{i}' type='octet'/>")) + "</method>"), "256 fields, of which 255" },
        { "AMQP0026", Root("<class name='short' index='1'><method name='§string' index='1'/></class>"), "ShortString" },
        { "AMQP0026", Root("<class name='server' index='1'><method name='§methods' index='1'/></class>"), "ServerMethods" },
        { "AMQP0026", Root("<class name='method' index='1'><method name='§key' index='1'/></class>"), "MethodKey" },
        { "AMQP0017", Root("<class name='i' index='1'><method name='§c-server-method-handler' index='1'/></class><class name='c' index='2'/>").Replace("§", "", StringComparison.Ordinal).Replace("name='c'", "name='§c'", StringComparison.Ordinal), "ICServerMethodHandler" },
        { "AMQP0018", Root("<class name='§a' index='1'>" + string.Concat(Enumerable.Range(0, 16).Select(i => $"<field name='f{i}' type='octet'/>")) + "</class>"), "16" },
    };

    public static TheoryData<string, string, string> BrokenTypes => new()
    {
        { "AMQP0003", Types("<type name='a' class='§union'/>"), "'restricted'" },
        { "AMQP0003", Types("<§type name='a'/>"), "'class'" },
        { "AMQP0003", Types("<§type name='a' class='restricted'/>"), "'source'" },
        { "AMQP0003", Types("<type name='a' class='composite' source='list'><descriptor name='a' code='§16'/></type>"), "two halves" },
        { "AMQP0003", Types("<type name='a' class='composite' source='list'><descriptor name='§a&quot;' code='0x0:0x1'/></type>"), "a symbol" },
        { "AMQP0003", Types("<type name='a' class='primitive'><encoding code='§0x100' category='fixed' width='1'/></type>"), "0 to 255" },
        { "AMQP0003", Types("<type name='a' class='primitive'><encoding code='1' category='§fix' width='1'/></type>"), "'fixed'" },
        { "AMQP0003", Types("<type name='a' class='restricted' source='ubyte'><choice name='x' value='§256'/></type>"), "ubyte" },
        { "AMQP0003", Composite("<§field name='a'/>"), "'type'" },
        { "AMQP0003", Types("<definition name='A' value='§x'/>"), "a number" },
        { "AMQP0003", Types("<type name='a' class='composite' source='list'><descriptor name='a' code='§0xFFFFFFFF:0xFFFFFFFF'/></type>"), "what is unknown" },
        { "AMQP0003", Types("<type name='a' class='restricted' source='uint' provides='§state,&lt;b>'/>"), "names with commas" },
        { "AMQP0003", Composite("<field name='a' type='*' requires='§a&lt;'/>"), "a name of letters" },
        { "AMQP0004", Composite("<field name='a' type='§ulnt'/>"), "did you mean 'uint'?" },
        { "AMQP0004", Types("<type name='a' class='restricted' source='§strng'/>"), "did you mean 'string'?" },
        { "AMQP0006", Types("<type name='a' class='restricted' source='uint'/><type name='§a' class='restricted' source='uint'/>"), "another type" },
        { "AMQP0006", Composite("<field name='a' type='uint'/><field name='§a' type='uint'/>"), "'a'" },
        { "AMQP0006", Composite("", "<type name='d' class='composite' source='list'><descriptor name='d' code='§0x0:0x10'/></type>"), "'c'" },
        { "AMQP0006", Composite("", "<type name='d' class='composite' source='list'><descriptor name='§test:c' code='0x0:0x11'/></type>"), "'c'" },
        { "AMQP0006", Composite("", "<type name='d' class='restricted' source='map'><descriptor name='d' code='§0x0:0x10'/></type>"), "'c'" },
        { "AMQP0006", Types("<type name='byte' class='primitive'><encoding code='0x51' category='fixed' width='1'/><encoding name='b' code='§0x51' category='fixed' width='1'/></type>"), "'byte'" },
        { "AMQP0006", Types("<type name='a' class='restricted' source='ubyte'><choice name='x' value='1'/><choice name='y' value='§1'/></type>"), "another choice" },
        { "AMQP0006", Types("<type name='a' class='restricted' source='ubyte'><choice name='x' value='1'/><choice name='y' value='§01'/></type>"), "another choice" },
        { "AMQP0012", Types("<§tpye name='a'/>"), "did you mean 'type'?" },
        { "AMQP0013", Types("<type name='a' class='restricted' source='b'/><type name='b' class='restricted' source='§a'/>").Replace("source='b'", "source='§b'", StringComparison.Ordinal).Replace("source='§a'", "source='a'", StringComparison.Ordinal), "leads back" },
        { "AMQP0013", Composite("<field name='a' type='§c'/>"), "'c'" },
        { "AMQP0013", Composite("<field name='a' type='§r'/>", "<type name='r' class='restricted' source='s'/><type name='s' class='restricted' source='c'/>"), "'c'" },
        { "AMQP0017", Composite("<field name='a-b' type='uint'/><field name='§a.b' type='uint'/>"), "AB" },
        { "AMQP0017", Types("<type name='a-b' class='restricted' source='ubyte'><choice name='x' value='1'/></type><type name='§aB' class='restricted' source='ubyte'><choice name='x' value='1'/></type>"), "AB" },
        { "AMQP0017", Composite("<field name='a' type='*' requires='state'/>", "<type name='any-state' class='restricted' source='ubyte'><choice name='x' value='1'/></type><type name='s' class='restricted' source='uint' provides='§state'/>"), "AnyState" },
        { "AMQP0017", Types("<type name='c' class='composite' source='list' provides='§state'><descriptor name='test:c' code='0x0:0x10'/></type><type name='i-state-handler' class='restricted' source='ubyte'><choice name='x' value='1'/></type>"), "IStateHandler" },
        { "AMQP0017", Types("<type name='c-choice' class='restricted' source='ubyte'><choice name='x' value='1'/></type><type name='§c' class='restricted' source='ubyte'><descriptor name='test:c' code='0x0:0x10'/><choice name='x' value='1'/></type>").Replace("§", "", StringComparison.Ordinal).Replace("name='c-choice'", "name='§c-choice'", StringComparison.Ordinal), "CChoice" },
        { "AMQP0021", Composite("<field name='a' type='m' default='§tree'/>", "<type name='m' class='restricted' source='ubyte'><choice name='three' value='3'/></type>"), "did you mean 'three'?" },
        { "AMQP0021", Composite("<field name='a' type='ubyte' default='§256'/>"), "'256'" },
        { "AMQP0021", Composite("<field name='a' type='map' default='§x'/>"), "'x'" },
        { "AMQP0022", Composite("<field name='a' type='*' requires='§stat'/>", "<type name='s' class='restricted' source='uint' provides='state'/>"), "did you mean 'state'?" },
        { "AMQP0023", Types("<type name='§c' class='composite' source='list'><descriptor name='c' code='0x0:0x1'/>" + string.Concat(Enumerable.Range(0, 33).Select(i => $"<field name='f{i}' type='uint'/>")) + "</type>"), "33" },
        { "AMQP0024", Types("<type name='§c' class='composite' source='list'/>"), "no <descriptor>" },
        { "AMQP0024", Types("<type name='c' class='composite' source='§map'><descriptor name='c' code='0x0:0x1'/></type>"), "is a map" },
        { "AMQP0024", Composite("<field name='a' type='§*' multiple='true'/>"), "multiple" },
        { "AMQP0024", Types("<type name='a' class='restricted' source='§map'><choice name='x' value='y'/></type>"), "has choices" },
        { "AMQP0024", Types("<type name='§tristate' class='primitive'/>"), "no C# type" },
        { "AMQP0024", Types("<type name='a' class='restricted' source='§d'><choice name='x' value='1'/></type><type name='d' class='restricted' source='ubyte'><descriptor name='d' code='0x0:0x1'/></type>"), "has choices" },
        { "AMQP0024", Composite("<field name='a' type='§d' multiple='true'/>", "<type name='d' class='restricted' source='ubyte'><descriptor name='d' code='0x0:0x1'/></type>"), "multiple" },
        { "AMQP0026", Types("<type name='§constants' class='restricted' source='ubyte'><choice name='x' value='1'/></type>"), "Constants" },
        { "AMQP0026", Types("<type name='§CONSTRUCTORS' class='restricted' source='ubyte'><choice name='x' value='1'/></type>"), "CONSTRUCTORS" },
        { "AMQP0026", Composite("").Replace("name='c'", "name='§descriptors'", StringComparison.Ordinal), "Descriptors" },
        { "AMQP0026", Composite("").Replace("name='c'", "name='§encoded-value'", StringComparison.Ordinal), "EncodedValue" },
        { "AMQP0026", Composite("").Replace("name='c'", "name='§write'", StringComparison.Ordinal), "Write" },
        { "AMQP0026", Types("<type name='§value' class='restricted' source='ubyte'><descriptor name='test:c' code='0x0:0x10'/></type>"), "Value" },
        { "AMQP0026", Types("<type name='§known' class='restricted' source='symbol'><choice name='x' value='y'/></type>"), "Known" },
    };

    public static TheoryData<string, string, string> BrokenCommands => new()
    {
        { "AMQP0003", Commands("<class name='c' code='1'><§command name='a'/></class>"), "'code'" },
        { "AMQP0003", Commands("<class name='c' code='1'><command name='a' code='1'><implement role='§broker'/></command></class>"), "'server'" },
        { "AMQP0003", Commands("<struct name='s' size='§3' pack='1'/>"), "0, 1, 2 or 4" },
        { "AMQP0003", Commands("<§type name='t' code='1'/>"), "'variable-width'" },
        { "AMQP0003", Commands("<§domain name='d'/>"), "'type'" },
        { "AMQP0004", Command("<field name='a' type='§unit8'/>"), "did you mean 'uint8'?" },
        { "AMQP0004", Command("<§result type='r'/>").Replace("§result type='r'", "result type='§r'", StringComparison.Ordinal), "'r'" },
        { "AMQP0006", Commands("<class name='c' code='1'><command name='a' code='1'/><command name='b' code='§1'/></class>"), "'c.a'" },
        { "AMQP0006", Commands("<class name='c' code='1'/><class name='d' code='§1'/>"), "'c'" },
        { "AMQP0006", Commands("<class name='c' code='1'><control name='a' code='1'/><control name='b' code='§1'/></class>"), "'c.a'" },
        { "AMQP0006", Commands("<class name='c' code='1'><struct name='a' code='1' size='1' pack='1'/><struct name='b' code='§0x1' size='1' pack='1'/></class>"), "'c.a'" },
        { "AMQP0006", Command("", "<struct name='a' code='1' size='1' pack='1'/><command name='e' code='2'><result><struct name='b' code='§1' size='1' pack='1'/></result></command>"), "'c.a'" },
        { "AMQP0006", Commands("<domain name='d' type='uint8'><enum><choice name='x' value='1'/><choice name='y' value='§01'/></enum></domain>"), "another choice" },
        { "AMQP0006", Commands("<struct name='s' size='1' pack='1'/><struct name='§s' size='1' pack='1'/>"), "another struct" },
        { "AMQP0007", Command("<response name='§m'/>"), "'c'" },
        { "AMQP0012", Command("<field name='a' type='uint8' requird='§true'/>"), "did you mean 'required'?" },
        { "AMQP0013", Command("<field name='a' type='d'/>", "<domain name='d' type='§e'/><domain name='e' type='d'/>"), "leads back" },
        { "AMQP0013", Commands("<struct name='s' size='1' pack='1'><field name='a' type='§s'/></struct>"), "'s'" },
        { "AMQP0013", Commands("<domain name='d' type='e'/><domain name='e' type='s'/><struct name='s' size='1' pack='1'><field name='a' type='§d'/></struct>"), "'s'" },
        { "AMQP0016", Commands("<class name='c' code='1'><command name='§a' code='1'/></class>"), "'c.a'" },
        { "AMQP0017", Command("<field name='a-b' type='bit'/><field name='§a.b' type='bit'/>"), "AB" },
        { "AMQP0017", Commands("<class name='a-b' code='1'/><class name='§aB' code='2'/>"), "AB" },
        { "AMQP0017", Commands("<type name='u-8' code='3' fixed-width='1'/><type name='§u.8' code='4' fixed-width='1'/>"), "U8" },
        { "AMQP0017", Commands("<class name='c' code='1'/><struct name='§i-c-server-command-handler' size='1' pack='1'/>"), "ICServerCommandHandler" },
        { "AMQP0026", Commands("<struct name='§structs' size='1' pack='1'/>"), "Structs" },
        { "AMQP0026", Commands("<struct name='§guid' size='1' pack='1'/>"), "Guid" },
        { "AMQP0026", Commands("<struct name='§code' size='1' pack='1'/>"), "Code" },
        { "AMQP0026", Commands("<domain name='§type-codes' type='uint8'><enum><choice name='x' value='1'/></enum></domain>"), "TypeCodes" },
        { "AMQP0023", Commands("<struct name='§s' size='1' pack='0'>" + string.Concat(Enumerable.Range(0, 33).Select(i => $"<field name='f{i}' type='uint8'/>")) + "</struct>"), "33" },
        { "AMQP0023", Commands("<struct name='§s' size='1' pack='1'>" + string.Concat(Enumerable.Range(0, 9).Select(i => $"<field name='f{i}' type='bit'/>")) + "</struct>"), "9" },
        { "AMQP0024", Command("<field name='a' type='§s'/>", "<struct name='s' size='0' pack='1'/>"), "no size" },
        { "AMQP0024", Commands("<domain name='d' type='§map'><enum><choice name='x' value='1'/></enum></domain>"), "has choices" },
    };

    public static TheoryData<string, string, string> BrokenOverlays => new()
    {
        { "AMQP0008", Overlay("<class name='§basics'/>"), "did you mean 'basic'?" },
        { "AMQP0008", Overlay("<class name='basic'><method name='§publsh'/></class>"), "did you mean 'basic.publish'?" },
        { "AMQP0008", Overlay("<class name='basic'><method name='publish'><field name='a' replaces='§tickt' type='short'/></method></class>"), "did you mean 'ticket'?" },
        { "AMQP0009", "<amqp overlay='§other'/>", "AmqpSpec=\"other\"" },
        { "AMQP0009", "<amqp overlay='§tests'/>", "did you mean 'test'?" },
        { "AMQP0010", "<amqp overlay='§other'/>", "AmqpOverlayFor=\"test\"" },
        { "AMQP0010", "<§amqp major='0' minor='9'/>", "AmqpOverlayFor=\"test\"" },
        { "AMQP0014", Overlay("<class name='basic'><method name='publish'><field name='a' replaces='§exchange' type='shortstr'/></method></class>"), "not reserved" },
        { "AMQP0014", Overlay("<class name='basic'><method name='publish'><field name='a' replaces='§ticket' type='long'/></method></class>"), "its wire type is short, not long" },
        { "AMQP0006", Overlay("<class name='basic'><method name='nack' index='§40'/></class>"), "'basic.publish'" },
        { "AMQP0006", Overlay("<class name='§basic' index='61'/>"), "class 60" },
        { "AMQP0006", Overlay("<class name='basic'><method name='§publish' index='41'/></class>"), "method 40" },
    };

    [Theory]
    [MemberData(nameof(BrokenDocuments))]
    public void BrokenDocument_IsReported_WhereItIsBroken(string id, string marked, string words)
    {
        GeneratorRunResult result = GeneratorHarness.Run(InMemoryText.Base(marked.Replace("§", "", StringComparison.Ordinal)));

        AssertReported(result, id, marked, "/specs/base.xml", words);
    }

    [Theory]
    [MemberData(nameof(BrokenOverlays))]
    public void BrokenOverlay_IsReported_WhereItIsBroken(string id, string marked, string words)
    {
        string text = marked.Replace("§", "", StringComparison.Ordinal);
        InMemoryText overlay = InMemoryText.Overlay(text, spec: id != "AMQP0009" ? "test" : text.Contains("tests", StringComparison.Ordinal) ? "tests" : "other");

        GeneratorRunResult result = GeneratorHarness.Run(InMemoryText.Base(Target), overlay);

        AssertReported(result, id, marked, "/specs/overlay.xml", words);
    }

    [Fact]
    public void SecondDocumentOfAnEdition_IsReported_AndTheFirstStands()
    {
        GeneratorRunResult result = GeneratorHarness.Run(InMemoryText.Base(Target, "/specs/b.xml"), InMemoryText.Base(Target, "/specs/a.xml"));

        AssertReported(result, "AMQP0015", "<§amqp major=\"0\"", "/specs/b.xml", "/specs/a.xml");
        Assert.Contains(result.GeneratedSources, source => source.HintName == "Test.test.ClassBasic.g.cs");
    }

    [Fact]
    public void SecondEditionInANamespace_IsReported_AndTheFirstStands()
    {
        GeneratorRunResult result = GeneratorHarness.Run(
            new InMemoryText("/specs/a.xml", Target, spec: "a", ns: "Same"),
            new InMemoryText("/specs/b.xml", Target, spec: "b", ns: "Same"));

        AssertReported(result, "AMQP0019", "<§amqp major=\"0\"", "/specs/b.xml", "edition 'a'");
        Assert.Single(result.GeneratedSources, source => source.HintName == "Same.ClassBasic.g.cs");
    }

    [Theory]
    [InlineData("AmqpVisibility", "private", "public or internal")]
    [InlineData("AmqpEmit", "Views,Onwed", "did you mean 'Owned'?")]
    [InlineData("AmqpEmit", "3", "'3'")]
    [InlineData("AmqpEmit", "None", "'None'")]
    [InlineData("AmqpEmit", ",", "','")]
    public void UnknownMetadata_IsReported_AndItsDefaultStands(string name, string value, string words)
    {
        GeneratorRunResult result = GeneratorHarness.Run(InMemoryText.Base(Target).With(name, value));

        AssertReported(result, "AMQP0025", "<§amqp major=\"0\"", "/specs/base.xml", words);
        Assert.Equal(
            GeneratorHarness.Run(InMemoryText.Base(Target)).GeneratedSources.Select(source => source.SourceText.ToString()),
            result.GeneratedSources.Select(source => source.SourceText.ToString()));
    }

    [Theory]
    [InlineData("My-App", "'My-App' is no name")]
    [InlineData("My.1st", "'1st' is no name")]
    [InlineData("My..App", "'' is no name")]
    [InlineData("My.App.", "'' is no name")]
    [InlineData("My.class", "'class' is a keyword")]
    [InlineData("@event", "'@event' is no name")]
    [InlineData("My App", "'My App' is no name")]
    [InlineData("A;class B{}", "is no name")]
    [InlineData("My.ReadOnlySpan", "would hide the type")]
    [InlineData("My._", "would hide the type")]
    public void Namespace_ThatIsNone_IsReported_AndItsDefaultStands(string ns, string words)
    {
        foreach (string property in new[] { "AmqpNamespace", "AmqpRootNamespace" })
        {
            bool isItem = property == "AmqpNamespace";
            InMemoryText file = new InMemoryText("/specs/base.xml", Target, spec: "0-9").With("AmqpNamespace", isItem ? ns : "");

            GeneratorRunResult result = GeneratorHarness.Run(isItem ? [] : new() { [property] = ns }, [file]);

            AssertReported(result, "AMQP0025", "<§amqp major=\"0\"", "/specs/base.xml", words);
            Assert.All(result.GeneratedSources, source => Assert.StartsWith("Amqp.V0_9.", source.HintName, StringComparison.Ordinal));
            Assert.NotEmpty(result.GeneratedSources);
            Assert.Empty(GeneratorHarness.Compile(result));
        }
    }

    [Theory]
    [InlineData("Größe.Protokoll")]
    [InlineData("record.file.var")]
    public void Namespace_OfUnusualNames_IsTaken(string ns)
    {
        GeneratorRunResult result = GeneratorHarness.Run(new InMemoryText("/specs/base.xml", Target, spec: "0-9", ns: ns));

        Assert.Empty(result.Diagnostics.Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning));
        Assert.Empty(GeneratorHarness.Compile(result));
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("0/9")]
    [InlineData("-.-")]
    [InlineData("x\ny")]
    [InlineData("0-9-1;DROP")]
    public void Edition_ThatIsNoName_IsReported_AndTheFileLeftOut(string edition)
    {
        GeneratorRunResult result = GeneratorHarness.Run([new InMemoryText("/specs/base.xml", Target, spec: edition), .. GeneratorHarness.OwnSpec()]);

        AssertReported(result, "AMQP0025", "<§amqp major=\"0\"", "/specs/base.xml", "an edition of letters");
        Assert.Equal(GeneratorHarness.Run(GeneratorHarness.OwnSpec()).GeneratedSources.Length, result.GeneratedSources.Length);
    }

    [Fact]
    public void Edition_ThatTheRootMisspells_IsReportedThere()
    {
        const string Marked = "<amqp major='§0;' minor='9'/>";

        GeneratorRunResult result = GeneratorHarness.Run(new InMemoryText("/specs/base.xml", Marked.Replace("§", "", StringComparison.Ordinal), spec: "auto"));

        AssertReported(result, "AMQP0003", Marked, "/specs/base.xml", "a number");
        Assert.Empty(result.GeneratedSources);
    }

    [Fact]
    public void SecondEditionInANamespaceOfOtherCase_IsReported()
    {
        GeneratorRunResult result = GeneratorHarness.Run(
            new InMemoryText("/specs/a.xml", Target, spec: "a", ns: "Same"),
            new InMemoryText("/specs/b.xml", Target, spec: "b", ns: "SAME"));

        Assert.Null(result.Exception);
        AssertReported(result, "AMQP0019", "<§amqp major=\"0\"", "/specs/b.xml", "edition 'a'");
    }

    [Fact]
    public void FileThatIsNamedTwice_IsReported()
    {
        GeneratorRunResult result = GeneratorHarness.Run([InMemoryText.Base(Target), InMemoryText.Base(Target), .. GeneratorHarness.OwnSpec()]);

        Assert.Null(result.Exception);
        AssertReported(result, "AMQP0015", "<§amqp major=\"0\"", "/specs/base.xml", "the same file");
        Assert.Equal(GeneratorHarness.Run(GeneratorHarness.OwnSpec()).GeneratedSources.Select(source => source.HintName), result.GeneratedSources.Select(source => source.HintName));
    }

    [Fact]
    public void OverlayThatIsNamedTwice_CountsOnce()
    {
        InMemoryText overlay = InMemoryText.Overlay(Overlay("<class name='basic'><method name='nack' index='120'><chassis name='server'/></method></class>"));

        GeneratorRunResult result = GeneratorHarness.Run(InMemoryText.Base(Target), overlay, overlay.With(overlay.Content));

        Assert.Empty(result.Diagnostics);
        Assert.Contains("BasicNackView", Text(result, "ClassBasic"), StringComparison.Ordinal);
    }

    [Fact]
    public void ControlAndCommand_OfOneCode_AreTwoThings()
    {
        GeneratorRunResult result = GeneratorHarness.Run(InMemoryText.Base(Commands("<class name='c' code='1'><control name='a' code='1'><implement role='server'/></control><command name='b' code='1'><implement role='server'/></command></class>")));

        Assert.Empty(result.Diagnostics);
        Assert.Contains(result.GeneratedSources, source => source.HintName == "Test.test.CA.g.cs");
        Assert.Contains(result.GeneratedSources, source => source.HintName == "Test.test.CB.g.cs");
        Assert.Empty(GeneratorHarness.Compile(result));
    }

    /// <summary>A result is looked for in the class, then among those of none, and is called as what was found.</summary>
    [Fact]
    public void Result_OfAnotherScope_HasItsName()
    {
        GeneratorRunResult result = GeneratorHarness.Run(InMemoryText.Base(Command("<result type='answer'/>", "").Replace("<class ", "<struct name='answer' code='7' size='1' pack='1'/><class ", StringComparison.Ordinal)));

        Assert.Empty(result.Diagnostics);
        Assert.Contains("<see cref=\"Answer\"/>", Text(result, "CDo"), StringComparison.Ordinal);
        Assert.Contains("new CommandInfo(\"c.do\", code, false, false, true, false, 0x0007)", Text(result, "Commands"), StringComparison.Ordinal);
        Assert.Empty(GeneratorHarness.Compile(result));
    }

    /// <summary>What is left out is not spoken of in the rest.</summary>
    [Fact]
    public void Result_ThatIsLeftOut_IsNotReferredTo()
    {
        string text = Command("<result type='answer'/><segments><header><entry type='answer'/></header></segments>", "<struct name='answer' size='1' pack='1'><field name='a' type='nonsense'/></struct>");

        GeneratorRunResult result = GeneratorHarness.Run(InMemoryText.Base(text));

        Assert.Single(result.Diagnostics, diagnostic => diagnostic.Id == "AMQP0004");
        Assert.DoesNotContain("CAnswer", Text(result, "CDo"), StringComparison.Ordinal);
        Assert.Empty(GeneratorHarness.Compile(result));
    }

    /// <summary>The default of a choice that is left out is the choice that has its value; where none has, there is no default. One mistake is one error.</summary>
    [Theory]
    [InlineData("AMQP0006", "<choice name='one' value='1'/><choice name='uno' value='01'/>", "uno", "Sort.One")]
    [InlineData("AMQP0017", "<choice name='o-ne' value='1'/><choice name='o.ne' value='2'/>", "o.ne", null)]
    [InlineData("AMQP0003", "<choice name='one' value='1'/><choice name='two' value='zwei'/>", "two", null)]
    public void Default_OfAChoiceThatIsLeftOut_IsThatOfItsValue(string id, string choices, string name, string? expected)
    {
        GeneratorRunResult result = GeneratorHarness.Run(InMemoryText.Base(Composite($"<field name='a' type='sort' default='{name}'/>", $"<type name='sort' class='restricted' source='ubyte'>{choices}</type>")));

        Assert.Equal(id, Assert.Single(result.Diagnostics).Id);
        string text = Text(result, "C");
        Assert.Equal(expected is not null, text.Contains("Sort.", StringComparison.Ordinal));
        Assert.Contains(expected ?? "Sort A", text, StringComparison.Ordinal);
        Assert.Empty(GeneratorHarness.Compile(result));
    }

    private static string Text(GeneratorRunResult result, string unit) => result.GeneratedSources.Single(source => source.HintName == $"Test.test.{unit}.g.cs").SourceText.ToString();

    /// <summary>Each has its section in the documentation, and the row of the table there says what the rule says.</summary>
    [Fact]
    public void Rules_AreAllDocumented()
    {
        string[] lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "diagnostics.md"));
        string Severity(DiagnosticSeverity severity) => severity switch
        {
            DiagnosticSeverity.Error => "error",
            DiagnosticSeverity.Warning => "warning",
            _ => "info",
        };

        Assert.Equal(
            Rules.All().Select(rule => $"| [{rule.Id}](#{rule.Id.ToLowerInvariant()}) | {Severity(rule.DefaultSeverity)} | {rule.Title} |"),
            lines.Where(line => line.StartsWith("| [AMQP0", StringComparison.Ordinal)));
        Assert.Equal(Rules.All().Select(rule => "## " + rule.Id), lines.Where(line => line.StartsWith("## AMQP0", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(BrokenDocuments))]
    public void BrokenDocument_StillEmitsCodeThatCompiles(string id, string marked, string words)
    {
        GeneratorRunResult result = GeneratorHarness.Run(InMemoryText.Base(marked.Replace("§", "", StringComparison.Ordinal)));

        Assert.True(GeneratorHarness.Compile(result) is [], $"{id} {words}");
    }

    [Fact]
    public void Rules_AreAllTested()
    {
        string[] elsewhere = ["AMQP0015", "AMQP0019", "AMQP0020", "AMQP0025", "AMQP0027"];
        IEnumerable<string> tested = BrokenDocuments.Concat(BrokenOverlays).Concat(BrokenTypes).Concat(BrokenCommands).Select(row => (string)row[0]).Concat(elsewhere).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

        Assert.Equal(Rules.All().Select(rule => rule.Id).Order(StringComparer.Ordinal), tested);
    }

    [Fact]
    public void MethodWithAnError_IsLeftOut_AndTheRestStands()
    {
        string text = Class("<method name='bad' index='1'><field name='a' domain='nonsense'/></method><method name='good' index='2'><chassis name='server'/></method>");

        GeneratorRunResult result = GeneratorHarness.Run(InMemoryText.Base(text));

        string emitted = result.GeneratedSources.Single(source => source.HintName.EndsWith("ClassC.g.cs", StringComparison.Ordinal)).SourceText.ToString();
        Assert.Contains("CGoodView", emitted, StringComparison.Ordinal);
        Assert.DoesNotContain("CBad", emitted, StringComparison.Ordinal);
        Assert.Empty(GeneratorHarness.Compile(result));
    }

    /// <summary>What is wrong in one file is no business of the others.</summary>
    [Theory]
    [InlineData("<amqp major='0'")]
    [InlineData("<specification/>")]
    [InlineData("<amqp overlay='shapes'/>")]
    public void BrokenFile_LeavesTheOtherEditionsAlone(string broken)
    {
        GeneratorRunResult alone = GeneratorHarness.Run(GeneratorHarness.OwnSpec());
        GeneratorRunResult beside = GeneratorHarness.Run([InMemoryText.Base(broken, spec: "shapes"), .. GeneratorHarness.OwnSpec()]);

        Assert.Null(beside.Exception);
        Assert.Contains(beside.Diagnostics, diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
        Assert.Equal(alone.GeneratedSources.Select(source => source.HintName), beside.GeneratedSources.Select(source => source.HintName));
    }

    [Fact]
    public void OwnSpec_HasNoErrorsAndWarnings()
    {
        GeneratorRunResult result = GeneratorHarness.Run(GeneratorHarness.OwnSpec());

        Assert.Empty(result.Diagnostics.Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning));
        Assert.Equal("AMQP0011", Assert.Single(result.Diagnostics).Id);
    }

    [Theory]
    [MemberData(nameof(BrokenTypes))]
    [MemberData(nameof(BrokenCommands))]
    public void BrokenDocument_OfOtherGrammars_IsReported_AndTheRestCompiles(string id, string marked, string words)
    {
        GeneratorRunResult result = GeneratorHarness.Run(InMemoryText.Base(marked.Replace("§", "", StringComparison.Ordinal)));

        AssertReported(result, id, marked, "/specs/base.xml", words);
        Assert.Null(result.Exception);
        string[] messages = GeneratorHarness.Compile(result);
        Assert.True(messages.Length == 0, string.Join('\n', messages.Take(5)));
    }

    [Fact]
    public void OverlayOfAnotherGrammar_IsReported_AndTheBaseStands()
    {
        GeneratorRunResult result = GeneratorHarness.Run(InMemoryText.Base(Composite("<field name='a' type='uint'/>")), InMemoryText.Overlay("<amqp overlay='test'><class name='c' index='1'/></amqp>"));

        AssertReported(result, "AMQP0020", "<§amqp overlay", "/specs/overlay.xml", "classic grammar");
        Assert.Contains(result.GeneratedSources, source => source.HintName == "Test.test.C.g.cs");
    }

    [Fact]
    public void TypeOfAMissingPart_IsReportedOnce()
    {
        GeneratorRunResult result = GeneratorHarness.Run(InMemoryText.Base(Composite("<field name='a' type='error'/><field name='b' type='error'/>")));

        Assert.Single(result.Diagnostics, diagnostic => diagnostic.Id == "AMQP0004");
    }

    [Fact]
    public void OverlayOfTypes_WithoutItsTarget_IsReported()
    {
        const string Marked = "<amqp overlay='test' xmlns='http://www.amqp.org/schema/amqp.xsd'><type name='§heder'/></amqp>";
        string text = Composite("").Replace("name='c'", "name='header'", StringComparison.Ordinal);

        GeneratorRunResult result = GeneratorHarness.Run(InMemoryText.Base(text), InMemoryText.Overlay(Marked.Replace("§", "", StringComparison.Ordinal)));

        AssertReported(result, "AMQP0008", Marked, "/specs/overlay.xml", "did you mean 'header'?");
    }

    private static string Types(string inner) => $"<amqp name='test' xmlns='http://www.amqp.org/schema/amqp.xsd'>\n  {inner}\n</amqp>";

    private static string Composite(string fields, string besides = "") =>
        Types($"<type name='c' class='composite' source='list'><descriptor name='test:c' code='0x0:0x10'/>{fields}</type>\n{besides}");

    private static string Commands(string inner) =>
        $"<amqp major='0' minor='10' xmlns='http://www.amqp.org/schema/amqp.xsd'>\n<type name='uint8' code='2' fixed-width='1'/><type name='bit' code='0xf1' fixed-width='0'/><type name='map' code='0xa8' variable-width='4'/>{inner}\n</amqp>";

    private static string Command(string inner, string besides = "") =>
        Commands($"<class name='c' code='1'>{besides}<command name='do' code='1'><implement role='server'/>{inner}</command></class>");

    private static string Root(string inner) => $"<amqp major='0' minor='9'>\n  {inner}\n</amqp>";

    private static string Class(string inner, bool root = true)
    {
        string text = $"<class name='c' index='1'>\n  {inner}\n</class>";
        return root ? Root(text) : text;
    }

    private static string Method(string fields) => Class($"<method name='m' index='1'><chassis name='server'/>{fields}</method>");

    private static string Overlay(string inner) => $"<amqp overlay='test'>\n  {inner}\n</amqp>";

    private static void AssertReported(GeneratorRunResult result, string id, string marked, string path, string words)
    {
        Diagnostic diagnostic = Assert.Single(result.Diagnostics, candidate => candidate.Id == id);
        int at = marked.IndexOf('§', StringComparison.Ordinal);
        string[] before = marked[..at].Split('\n');
        var expected = new LinePosition(before.Length - 1, before[^1].Length);

        FileLinePositionSpan span = diagnostic.Location.GetLineSpan();
        Assert.Equal(path, span.Path);
        Assert.Equal(expected, span.StartLinePosition);
        Assert.Equal(at, diagnostic.Location.SourceSpan.Start);
        Assert.Contains(words, diagnostic.GetMessage(null), StringComparison.Ordinal);
    }
}
