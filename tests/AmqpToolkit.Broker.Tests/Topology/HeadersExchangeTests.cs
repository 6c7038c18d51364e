using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using static AmqpToolkit.Broker.Tests.Topology.BindingTests;
using static AmqpToolkit.Broker.Tests.Topology.TestTopology;

namespace AmqpToolkit.Broker.Tests.Topology;

public class HeadersExchangeTests
{
    /// <summary>Values by name, as they stand on the wire: tag and octets.</summary>
    private static readonly Dictionary<string, string> Values = new()
    {
        ["I1"] = "49 00000001",
        ["l1"] = "6C 0000000000000001",
        ["b1"] = "62 01",
        ["B1"] = "42 01",
        ["s1"] = "73 0001",
        ["u1"] = "75 0001",
        ["i1"] = "69 00000001",
        ["L1"] = "4C 0000000000000001",
        ["f1"] = "66 3F800000",
        ["d1"] = "64 3FF0000000000000",
        ["T1"] = "54 0000000000000001",
        ["S1"] = "53 00000001 31",
        ["x1"] = "78 00000001 31",
        ["D1"] = "44 00 00000001",
        ["D10"] = "44 01 0000000A",
        ["t1"] = "74 01",
        ["t2"] = "74 02",
        ["t0"] = "74 00",
        ["V"] = "56",
        ["AI"] = "41 00000005 49 00000001",
        ["Ai"] = "41 00000005 69 00000001",
        ["f01"] = "66 3DCCCCCD",
        ["d01"] = "64 3FB999999999999A",
    };

    private readonly TestTopology _topology = new();

    public HeadersExchangeTests() => _topology.DeclareQueue("q");

    /// <summary>
    /// What RabbitMQ does since 3.13, value by value: it compares Erlang's terms, in which a whole number is no floating-point number (3.10.8 took
    /// them for equal), and counts a message's timestamp in milliseconds.
    /// </summary>
    [Theory]
    [InlineData("I1 l1 b1 B1 s1 u1 i1 L1 T1", "I1 l1 b1 B1 s1 u1 i1 L1")]
    [InlineData("f1 d1", "f1 d1")]
    [InlineData("S1 x1", "S1 x1")]
    [InlineData("D1", "D1")]
    [InlineData("D10", "D10")]
    [InlineData("t1 t2", "t1 t2")]
    [InlineData("t0", "t0")]
    [InlineData("V", "I1 l1 b1 B1 s1 u1 i1 L1 f1 d1 T1 S1 x1 D1 D10 t1 t2 t0 V AI Ai f01 d01")]
    [InlineData("AI", "AI")]
    [InlineData("Ai", "Ai")]
    [InlineData("f01", "f01")]
    [InlineData("d01", "d01")]
    public void Headers_Value_EqualsTheValuesThatRabbitMqSays(string arguments, string expected)
    {
        foreach (string argument in arguments.Split(' '))
        {
            Table pattern = Wire($"016B {Values[argument]}");
            _topology.BindQueue("q", "amq.headers", "", pattern);
            IEnumerable<string> matched = Values.Keys.Where(value => _topology.Reaches("amq.headers", "", Wire($"016B {Values[value]}")));
            Assert.Equal(expected, string.Join(' ', matched));
            _topology.UnbindQueue("q", "amq.headers", "", pattern);
        }
    }

    [Fact]
    public void Headers_LargeNumbers_AreNotRounded()
    {
        _topology.BindQueue("q", "amq.headers", "", Wire("016B 6C 0020000000000001")); // 2^53 + 1

        Assert.False(_topology.Reaches("amq.headers", "", Wire("016B 64 4340000000000000"))); // 2^53
        Assert.True(_topology.Reaches("amq.headers", "", Wire("016B 4C 0020000000000001")));
        Assert.False(_topology.Reaches("amq.headers", "", Wire("016B 64 7FF0000000000000"))); // infinite
    }

    [Theory]
    [InlineData("49 000007D0", true)] // 2000
    [InlineData("54 00000000000007D0", true)]
    [InlineData("54 0000000000000002", false)]
    [InlineData("64 409F400000000000", false)] // 2000.0
    public void Headers_TimestampOfAMessage_CountsInMilliseconds(string argument, bool isEqual)
    {
        foreach (string match in new[] { "all", "any" })
        {
            Table pattern = Table.Create(table => table.Add("x-match", match));
            pattern = Wire(Convert.ToHexString([.. pattern.Span, .. Wire($"016B {argument}").Span]));
            _topology.BindQueue("q", "amq.headers", match, pattern);
            Assert.Equal(isEqual, _topology.Reaches("amq.headers", "", Wire("016B 54 0000000000000002")));
            _topology.UnbindQueue("q", "amq.headers", match, pattern);
        }
    }

    /// <summary>Messages without headers, with a, x-a = 1, x-a = 2, b, x-a = 1 and b, x-a = 2 and b: 1 where RabbitMQ 3.10.8 routes.</summary>
    [Theory]
    [InlineData("all", "", "1111111")]
    [InlineData("all", "x-a", "1111111")]
    [InlineData("all", "x-a b", "0000111")]
    [InlineData("any", "", "0000000")]
    [InlineData("any", "x-a", "0000000")]
    [InlineData("any", "x-a b", "0000111")]
    [InlineData("all-with-x", "", "1111111")]
    [InlineData("all-with-x", "x-a", "0010010")]
    [InlineData("all-with-x", "x-a b", "0000010")]
    [InlineData("any-with-x", "", "0000000")]
    [InlineData("any-with-x", "x-a", "0010010")]
    [InlineData("any-with-x", "x-a b", "0010111")]
    [InlineData(null, "", "1111111")]
    [InlineData(null, "x-a", "1111111")]
    [InlineData(null, "x-a b", "0000111")]
    public void Headers_Match_LooksAtTheArgumentsThatItsFormSays(string? match, string keys, string expected)
    {
        var arguments = new TableBuilder();
        if (match is not null)
        {
            arguments.Add("x-match", match);
        }

        foreach (string key in keys.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            arguments.Add(key, "1");
        }

        _topology.BindQueue("q", "amq.match", "ignored", arguments.ToTable());
        Table[] messages =
        [
            default,
            Arguments(("a", "1")),
            Arguments(("x-a", "1")),
            Arguments(("x-a", "2")),
            Arguments(("b", "1")),
            Arguments(("b", "1"), ("x-a", "1")),
            Arguments(("x-a", "2"), ("b", "1")),
        ];

        Assert.Equal(expected, string.Concat(messages.Select(message => _topology.Reaches("amq.match", "k", message) ? '1' : '0')));
    }

    [Fact]
    public void Headers_MatchAmongTheHeaders_IsNotAsked()
    {
        _topology.BindQueue("q", "amq.headers", "", Arguments(("x-match", "all-with-x"), ("a", 1)));

        Assert.True(_topology.Reaches("amq.headers", "", Arguments(("a", 1))));
        Assert.True(_topology.Reaches("amq.headers", "", Arguments(("x-match", "other"), ("a", 1))));
    }

    [Fact]
    public void Headers_SeveralBindings_EachDecidesForItself()
    {
        _topology.DeclareQueue("r");
        _topology.BindQueue("q", "amq.headers", "", Arguments(("x-match", "all"), ("a", 1), ("b", 2)));
        _topology.BindQueue("r", "amq.headers", "", Arguments(("x-match", "any"), ("a", 1), ("b", 2)));

        Assert.Equal("q,r", _topology.Route("amq.headers", "", Arguments(("b", 2), ("c", 3), ("a", 1))));
        Assert.Equal("r", _topology.Route("amq.headers", "", Arguments(("b", 2), ("a", 2))));
        Assert.Equal("", _topology.Route("amq.headers", "", Arguments(("b", "2"))));
        _topology.UnbindQueue("r", "amq.headers", "", Arguments(("b", 2), ("a", 1), ("x-match", "any")));
        Assert.Equal("q", _topology.Route("amq.headers", "", Arguments(("b", 2), ("c", 3), ("a", 1))));
    }

    [Fact]
    public void Headers_WithBindingsOfManyKinds_MatchesWhatEachOfThemSays()
    {
        const int Seed = 20261122;
        var random = new Random(Seed);
        string[] words = ["all", "any", "all-with-x", "any-with-x"];
        object?[] values = [1, 1L, 1.0, "1", true, null, 2, "two", -0.0, 0];
        var bindings = new List<HeadersBinding>();
        for (int number = 0; number < 300; number++)
        {
            _topology.DeclareQueue($"q{number}");
            var arguments = new TableBuilder().AddObject("x-match", words[random.Next(words.Length)]);
            for (int count = random.Next(4); count > 0; count--)
            {
                arguments.AddObject(random.Next(5) == 0 ? $"x-{random.Next(3)}" : $"h{random.Next(4)}", values[random.Next(values.Length)]);
            }

            Assert.Null(_topology.BindQueue($"q{number}", "amq.headers", "", arguments.ToTable()));
        }

        for (int round = 0; round < 2000; round++)
        {
            if (round % 10 == 9)
            {
                // Some go and others come, so that places empty and fill.
                _topology.DeleteQueue($"q{random.Next(300)}");
            }

            bindings.Clear();
            bindings.AddRange(_topology.Exchange("amq.headers").Bindings.Cast<HeadersBinding>());
            var headers = new TableBuilder();
            for (int count = random.Next(6); count > 0; count--)
            {
                headers.AddObject(random.Next(5) == 0 ? $"x-{random.Next(3)}" : $"h{random.Next(4)}", values[random.Next(values.Length)]);
            }

            Table message = headers.ToTable();
            var expected = bindings.Where(binding => binding.Matches(message.View)).Select(binding => binding.Destination.NameText).Distinct().Order(StringComparer.Ordinal);

            Assert.True(_topology.Route("amq.headers", "", message) == string.Join(',', expected), $"seed {Seed}, round {round}");
        }
    }
}
