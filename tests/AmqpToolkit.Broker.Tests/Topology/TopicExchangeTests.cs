using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker.Tests.Topology;

public class TopicExchangeTests
{
    private static readonly string[] Keys = ["", ".", "a", "a.b", "a.", ".a", "..", "#", "*", "a.#", "a.*.b", "a..b"];

    private readonly TestTopology _topology = new();

    /// <summary>What RabbitMQ 3.10.8 answered, key by key; a key without octets stands as "-".</summary>
    [Theory]
    [InlineData("", "-")]
    [InlineData("*", "a # *")]
    [InlineData("#", "- . a a.b a. .a .. # * a.# a.*.b a..b")]
    [InlineData("*.*", ". a.b a. .a a.#")]
    [InlineData("#.#", "- . a a.b a. .a .. # * a.# a.*.b a..b")]
    [InlineData("#.*", ". a a.b a. .a .. # * a.# a.*.b a..b")]
    [InlineData("*.#", ". a a.b a. .a .. # * a.# a.*.b a..b")]
    [InlineData(".", ".")]
    [InlineData("a.#", "a a.b a. a.# a.*.b a..b")]
    [InlineData("#.a", "a .a")]
    [InlineData("a", "a")]
    [InlineData("a.", "a.")]
    [InlineData("*.", ". a.")]
    [InlineData("#.*.#", ". a a.b a. .a .. # * a.# a.*.b a..b")]
    [InlineData("#.*.*", ". a.b a. .a .. a.# a.*.b a..b")]
    [InlineData("a.#.b", "a.b a.*.b a..b")]
    [InlineData("#.a.#", "a a.b a. .a a.# a.*.b a..b")]
    [InlineData("a#", "")]
    [InlineData("**", "")]
    [InlineData("##", "")]
    [InlineData("a.*.b", "a.*.b a..b")]
    [InlineData("#.#.#", "- . a a.b a. .a .. # * a.# a.*.b a..b")]
    public void Topic_Pattern_MatchesTheKeysThatRabbitMqSays(string pattern, string expected)
    {
        _topology.DeclareQueue("q");
        _topology.BindQueue("q", "amq.topic", pattern);

        IEnumerable<string> matched = Keys.Where(key => _topology.Reaches("amq.topic", key)).Select(static key => key.Length == 0 ? "-" : key);

        Assert.Equal(expected, string.Join(' ', matched));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Topic_RandomPatternsAndKeys_MatchAsThePlainDefinitionDoes(int seed)
    {
        var random = new Random(seed);
        var patterns = new HashSet<string>();
        for (int round = 0; round < 2_000; round++)
        {
            string pattern = RandomKey(random, ["a", "b", "c", "*", "#", ""], 7);
            if (random.Next(3) > 0)
            {
                if (patterns.Add(pattern))
                {
                    _topology.DeclareQueue("q" + pattern);
                    Assert.Null(_topology.BindQueue("q" + pattern, "amq.topic", pattern));
                }
            }
            else if (patterns.Count > 0)
            {
                string gone = patterns.ElementAt(random.Next(patterns.Count));
                patterns.Remove(gone);
                Assert.Null(random.Next(2) == 0 ? _topology.DeleteQueue("q" + gone) : _topology.UnbindQueue("q" + gone, "amq.topic", gone));
            }

            string key = RandomKey(random, ["a", "b", "c", "d", ""], 8);
            string expected = string.Join(',', patterns.Where(each => Matches(Words(each), Words(key))).Select(static each => "q" + each).Order(StringComparer.Ordinal));
            Assert.True(expected == _topology.Route("amq.topic", key), $"seed {seed}, round {round}, key '{key}'");
        }
    }

    /// <summary>Tried one by one, the ways to spread 127 words over 60 hashes would not end.</summary>
    [Fact]
    public void Topic_ManyHashes_TakeAWalkOverEachWordOnce()
    {
        _topology.DeclareQueue("all");
        _topology.DeclareQueue("none");
        string hashes = string.Join('.', Enumerable.Repeat("#.a", 60));
        _topology.BindQueue("all", "amq.topic", hashes);
        _topology.BindQueue("none", "amq.topic", hashes + ".b");
        _topology.BindQueue("none", "amq.topic", string.Join('.', Enumerable.Repeat("#.*", 60)) + ".b");
        _topology.BindQueue("none", "amq.topic", string.Join('.', Enumerable.Repeat("#", 120)) + ".b");

        Assert.Equal("all", _topology.Route("amq.topic", string.Join('.', Enumerable.Repeat("a", 127))));
    }

    [Fact]
    public void Topic_LastBindingOfAPath_LeavesNoNodeBehind()
    {
        string[] patterns = ["a.b.c", "a.b", "a.*.c", "a.#", "#.a.#", "x.y.z.x.y.z", ""];
        _topology.DeclareQueue("q");
        foreach (string pattern in patterns)
        {
            _topology.BindQueue("q", "amq.topic", pattern);
        }

        foreach (string pattern in patterns)
        {
            _topology.UnbindQueue("q", "amq.topic", pattern);
        }

        Assert.True(((TopicExchange)_topology.Exchange("amq.topic")).IsTrieEmpty);
    }

    [Fact]
    public void Topic_WordsOfAnyOctets_AreTakenAsTheyAre()
    {
        _topology.DeclareQueue("q");
        Assert.Null(_topology.VirtualHost.BindQueue("q"u8, "amq.topic"u8, [0xC3, 0x28, (byte)'.', (byte)'*'], default, _topology.Connection));
        var collector = new RouteCollector();

        _topology.VirtualHost.Route(_topology.Exchange("amq.topic"), [0xC3, 0x28, (byte)'.', 0xFF], default, collector);

        Assert.Equal(1, collector.Count);
    }

    private static string RandomKey(Random random, string[] words, int most) =>
        string.Join('.', Enumerable.Range(0, random.Next(most)).Select(_ => words[random.Next(words.Length)]));

    private static string[] Words(string key) => key.Length == 0 ? [] : key.Split('.');

    private static bool Matches(ReadOnlySpan<string> pattern, ReadOnlySpan<string> words)
    {
        if (pattern.IsEmpty)
        {
            return words.IsEmpty;
        }

        if (pattern[0] == "#")
        {
            return Matches(pattern[1..], words) || (!words.IsEmpty && Matches(pattern, words[1..]));
        }

        return !words.IsEmpty && (pattern[0] == "*" || pattern[0] == words[0]) && Matches(pattern[1..], words[1..]);
    }
}
