using System.Diagnostics;
using System.Text;
using AmqpToolkit.Broker.Access;

namespace AmqpToolkit.Broker.Tests.Access;

/// <summary>Patterns of permissions and policies: searched, not anchored, and never slow.</summary>
public sealed class NamePatternTests
{
    [Theory]
    [InlineData(".*", "anything", true)]
    [InlineData("^.*$", "anything", true)]
    [InlineData("^q$", "q", true)]
    [InlineData("^q$", "qq", false)]
    [InlineData("^q-", "q-1", true)]
    [InlineData("^q-", "xq-1", false)]
    [InlineData("^q-.*", "q-1", true)]
    [InlineData("^amq\\.", "amq.direct", true)]
    [InlineData("^amq\\.", "amqXdirect", false)]
    [InlineData("^amq.", "amqXdirect", true)]
    [InlineData("mid", "a-mid-b", true)]
    [InlineData("mid", "a-mild-b", false)]
    [InlineData("^(a|b)[0-9]{2}$", "b12", true)]
    [InlineData("^(a|b)[0-9]{2}$", "c12", false)]
    [InlineData("^a|b$", "xb", true)]
    [InlineData("^[[:alpha:]]+$", "abc", true)]
    [InlineData("^[[:alpha:]]+$", "ab1", false)]
    [InlineData("^(?!amq\\.).*", "mine", true)]
    [InlineData("^(?!amq\\.).*", "amq.direct", false)]
    [InlineData("^größe$", "größe", true)]
    [InlineData("Q", "q", false)]
    public void IsMatch_OfAPatternAndAName_IsThatOfRabbitMQ(string pattern, string name, bool expected) =>
        Assert.Equal(expected, NamePattern.Parse(pattern).IsMatch(Encoding.UTF8.GetBytes(name)));

    [Fact]
    public void IsMatch_OfTheEmptyPermission_IsNeverTrueOfAName()
    {
        Assert.False(NamePattern.ParsePermission("").IsMatch("q"u8));
        Assert.False(NamePattern.ParsePermission("^$").IsMatch("q"u8));
    }

    [Theory]
    [InlineData("[")]
    [InlineData("(a")]
    [InlineData("*")]
    [InlineData("a{3,1}")]
    [InlineData("((((((((((a{100}){100}){100}){100}){100}){100}){100}){100}){100}){100})")]
    public void Parse_OfWhatIsNoPatternOrTooLarge_IsRefused(string pattern) => Assert.ThrowsAny<ArgumentException>(() => NamePattern.Parse(pattern));

    [Fact]
    public void Parse_OfALongPattern_IsRefused() =>
        Assert.Contains("2048", Assert.Throws<ArgumentException>(() => NamePattern.Parse(new string('a', 2049))).Message, StringComparison.Ordinal);

    // Each takes an engine that backtracks longer than the world will last.
    [Theory]
    [InlineData("^(a+)+$")]
    [InlineData("^(a|aa)+$")]
    [InlineData("(.*a){20}b")]
    [InlineData("^(?!b)(a+)+$")]
    public void IsMatch_OfAPatternThatExplodes_EndsSoon(string pattern)
    {
        var parsed = NamePattern.Parse(pattern);
        byte[] name = Encoding.UTF8.GetBytes(new string('a', 250) + "!");
        var watch = Stopwatch.StartNew();

        for (int i = 0; i < 10; i++)
        {
            Assert.False(parsed.IsMatch(name));
        }

        // Ten times the limit of time of one match, and the patience that a busy machine needs.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"{watch.Elapsed}");
    }
}
