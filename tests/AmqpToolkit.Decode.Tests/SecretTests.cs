using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Decode.Tests;

/// <summary>Passwords stay out of logs unless they are asked for.</summary>
public sealed class SecretTests
{
    private const string Word = "secret-word";

    public static TheoryData<string, byte[]> Holders => new()
    {
        { "PLAIN", Classic.StartOk },
        { "AMQPLAIN", Classic.Method(0, new ConnectionStartOk { Mechanism = "AMQPLAIN", Response = Table.Create(t => t.Add("LOGIN", "guest").Add("PASSWORD", Word)).Memory.ToArray(), Locale = "en_US" }) },
        { "secure-ok", Classic.Method(0, new ConnectionSecureOk { Response = Word }) },
        { "secure", Classic.Method(0, new ConnectionSecure { Challenge = Word }) },
        { "update-secret", Classic.Method(0, new ConnectionUpdateSecret { NewSecret = Word, Reason = "because" }) },
    };

    [Theory]
    [MemberData(nameof(Holders))]
    public void Secret_InEitherOutput_IsHidden(string what, byte[] frame)
    {
        byte[] input = [.. ProtocolHeader.V0_9_1, .. frame];
        Assert.DoesNotContain(Word, Tool.Run(input).Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Word, Tool.Run(input, "--json").Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToHexStringLower(Classic.Text(Word)), Tool.Run(input, "--json").Output, StringComparison.Ordinal);
        Assert.True(Tool.Run(input).Output.Contains("***", StringComparison.Ordinal), what);
    }

    [Theory]
    [MemberData(nameof(Holders))]
    public void Secret_ThatIsAskedFor_IsShown(string what, byte[] frame)
    {
        string output = Tool.Run([.. ProtocolHeader.V0_9_1, .. frame], "--secrets", "--json").Output;
        Assert.True(output.Contains(Word, StringComparison.Ordinal) || output.Contains(Convert.ToHexStringLower(Classic.Text(Word)), StringComparison.Ordinal), what);
    }

    [Fact]
    public void Exchange_OfScram_ShowsNothingThatAPasswordCanBeGuessedWith()
    {
        byte[] input =
        [
            .. "AMQP"u8, 3, 1, 0, 0,
            .. Sasl(0x41, [0xA3, 13, .. "SCRAM-SHA-256"u8], Binary("n,,n=user,r=rOprNGfwEbeRWgbNEkqO")),
            .. Sasl(0x42, Binary("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")),
            .. Sasl(0x43, Binary("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")),
            .. Sasl(0x44, [0x50, 0], Binary("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")),
        ];
        foreach (string output in new[] { Tool.Run(input).Output, Tool.Run(input, "--json").Output })
        {
            Assert.Contains("SCRAM-SHA-256", output, StringComparison.Ordinal);
            Assert.All(
                ["rOprNGfw", "W22ZaJ0S", "dHzbZapW", "6rriTRBi"],
                secret => Assert.False(output.Contains(secret, StringComparison.Ordinal) || output.Contains(Convert.ToHexStringLower(Classic.Text(secret)), StringComparison.Ordinal), secret));
        }

        Assert.Contains("6rriTRBi", Tool.Run(input, "--secrets").Output, StringComparison.Ordinal);

        static byte[] Binary(string text) => [0xA0, (byte)text.Length, .. Classic.Text(text)];

        // A SASL frame of channel 0 with a list of so many fields (1.0 section 5.3.3).
        static byte[] Sasl(byte code, params byte[][] fields)
        {
            byte[] body = [.. fields.SelectMany(field => field)];
            return [0, 0, 0, (byte)(8 + 6 + body.Length), 2, 1, 0, 0, 0, 0x53, code, 0xC0, (byte)(body.Length + 1), (byte)fields.Length, .. body];
        }
    }

    [Fact]
    public void Secret_InAFrameThatIsBroken_IsHidden()
    {
        byte[] broken = [.. Classic.StartOk[..^1], 0, 0xCE];
        broken[6]++;
        Assert.DoesNotContain(Word, Tool.Run([.. ProtocolHeader.V0_9_1, .. broken], "--json").Output, StringComparison.Ordinal);
    }
}
