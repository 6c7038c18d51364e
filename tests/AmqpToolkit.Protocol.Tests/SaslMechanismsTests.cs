using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol.Sasl;

namespace AmqpToolkit.Protocol.Tests;

public sealed class SaslMechanismsTests
{
    [Theory]
    [InlineData("\0guest\0secret", "guest", "secret")]
    [InlineData("\0\0", "", "")]
    [InlineData("\0Jos\u00e9\0p\u00e4\u00df", "Jos\u00e9", "p\u00e4\u00df")]
    [InlineData("\0guest\0with\0zero", "guest", "with\0zero")]
    public void Read_OfPlain_FindsNameAndPassword(string response, string name, string password)
    {
        Assert.Equal(SaslOutcome.Credentials, SaslMechanisms.Read("PLAIN"u8, Encoding.UTF8.GetBytes(response), out var credentials));
        Assert.Equal(new SaslCredentials(name, password), credentials);
    }

    [Theory]
    [InlineData("")]
    [InlineData("guest")]
    [InlineData("\0guest")]
    [InlineData("other\0guest\0secret")]
    public void Read_OfPlainWithoutTwoZerosOrWithAnAuthorizationIdentity_IsMalformed(string response) =>
        Assert.Equal(SaslOutcome.Malformed, SaslMechanisms.Read("PLAIN"u8, Encoding.UTF8.GetBytes(response), out _));

    [Fact]
    public void WritePlain_IsReadBack()
    {
        var written = new SaslCredentials("n\u00e9", "s\u00e9cret");

        Assert.Equal(SaslOutcome.Credentials, SaslMechanisms.Read("PLAIN"u8, SaslMechanisms.WritePlain(written), out var read));
        Assert.Equal(written, read);
    }

    [Fact]
    public void Read_OfAmqplain_FindsNameAndPasswordInAnyOrder()
    {
        var table = Table.Create(builder => builder.Add("PASSWORD", "secret").Add("other", 1).Add("LOGIN", "guest"));

        Assert.Equal(SaslOutcome.Credentials, SaslMechanisms.Read("AMQPLAIN"u8, table.Span, out var credentials));
        Assert.Equal(new SaslCredentials("guest", "secret"), credentials);
    }

    [Fact]
    public void Read_OfAmqplainThatLacksAnything_IsMalformed()
    {
        Table[] tables =
        [
            default,
            Table.Create(builder => builder.Add("LOGIN", "guest")),
            Table.Create(builder => builder.Add("PASSWORD", "secret")),
            Table.Create(builder => builder.Add("LOGIN", 1).Add("PASSWORD", "secret")),
            Table.Create(builder => builder.Add("LOGIN", "guest").Add("PASSWORD", true)),
            Table.Create(builder => builder.Add("login", "guest").Add("password", "secret")),
        ];

        Assert.All(tables, table => Assert.Equal(SaslOutcome.Malformed, SaslMechanisms.Read("AMQPLAIN"u8, table.Span, out _)));
    }

    [Fact]
    public void Read_OfAmqplainCutAnywhere_IsMalformed()
    {
        byte[] whole = Table.Create(builder => builder.Add("LOGIN", "guest").Add("PASSWORD", "secret")).Memory.ToArray();
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.Equal(SaslOutcome.Malformed, SaslMechanisms.Read("AMQPLAIN"u8, whole.AsSpan(0, length), out _));
        }
    }

    [Fact]
    public void Credentials_AsText_ShowNoPassword()
    {
        var credentials = new SaslCredentials("guest", "secret");

        Assert.DoesNotContain("secret", $"{credentials}", StringComparison.Ordinal);
        Assert.Contains("guest", $"{credentials}", StringComparison.Ordinal);
    }
}
