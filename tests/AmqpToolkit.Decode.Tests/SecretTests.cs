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
    public void Secret_InAFrameThatIsBroken_IsHidden()
    {
        byte[] broken = [.. Classic.StartOk[..^1], 0, 0xCE];
        broken[6]++;
        Assert.DoesNotContain(Word, Tool.Run([.. ProtocolHeader.V0_9_1, .. broken], "--json").Output, StringComparison.Ordinal);
    }
}
