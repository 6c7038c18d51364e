using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>What we write, qpid-proton reads as the same value; what it writes, we do.</summary>
public sealed class ProtonTests
{
    private const int Seed = 1002;
    private const int Trees = 1000;

    [ProtonFact]
    public void T35_Values_OfRandomTrees_AreTheSameToBoth()
    {
        using LinePeer proton = ProtonFactAttribute.Peer();
        var random = new RandomTrees(Seed);
        for (int i = 0; i < Trees; i++)
        {
            AssertSame(proton, random.Next());
        }
    }

    [ProtonFact]
    public void Values_OfEveryEncoding_AreTheSameToBoth()
    {
        using LinePeer proton = ProtonFactAttribute.Peer();
        foreach (string hex in EncodedValueTests.Encodings.Select(encoding => (string)encoding[1]))
        {
            if (!hex.StartsWith("0000", StringComparison.Ordinal)) // Data refuses a descriptor that is itself described
            {
                AssertSame(proton, Convert.FromHexString(hex));
            }
        }
    }

    [ProtonFact]
    public void Composites_OfTheWholeDefinition_AreTheSameToBoth()
    {
        using LinePeer proton = ProtonFactAttribute.Peer();
        foreach (DescribedTypeCode code in DescribedTypeCode.All)
        {
            foreach (SpecVector vector in SpecVectors.Of(code.Spec))
            {
                byte[] answer = AssertSame(proton, vector.Canonical());

                Assert.Equal(DecodeError.None, code.Parse(answer, out _, out object? owned));
                Assert.Equal(CanonicalText.Of(vector.Canonical()), CanonicalText.Of(DescribedTypeCode.Write(owned!)));
            }
        }
    }

    private static byte[] AssertSame(LinePeer proton, byte[] octets)
    {
        string hex = Hex.Of(octets);
        string[] answer = proton.Ask(hex);

        Assert.Equal((hex, CanonicalText.Of(octets)), (hex, answer[0]));
        byte[] written = Convert.FromHexString(answer[1]);
        Assert.Equal((hex, answer[0]), (hex, CanonicalText.Of(written)));
        return written;
    }
}
