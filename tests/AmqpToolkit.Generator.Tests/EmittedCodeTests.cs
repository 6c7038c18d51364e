using Microsoft.CodeAnalysis;

namespace AmqpToolkit.Generator.Tests;

public sealed class EmittedCodeTests
{
    [Theory]
    [InlineData("ClassBasic")]
    [InlineData("ClassTx")]
    [InlineData("ServerMethods")]
    [InlineData("Constants")]
    [InlineData("FieldValueTags")]
    public void OwnSpec_Emits_WhatWasVerified(string unit)
    {
        GeneratorRunResult result = GeneratorHarness.Run(GeneratorHarness.OwnSpec());

        Snapshot.Verify(unit, result.GeneratedSources.Single(source => source.HintName == $"Test.V0_9_1.{unit}.g.cs").SourceText.ToString());
    }

    [Theory]
    [InlineData("DtxStart")]
    [InlineData("ExecutionResult")]
    [InlineData("MessageTransfer")]
    [InlineData("MessageProperties")]
    [InlineData("ClientCommands")]
    [InlineData("Controls")]
    public void CommandGrammar_Emits_WhatWasVerified(string unit)
    {
        GeneratorRunResult result = GeneratorHarness.Run(GeneratorHarness.OwnEdition("0-10", "amqp0-10.xml"));

        Snapshot.Verify(unit, result.GeneratedSources.Single(source => source.HintName == $"Test.V0_10.{unit}.g.cs").SourceText.ToString());
    }

    /// <summary>Of each grammar a file of every kind.</summary>
    [Theory]
    [InlineData("0-8", "amqp0-8.xml", "ClassAccess")]
    [InlineData("0-9", "amqp0-9.xml", "ClassTunnel")]
    [InlineData("1-0", "amqp1-0", "Received", "Disposition", "AnyDeliveryState", "Data", "ReceiverSettleMode", "LinkError", "Descriptors")]
    public void OwnEdition_Emits_WhatWasVerified(string edition, string file, params string[] units)
    {
        GeneratorRunResult result = GeneratorHarness.Run(GeneratorHarness.OwnEdition(edition, file));
        string ns = "V" + edition.Replace('-', '_');

        Assert.Multiple([.. units.Select(unit => (Action)(() => Snapshot.Verify($"{ns}.{unit}", result.GeneratedSources.Single(source => source.HintName == $"Test.{ns}.{unit}.g.cs").SourceText.ToString())))]);
    }

    [Fact]
    public void OwnSpec_EmitsCode_ThatCompilesAsCSharp12WithoutWarnings() =>
        Assert.Empty(GeneratorHarness.Compile(GeneratorHarness.Run(GeneratorHarness.OwnSpec())));

    [Fact]
    public void EmptyDefinition_EmitsCode_ThatCompiles() =>
        Assert.Empty(GeneratorHarness.Compile(GeneratorHarness.Run(InMemoryText.Base("<amqp major='0' minor='9'/>"))));

    [Fact]
    public void Labels_WithMarkup_BecomeDocumentationThatParses()
    {
        string text = "<amqp major='0' minor='9'><class name='c' index='1'><method name='m' index='1' label='a &lt;b&gt; &amp; &quot;c&quot;'><chassis name='server'/></method></class></amqp>";

        GeneratorRunResult result = GeneratorHarness.Run(InMemoryText.Base(text));

        Assert.Empty(GeneratorHarness.Compile(result));
    }

    [Fact]
    public void FilesWithoutMetadata_AreNoBusinessOfTheGenerator() =>
        Assert.Empty(GeneratorHarness.Run(new InMemoryText("/specs/other.xml", "<broken")).GeneratedSources);
}
