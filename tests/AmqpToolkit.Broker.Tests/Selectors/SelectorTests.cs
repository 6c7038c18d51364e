using System.Text;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Selectors;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec.V1_0;
using static AmqpToolkit.Broker.Tests.Conversion.Octets;

namespace AmqpToolkit.Broker.Tests.Selectors;

/// <summary>What expressions say of a message in either version. Unknown and its negation pick alike: nothing.</summary>
public sealed class SelectorTests
{
    [Theory]
    // comparisons
    [InlineData("", true)]
    [InlineData("   ", true)]
    [InlineData("colour = 'red' AND weight > 3", true)]
    [InlineData("colour = 'red' AND weight > 5", false)]
    [InlineData("colour = 'blue'", false)]                  // of two values with one name the first counts
    [InlineData("colour <> 'blue'", true)]
    [InlineData("colour != 'blue'", true)]
    [InlineData("Colour = 'red'", false)]                   // names know capitals
    [InlineData("weight = 5 and not weight = 6 or FALSE", true)]
    [InlineData("weight >= 5 AND weight <= 5", true)]
    [InlineData("weight < 5 OR weight > 5", false)]
    [InlineData("weight = 5.0", true)]
    [InlineData("weight < 5.5", true)]
    [InlineData("price = 2.5 AND price > 2 AND price < 3", true)]
    [InlineData("price = 25e-1 AND price = .25E1 AND price = 2.5d", true)]
    [InlineData("half = 0.5", true)]
    [InlineData("dec = 3.25", true)]
    [InlineData("time = 2000", true)]
    [InlineData("big = 9223372036854775807 AND low = -9223372036854775808", true)]
    [InlineData("big = 9223372036854775806", false)]
    [InlineData("tiny = -3 AND ubyte = 200 AND short = -300 AND ushort = 60000 AND uint = 4000000000", true)]
    [InlineData("weight = 0x5 AND weight = 5L", true)]
    [InlineData("name = 'O''Neil'", true)]
    [InlineData("empty = ''", true)]
    [InlineData("umlaut = 'grün'", true)]
    [InlineData("colour < 'rosa' AND colour > 'pink'", true)]
    [InlineData("\"x-note\" = 'n'", true)]
    [InlineData("a.b IS NULL AND \"a.b\" = 1 AND \"JMSType\" IS NULL", true)]
    [InlineData("a.colour = 'red' AND application_properties.weight = 5", true)]
    [InlineData("5 = weight", true)]
    [InlineData("weight = weight", true)]
    // types that differ
    [InlineData("weight = '5'", false)]
    [InlineData("weight <> '5'", false)]
    [InlineData("NOT weight = '5'", true)]
    [InlineData("ok = 1", false)]
    [InlineData("colour > 3", false)]
    [InlineData("raw = 'x' OR raw <> 'x' OR list = 1", false)]
    // truth
    [InlineData("ok", true)]
    [InlineData("bad", false)]
    [InlineData("NOT bad", true)]
    [InlineData("NOT NOT ok", true)]
    [InlineData("ok = TRUE AND bad = FALSE AND ok <> false", true)]
    [InlineData("ok > bad", false)]
    [InlineData("(ok AND bad) = FALSE", true)]
    [InlineData("weight", false)]
    [InlineData("NOT weight", false)]
    [InlineData("TRUE", true)]
    [InlineData("FALSE OR TRUE AND FALSE", false)]
    [InlineData("(TRUE OR TRUE) AND FALSE", false)]
    [InlineData("TRUE OR TRUE AND FALSE", true)]
    // what is not there
    [InlineData("missing = 1", false)]
    [InlineData("NOT missing = 1", false)]
    [InlineData("missing <> 1", false)]
    [InlineData("missing = missing", false)]
    [InlineData("missing = 1 OR TRUE", true)]
    [InlineData("missing = 1 AND TRUE", false)]
    [InlineData("NOT (missing = 1 AND FALSE)", true)]
    [InlineData("NOT (missing = 1 OR TRUE)", false)]
    [InlineData("missing IS NULL AND nothing IS NULL", true)]
    [InlineData("colour IS NOT NULL AND raw IS NOT NULL AND list IS NOT NULL", true)]
    [InlineData("missing IS NOT NULL", false)]
    [InlineData("(missing = 1) IS NULL", true)]
    [InlineData("missing BETWEEN 1 AND 2 OR missing NOT BETWEEN 1 AND 2", false)]
    [InlineData("missing IN ('a') OR missing NOT IN ('a')", false)]
    [InlineData("missing LIKE '%' OR missing NOT LIKE '%'", false)]
    // BETWEEN
    [InlineData("weight BETWEEN 5 AND 5", true)]
    [InlineData("weight BETWEEN 6 AND 5", false)]
    [InlineData("weight NOT BETWEEN 1 AND 4", true)]
    [InlineData("weight BETWEEN 4.5 AND weight + 1", true)]
    [InlineData("weight NOT BETWEEN missing AND 4", true)]  // greater than 4, whatever the other is
    [InlineData("weight BETWEEN missing AND 9", false)]
    [InlineData("weight BETWEEN 1 AND 9 AND ok", true)]
    // IN
    [InlineData("colour IN ('green', 'red')", true)]
    [InlineData("colour NOT IN ('green', 'red')", false)]
    [InlineData("colour NOT IN ('green')", true)]
    [InlineData("weight IN (-1, +5)", true)]
    [InlineData("weight IN ('5')", false)]
    // LIKE
    [InlineData("colour LIKE 'red'", true)]
    [InlineData("colour LIKE 'r%'", true)]
    [InlineData("colour LIKE '%d'", true)]
    [InlineData("colour LIKE '%e%'", true)]
    [InlineData("colour LIKE 'r_d'", true)]
    [InlineData("colour LIKE '_r_d'", false)]
    [InlineData("colour LIKE '___'", true)]
    [InlineData("colour LIKE '____'", false)]
    [InlineData("colour LIKE '%'", true)]
    [InlineData("colour LIKE ''", false)]
    [InlineData("empty LIKE ''", true)]
    [InlineData("empty LIKE '_'", false)]
    [InlineData("empty LIKE '%%'", true)]
    [InlineData("colour LIKE 're%ed'", false)]              // nothing is used twice
    [InlineData("text LIKE 'a%X%c'", true)]
    [InlineData("text LIKE '%X%X%'", true)]
    [InlineData("text LIKE '%X%X%X%'", false)]
    [InlineData("text LIKE '%X_X%'", true)]
    [InlineData("text LIKE 'a_%_c'", true)]
    [InlineData("text LIKE '%_c'", true)]
    [InlineData("umlaut LIKE 'gr_n'", true)]                // a character is no octet
    [InlineData("umlaut LIKE '%_n'", true)]
    [InlineData("umlaut LIKE '%r_n%'", true)]
    [InlineData("umlaut LIKE 'gr__n'", false)]
    [InlineData("percent LIKE '100\\%' ESCAPE '\\'", true)]
    [InlineData("colour LIKE 're\\%' ESCAPE '\\'", false)]
    [InlineData("percent LIKE '1__!%' ESCAPE '!'", true)]
    [InlineData("name LIKE 'O''%'", true)]
    [InlineData("weight LIKE '5'", false)]
    [InlineData("colour NOT LIKE 'b%'", true)]
    // arithmetic
    [InlineData("weight + 1 = 6 AND weight - 1 = 4 AND weight * 2 = 10 AND weight / 2 = 2 AND weight % 3 = 2", true)]
    [InlineData("weight / 2.0 = 2.5", true)]
    [InlineData("-weight = -5 AND - -weight = 5 AND +weight = 5", true)]
    [InlineData("1 + 2 * 3 = 7 AND (1 + 2) * 3 = 9 AND 10 - 2 - 3 = 5 AND 100 / 10 / 5 = 2", true)]
    [InlineData("weight / 0 = 1 OR NOT weight / 0 = 1", false)]
    [InlineData("weight / 0.0 > big", true)]                // infinite
    [InlineData("missing + 1 > 0", false)]
    [InlineData("colour + 1 > 0 OR NOT colour + 1 > 0", false)]
    [InlineData("big + 1 > big", false)]                    // approximate: both are 2^63 then
    [InlineData("low / -1 > 9e18 AND low % -1 = 0 AND -low > 9e18", true)]
    // fields
    [InlineData("JMSMessageID = 'ID:1' AND JMSCorrelationID = 'c-1' AND JMSType = 'order' AND JMSDeliveryMode = 'PERSISTENT'", true)]
    [InlineData("JMSPriority = 7 AND JMSTimestamp = 9000 AND JMSXGroupID = 'group' AND JMSXUserID = 'guest'", true)]
    [InlineData("JMSRedelivered AND JMSXDeliveryCount = 3 AND amqp.redelivered", true)]
    [InlineData("p.message_id = 'ID:1' AND properties.correlation_id = 'c-1' AND amqp.reply_to = 'replies' AND p.content_type = 'text/plain'", true)]
    [InlineData("p.user_id = 'guest' AND p.group_id = 'group' AND p.creation_time = 9000 AND p.content_encoding IS NULL AND p.absolute_expiry_time IS NULL", true)]
    [InlineData("h.durable AND header.priority = 7 AND h.ttl = 60000 AND h.delivery_count = 2 AND NOT h.first_acquirer AND amqp.priority = 7", true)]
    [InlineData("JMSDestination IS NULL", true)]            // a name as any other
    public void Matches_InEitherVersion_Agrees(string text, bool expected)
    {
        Assert.True(Selector.TryParse(text, out var selector, out string? error), error);

        Assert.Equal(expected, selector!.Matches(SelectorMessages.Basic, isRedelivered: true, deliveryCount: 2));
        Assert.Equal(expected, selector.Matches(SelectorMessages.Sections, isRedelivered: true, deliveryCount: 2));
    }

    /// <summary>What one version alone has.</summary>
    [Theory]
    [InlineData("p.to = 'there' AND p.subject = 'order' AND p.group_sequence = 3 AND JMSXGroupSeq = 3", true, false)]
    [InlineData("p.reply_to_group_id IS NULL", true, true)]
    public void Fields_OfOneVersion_AreNullInTheOther(string text, bool inSections, bool inBasic)
    {
        Assert.True(Selector.TryParse(text, out var selector, out string? error), error);

        Assert.Equal(inSections, selector!.Matches(SelectorMessages.Sections));
        Assert.Equal(inBasic, selector.Matches(SelectorMessages.Basic));
    }

    [Theory]
    [InlineData("53 07", "JMSMessageID = '7' AND p.message_id = 7", true)]
    [InlineData("98 00112233445566778899AABBCCDDEEFF", "JMSMessageID = 'urn:uuid:00112233-4455-6677-8899-aabbccddeeff' AND p.message_id IS NOT NULL", true)]
    [InlineData("A0 01 00", "JMSMessageID IS NULL OR JMSMessageID = ''", false)]
    [InlineData("A0 01 00", "JMSMessageID IS NOT NULL", true)]
    public void Ids_OfEachType_AreText(string id, string text, bool expected)
    {
        byte[] section = Of(new Properties { MessageId = EncodedValue.CopyOf(Hex(id)), CorrelationId = EncodedValue.CopyOf(Hex(id)) });

        Assert.Equal(expected, Matches(text, section));
        Assert.Equal(expected, Matches(text.Replace("MessageID", "CorrelationID", StringComparison.Ordinal).Replace("message_id", "correlation_id", StringComparison.Ordinal), section));
        Assert.Equal(expected, Matches($"({text}) AND (JMSMessageID = JMSCorrelationID OR p.message_id IS NOT NULL)", section));
    }

    [Fact]
    public void Message_WithoutAnything_HasDefaults()
    {
        foreach (var flags in new[] { MessageFlags.None, MessageFlags.Sections })
        {
            byte[] properties = flags == MessageFlags.None ? [0, 0] : [];
            Assert.True(Selector.TryParse("JMSPriority = 4 AND JMSDeliveryMode = 'NON_PERSISTENT' AND JMSMessageID IS NULL AND JMSTimestamp IS NULL AND NOT h.durable AND x IS NULL", out var selector, out _));

            Assert.True(selector!.Matches(SelectorMessages.Of(properties, flags)));
            Assert.True(Selector.TryParse("JMSRedelivered = FALSE AND JMSXDeliveryCount = 1 AND h.first_acquirer AND h.ttl IS NULL", out selector, out _));
            Assert.True(selector!.Matches(SelectorMessages.Of(properties, flags)));
        }
    }

    [Theory]
    [InlineData("colour =", "a value is expected, not the end at character 9")]
    [InlineData("colour", null)]
    [InlineData("'red'", "a condition is expected, not a value at character 1")]
    [InlineData("5", "a condition is expected, not a value at character 1")]
    [InlineData("weight + 1", "a condition is expected, not a value at character 1")]
    [InlineData("TRUE AND 5", "a condition is expected, not a value at character 10")]
    [InlineData("NOT 'x'", "a condition is expected, not a value at character 5")]
    [InlineData("colour = 'red", "' is not closed at character 10")]
    [InlineData("\"colour", "\" is not closed at character 1")]
    [InlineData("a = 1 b = 2", "AND, OR or the end is expected, not 'b' at character 7")]
    [InlineData("a = b = c", "AND, OR or the end is expected, not '=' at character 7")]
    [InlineData("(a = 1", ") is expected, not the end at character 7")]
    [InlineData("a = 1)", "AND, OR or the end is expected, not ')' at character 6")]
    [InlineData("a BETWEEN 1 OR 2", "AND is expected, not 'OR' at character 13")]
    [InlineData("a NOT 5", "BETWEEN, LIKE or IN is expected, not '5' at character 7")]
    [InlineData("a IS 5", "NULL is expected, not '5' at character 6")]
    [InlineData("a LIKE b", "a pattern in quotes is expected, not 'b' at character 8")]
    [InlineData("a LIKE 'b' ESCAPE 'xy'", "ESCAPE takes one character at character 19")]
    [InlineData("a LIKE 'b!' ESCAPE '!'", "the pattern ends with its escape character at character 8")]
    [InlineData("a IN ()", "a value is expected, not ')' at character 7")]
    [InlineData("a IN (b)", "IN takes literals at character 7")]
    [InlineData("a IN ('b' 'c')", ") is expected, not 'c' at character 11")]
    [InlineData("a # 1", "'#' has no meaning at character 3")]
    [InlineData("a = 5x", "'5x' is no number at character 5")]
    [InlineData("a = 0x1FFFFFFFFFFFFFFFF", "'0x1FFFFFFFFFFFFFFFF' is no number of 64 bits at character 5")]
    [InlineData("a = -'x'", "a sign stands before a number at character 5")]
    [InlineData("AND", "a value is expected, not 'AND' at character 1")]
    [InlineData("a ! b", "'!' has no meaning at character 3")]
    public void Parse_OfWhatIsNone_SaysWhatAndWhere(string text, string? expected)
    {
        Assert.Equal(expected is null, Selector.TryParse(text, out var selector, out string? error));
        Assert.Equal(expected, error);
        Assert.Equal(expected is null, selector is not null);
    }

    [Fact]
    public void Parse_OfTooMuch_IsRefused()
    {
        static string Nested(int depth) => new string('(', depth) + "TRUE" + new string(')', depth);

        Assert.True(Selector.TryParse(Nested(Selector.MaxDepth), out _, out _));
        Assert.False(Selector.TryParse(Nested(Selector.MaxDepth + 1), out _, out string? error));
        Assert.Equal($"parentheses are nested over {Selector.MaxDepth} deep at character {Selector.MaxDepth + 1}", error);
        Assert.False(Selector.TryParse(new string('(', 8000), out _, out _));
        Assert.False(Selector.TryParse(new string(' ', Selector.MaxLength + 1), out _, out error));
        Assert.Equal($"a selector has at most {Selector.MaxLength} characters, this one has {Selector.MaxLength + 1}", error);
        Assert.True(Selector.TryParse(string.Join(" AND ", Enumerable.Range(0, Selector.MaxNames).Select(number => $"n{number} = 1")), out _, out _));
        Assert.False(Selector.TryParse(string.Join(" AND ", Enumerable.Range(0, Selector.MaxNames + 1).Select(number => $"n{number} = 1")), out _, out error));
        Assert.StartsWith($"more than {Selector.MaxNames} properties", error, StringComparison.Ordinal);
    }

    /// <summary>Long ones are no deep ones.</summary>
    [Theory]
    [InlineData("NOT ", "TRUE", 2000, true)]
    [InlineData("- ", "1 < 0", 4001, true)]
    [InlineData("TRUE AND ", "TRUE", 900, true)]
    [InlineData("FALSE OR ", "TRUE", 900, true)]
    [InlineData("1 + ", "1 > 2000", 2000, true)]
    public void Matches_OfALongExpression_IsEvaluated(string repeated, string end, int times, bool expected)
    {
        Assert.True(Selector.TryParse(string.Concat(Enumerable.Repeat(repeated, times)) + end, out var selector, out string? error), error);

        Assert.Equal(expected, selector!.Matches(SelectorMessages.Sections));
    }

    /// <summary>Patterns that a naive search tries at every place, over a long text: bounded, and unknown beyond the bound.</summary>
    [Fact]
    public void Like_ThatExplodes_IsUnknown()
    {
        string text = new('a', 200_000);
        byte[] message = Map(0x74, (StringOf("t"), "B1" + Convert.ToHexString(Length(text.Length)) + Text(text)), (StringOf("s"), StringOf("aaaaaaaaab")));
        string pattern = $"%{string.Concat(Enumerable.Repeat("a_", 2000))}b%";

        Assert.False(Matches($"t LIKE '{pattern}'", message));
        Assert.False(Matches($"t NOT LIKE '{pattern}'", message));
        Assert.False(Matches($"t LIKE '%{new string('a', 4000)}b%' OR t NOT LIKE '%{new string('a', 4000)}b%'", message));
        Assert.True(Matches("t LIKE '%a_a%' AND t LIKE 'a%aaaa%a' AND t NOT LIKE '%b%'", message));
        Assert.True(Matches("s LIKE '%a_a%a_b' AND s LIKE '%a%a%a%a%a%a%a%a%b%' AND s NOT LIKE '%a%a%a%a%a%a%a%a%a%a%'", message));
    }

    /// <summary>Text of a megabyte that is compared again and again: bounded as well.</summary>
    [Fact]
    public void Comparison_OfLongText_ThatExplodes_IsUnknown()
    {
        string text = new('a', 1_000_000);
        byte[] message = Map(0x74, (StringOf("t"), "B1" + Convert.ToHexString(Length(text.Length)) + Text(text)));

        Assert.True(Matches(string.Join(" AND ", Enumerable.Repeat("t = t", 10)), message));
        Assert.False(Matches(string.Join(" AND ", Enumerable.Repeat("t = t", 700)), message));
        Assert.False(Matches($"NOT ({string.Join(" AND ", Enumerable.Repeat("t = t", 700))})", message));
    }

    [Fact]
    public void Matches_OverAMessageOfThousandsOfHeaders_FindsThem()
    {
        string all = string.Join(" AND ", Enumerable.Range(0, 60).Select(number => $"n{number * 60} = {number * 60}"));
        byte[] basic = Headers([.. Enumerable.Range(0, 4000).Select(number => ($"n{number}", $"49 {number:X8}"))]);
        byte[] sections = Map(0x74, [.. Enumerable.Range(0, 4000).Select(number => (StringOf($"n{number}"), $"71 {number:X8}"))]);
        Assert.True(Selector.TryParse(all, out var selector, out _));

        Assert.True(selector!.Matches(SelectorMessages.Of(basic, MessageFlags.None)));
        Assert.True(selector.Matches(SelectorMessages.Of(sections, MessageFlags.Sections)));
    }

    [Fact]
    public void Matches_OverManyHeaders_CountsWhatItTakes()
    {
        byte[] basic = Headers([.. Enumerable.Range(0, 4000).Select(number => ($"n{number}", $"49 {number:X8}"))]);
        byte[] sections = Map(0x74, [.. Enumerable.Range(0, 4000).Select(number => (StringOf($"n{number}"), $"71 {number:X8}"))]);
        Assert.True(Selector.TryParse("n3999 = 3999", out var selector, out _));
        foreach (var (octets, flags) in new[] { (basic, MessageFlags.None), (sections, MessageFlags.Sections) })
        {
            int steps = 100_000;
            Assert.True(selector!.Matches(SelectorMessages.Of(octets, flags), false, 0, ref steps));
            Assert.InRange(100_000 - steps, 4000, 20_000);
            steps = 4000;
            Assert.False(selector.Matches(SelectorMessages.Of(octets, flags), false, 0, ref steps));
        }
    }

    /// <summary>What has no name takes its time as well.</summary>
    [Fact]
    public void Matches_OverEntriesWithoutNames_CountsWhatItTakes()
    {
        byte[] sections = Map(0x74, [.. Enumerable.Range(0, 20_000).Select(_ => ("40", "40"))]);
        Assert.True(Selector.TryParse("x = 1", out var selector, out _));
        int steps = 100_000;
        Assert.False(selector!.Matches(SelectorMessages.Of(sections, MessageFlags.Sections), false, 0, ref steps));
        Assert.InRange(100_000 - steps, 20_000, 90_000);
    }

    [Fact]
    public void Matches_InSteadyState_AllocatesNothing()
    {
        Assert.True(Selector.TryParse(
            "colour = 'red' AND weight > 3 AND name LIKE 'O%' AND price BETWEEN 1 AND 3 AND colour IN ('a', 'red') AND JMSMessageID = 'ID:1' AND weight + 1 = 6", out var selector, out _));
        long allocated = 0;
        for (int round = 0; round < 4; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int turn = 0; turn < 1000; turn++)
            {
                Assert.True(selector!.Matches(SelectorMessages.Basic) && selector.Matches(SelectorMessages.Sections));
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
    }

    /// <summary>The SQL filter: quotes and brackets are others, names of JMS are names as any.</summary>
    [Theory]
    [InlineData("colour = \"red\" AND a.weight > 3 AND [x-note] = 'n' AND [a.b] = 1", true)]
    [InlineData("p.message_id = 'ID:1' AND properties.group_id = 'group' AND h.priority = 7 AND header.durable", true)]
    [InlineData("JMSType IS NULL AND amqp.priority IS NULL", true)]
    [InlineData("weight = 0x05", null)]
    [InlineData("[colour = 'red'", null)]
    public void Matches_OfSql_InEitherVersion_Agrees(string text, bool? expected)
    {
        bool isParsed = Selector.TryParse(text, out var selector, out string? error, SelectorDialect.Sql);

        Assert.True(isParsed == expected is not null, error);
        Assert.Equal(expected ?? false, selector?.Matches(SelectorMessages.Basic) ?? false);
        Assert.Equal(expected ?? false, selector?.Matches(SelectorMessages.Sections) ?? false);
    }

    /// <summary>Property filters: a name and a value of 1.0, and what they say; null for no filter.</summary>
    [Theory]
    [InlineData(false, "A3 0A 6D6573736167652D6964", "A1 04 49443A31", true)]       // message-id ID:1
    [InlineData(false, "A3 0A 6D6573736167652D6964", "A1 06 26733A 3A 31 31", false)]
    [InlineData(false, "A3 0A 6D6573736167652D6964", "A1 05 26733A 3A31", true)]     // &s::1
    [InlineData(false, "A3 0A 6D6573736167652D6964", "A1 05 26703A 4944", true)]     // &p:ID
    [InlineData(false, "A3 0A 6D6573736167652D6964", "A1 03 266D3A", null)]          // &m:
    [InlineData(false, "A3 0A 6D6573736167652D6964", "53 07", false)]
    [InlineData(false, "A3 0E 636F7272656C6174696F6E2D6964", "A1 03 632D31", true)]  // correlation-id c-1
    [InlineData(false, "A3 07 757365722D6964", "A0 05 6775657374", true)]            // user-id
    [InlineData(false, "A3 0D 6372656174696F6E2D74696D65", "83 0000000000002328", true)]
    [InlineData(false, "A3 08 67726F75702D6964", "40", true)]                        // group-id, whatever it is
    [InlineData(false, "A3 05 6F74686572", "40", null)]                              // other
    [InlineData(true, "A1 06 636F6C6F7572", "A1 03 726564", true)]                   // colour red
    [InlineData(true, "A1 06 636F6C6F7572", "A1 04 62 6C 75 65", false)]
    [InlineData(true, "A1 06 636F6C6F7572", "A1 04 26267265", false)]                // &&re: what begins with an ampersand
    [InlineData(true, "A1 06 636F6C6F7572", "40", true)]
    [InlineData(true, "A1 07 6D697373696E67", "40", false)]                          // missing
    [InlineData(true, "A1 06 776569676874", "70 00000005", true)]                    // weight, of another type
    [InlineData(true, "A1 06 776569676874", "82 4014000000000000", true)]
    [InlineData(true, "A1 06 776569676874", "80 FFFFFFFFFFFFFFFF", false)]
    [InlineData(true, "A1 06 776569676874", "A1 01 35", false)]
    [InlineData(true, "A1 02 6F6B", "41", true)]                                     // ok
    [InlineData(true, "A1 02 6F6B", "A0 00", null)]                                  // binary
    [InlineData(true, "A1 02 6F6B", "45", null)]                                     // a list
    [InlineData(true, "52 07", "41", null)]
    public void PropertyFilter_InEitherVersion_Agrees(bool isOfApplication, string name, string value, bool? expected)
    {
        byte[] map = Map(0x74, (name, value));
        Assert.Equal(AmqpToolkit.Codec.DecodeError.None, ApplicationPropertiesView.TryParse(map, out var view, out _));

        bool isParsed = Selector.TryParseProperties(view.Value, isOfApplication, out var selector, out string? error);

        Assert.True(isParsed == expected is not null && isParsed == error is null, error);
        Assert.Equal(expected ?? false, selector?.Matches(SelectorMessages.Basic) ?? false);
        Assert.Equal(expected ?? false, selector?.Matches(SelectorMessages.Sections) ?? false);
    }

    [Fact]
    public void PropertyFilter_WithoutNames_IsNone()
    {
        byte[] map = Map(0x74);
        ApplicationPropertiesView.TryParse(map, out var view, out _);

        Assert.False(Selector.TryParseProperties(view.Value, true, out _, out string? error));
        Assert.Equal("the filter names no property", error);
    }

    private static bool Matches(string text, byte[] sections)
    {
        Assert.True(Selector.TryParse(text, out var selector, out string? error), error);
        return selector!.Matches(SelectorMessages.Of(sections, MessageFlags.Sections));
    }
}
