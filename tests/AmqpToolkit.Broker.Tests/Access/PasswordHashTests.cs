using AmqpToolkit.Broker.Access;

namespace AmqpToolkit.Broker.Tests.Access;

/// <summary>Passwords in RabbitMQ's form.</summary>
public sealed class PasswordHashTests
{
    // Salt 0x908DC60A and the password test12: the worked example of RabbitMQ's documentation on passwords.
    private const string Documented = "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR";

    [Fact]
    public void Verify_OfTheDocumentedHash_TakesItsPasswordAlone()
    {
        var hash = PasswordHash.Parse(Documented, null);

        Assert.True(PasswordHash.Verify(hash, "test12"));
        Assert.False(PasswordHash.Verify(hash, "test13"));
        Assert.False(PasswordHash.Verify(hash, ""));
    }

    [Fact]
    public void Create_Twice_SaltsAnew()
    {
        var (one, two) = (PasswordHash.Create("secret"), PasswordHash.Create("secret"));

        Assert.NotEqual(one.Text, two.Text);
        Assert.True(PasswordHash.Verify(PasswordHash.Parse(one.Text, one.Algorithm), "secret"));
        Assert.Equal(36, Convert.FromBase64String(two.Text).Length);
        Assert.DoesNotContain(one.Text, one.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rabbit_password_hashing_md5")]
    [InlineData("rabbit_password_hashing_sha512")]
    public void Parse_OfOtherAlgorithms_Works(string algorithm)
    {
        byte[] salted = [1, 2, 3, 4, .. "secret"u8];
#pragma warning disable CA5351 // What old installations have.
        byte[] hash = algorithm.EndsWith("md5", StringComparison.Ordinal)
            ? System.Security.Cryptography.MD5.HashData(salted)
            : System.Security.Cryptography.SHA512.HashData(salted);
#pragma warning restore CA5351

        Assert.True(PasswordHash.Verify(PasswordHash.Parse(Convert.ToBase64String([1, 2, 3, 4, .. hash]), algorithm), "secret"));
    }

    [Theory]
    [InlineData("no base64!", null)]
    [InlineData("AAAA", null)]
    [InlineData(Documented, "rabbit_password_hashing_md5")]
    [InlineData(Documented, "scrypt")]
    public void Parse_OfWhatIsNoHash_IsRefused(string text, string? algorithm) => Assert.Throws<ArgumentException>(() => PasswordHash.Parse(text, algorithm));

    [Fact]
    public void Verify_WithoutAUser_IsFalse() => Assert.False(PasswordHash.Verify(null, "anything"));
}
