using AmqpToolkit.Interop.Tests.Matrix;

namespace AmqpToolkit.Interop.Tests;

/// <summary>Version by version by property by type: what one library publishes is what another one consumes, as the tables of the mapping have it (docs/amqp-1.0.md).</summary>
[Collection(BrokerCollection.Name)]
public sealed class ConversionMatrixTests(BrokerFixture broker, ConversionMatrix matrix) : IClassFixture<ConversionMatrix>
{
    public static TheoryData<string, string> Pairs
    {
        get
        {
            var pairs = new TheoryData<string, string>();
            foreach (string sender in (string[])[.. ConversionMatrix.OlderSenders, .. ConversionMatrix.NewerSenders])
            {
                foreach (string reader in ConversionMatrix.Readers.Where(reader => ConversionMatrix.AreFor(sender, reader)))
                {
                    pairs.Add(sender, reader);
                }
            }

            return pairs;
        }
    }

    [MatrixTheory]
    [MemberData(nameof(Pairs))]
    public async Task Message_OfOneLibrary_IsReadByAnother(string sender, string reader)
    {
        var cases = ConversionMatrix.CasesOf(sender);
        var found = await matrix.LinesAsync(broker.Url, sender, reader);
        Assert.Equal(cases.Length, found.Length);
        foreach (var (one, lines) in cases.Zip(found))
        {
            bool hasSeveralSections = one.Newer.Any(line => line.StartsWith("body=", StringComparison.Ordinal) && line.Contains('+', StringComparison.Ordinal));
            var expected = (ConversionMatrix.IsOlder(reader) ? one.Older : one.Newer).Select(line => MatrixViews.SeenBy(reader, line));
            var actual = lines.Select(line => MatrixViews.SaidBy(reader, line, hasSeveralSections));
            Assert.Equal($"{one.Name}\n{Sorted(expected)}", $"{one.Name}\n{Sorted(actual)}");
        }

        static string Sorted(IEnumerable<string> lines) => string.Join('\n', lines.Order(StringComparer.Ordinal));
    }

    [MatrixTheory]
    [InlineData("pika")]
    [InlineData("proton")]
    [InlineData("rhea")]
    public async Task Message_ForItsOwnVersion_HasTheVeryOctets(string sender)
    {
        var (sent, came) = await matrix.OctetsAsync(broker.Url, sender);
        Assert.Equal(ConversionMatrix.IsOlder(sender) ? sent : sent.Select(one => ConversionMatrix.BareHex(Convert.FromHexString(one))), came);
    }
}
