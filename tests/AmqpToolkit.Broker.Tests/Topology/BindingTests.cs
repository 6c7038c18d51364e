using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using static AmqpToolkit.Broker.Tests.Topology.ExchangeDeclarationTests;
using static AmqpToolkit.Broker.Tests.Topology.TestTopology;

namespace AmqpToolkit.Broker.Tests.Topology;

public class BindingTests
{
    private const string DefaultRefused = "ACCESS_REFUSED - operation not permitted on the default exchange";

    private readonly TestTopology _topology = new();

    public BindingTests() => _topology.DeclareQueue("q");

    [Theory]
    [InlineData("q", "", DefaultRefused)]
    [InlineData("none", "", DefaultRefused)]
    [InlineData("none", "amq.direct", "NOT_FOUND - no queue 'none' in vhost '/'")]
    [InlineData("q", "none", "NOT_FOUND - no exchange 'none' in vhost '/'")]
    [InlineData("noqueue", "none", "NOT_FOUND - no exchange 'none' in vhost '/'")]
    public void BindQueue_WhatIsNotThere_IsRefused(string queue, string exchange, string text) =>
        AssertError(_topology.BindQueue(queue, exchange, "k"), ErrorScope.Channel, text);

    [Theory]
    [InlineData("", "amq.direct", DefaultRefused)]
    [InlineData("amq.direct", "", DefaultRefused)]
    [InlineData("none", "amq.direct", "NOT_FOUND - no exchange 'none' in vhost '/'")]
    [InlineData("amq.direct", "none", "NOT_FOUND - no exchange 'none' in vhost '/'")]
    [InlineData("nodestination", "nosource", "NOT_FOUND - no exchange 'nosource' in vhost '/'")]
    public void BindExchange_WhatIsNotThere_IsRefused(string destination, string source, string text) =>
        AssertError(_topology.BindExchange(destination, source, "k"), ErrorScope.Channel, text);

    [Fact]
    public void Unbind_DefaultExchange_IsRefused()
    {
        AssertError(_topology.UnbindQueue("q", ""), ErrorScope.Channel, DefaultRefused);
        AssertError(_topology.UnbindExchange("", "amq.direct"), ErrorScope.Channel, DefaultRefused);
        AssertError(_topology.UnbindExchange("amq.direct", ""), ErrorScope.Channel, DefaultRefused);
    }

    [Fact]
    public void Unbind_WhatIsNotThere_IsDone()
    {
        Assert.Null(_topology.UnbindQueue("q", "amq.direct", "k"));
        Assert.Null(_topology.UnbindQueue("q", "none", "k"));
        Assert.Null(_topology.UnbindQueue("none", "amq.direct", "k"));
        Assert.Null(_topology.UnbindExchange("amq.fanout", "amq.direct", "k"));
        Assert.Null(_topology.UnbindExchange("none", "amq.direct", "k"));
        Assert.Null(_topology.UnbindExchange("amq.fanout", "none", "k"));
    }

    [Fact]
    public void Bind_Names_LoseLineBreaksAndKeysDoNot()
    {
        Assert.Null(_topology.BindQueue("q\r\n", "amq\r.direct", "a\n"));

        Assert.Equal("q", _topology.Route("amq.direct", "a\n"));
        Assert.Equal("", _topology.Route("amq.direct", "a"));
    }

    [Theory]
    [InlineData("amq.direct")]
    [InlineData("amq.fanout")]
    [InlineData("amq.topic")]
    [InlineData("amq.headers")]
    public void BindQueue_Twice_IsOneBinding(string exchange)
    {
        Assert.Null(_topology.BindQueue("q", exchange, "k"));
        int version = _topology.VirtualHost.RoutingVersion;
        Assert.Null(_topology.BindQueue("q", exchange, "k"));

        Assert.Equal(1, _topology.Exchange(exchange).BindingCount);
        Assert.Equal(version, _topology.VirtualHost.RoutingVersion);
        Assert.Equal("q", _topology.Route(exchange, "k"));
        Assert.Null(_topology.UnbindQueue("q", exchange, "k"));
        Assert.Equal("", _topology.Route(exchange, "k"));
    }

    [Theory]
    [InlineData("amq.direct")]
    [InlineData("amq.fanout")]
    [InlineData("amq.topic")]
    public void BindQueue_WithOtherArguments_IsAnotherBindingToTheSameQueue(string exchange)
    {
        Assert.Null(_topology.BindQueue("q", exchange, "k", Arguments(("a", 1))));
        Assert.Null(_topology.BindQueue("q", exchange, "k", Arguments(("a", 1L))));
        Assert.Null(_topology.BindQueue("q", exchange, "k"));
        Assert.Null(_topology.BindQueue("q", exchange, "k", Arguments(("a", 1), ("b", "c"))));

        Assert.Equal(4, _topology.Exchange(exchange).BindingCount);
        Assert.Equal("q", _topology.Route(exchange, "k"));
        Assert.Null(_topology.UnbindQueue("q", exchange, "k", Arguments(("b", "c"), ("a", 1))));
        Assert.Null(_topology.UnbindQueue("q", exchange, "k"));
        Assert.Null(_topology.UnbindQueue("q", exchange, "k", Arguments(("a", 1L))));
        Assert.Equal("q", _topology.Route(exchange, "k"));
        Assert.Null(_topology.UnbindQueue("q", exchange, "k", Arguments(("a", 2))));
        Assert.Null(_topology.UnbindQueue("q", exchange, "k", Arguments(("a", 1))));
        Assert.Equal(0, _topology.Exchange(exchange).BindingCount);
        Assert.Equal("", _topology.Route(exchange, "k"));
    }

    [Fact]
    public void BindingIdentity_TypesOfArguments_CountButForTheTwoLetters()
    {
        Assert.Equal(Canonical("0161 4C 0000000000000001"), Canonical("0161 6C 0000000000000001"));
        Assert.NotEqual(Canonical("0161 49 00000001"), Canonical("0161 69 00000001"));
        Assert.Equal(Canonical("0161 49 00000001 0162 5300000001 63"), Canonical("0162 5300000001 63 0161 49 00000001"));
        Assert.Equal(Canonical("0161 74 01"), Canonical("0161 74 02"));
    }

    [Fact]
    public void Bind_ExclusiveQueue_IsItsOwnersAlone()
    {
        object other = new();
        _topology.DeclareQueue("x", exclusive: true);
        Assert.Null(_topology.BindQueue("x", "amq.direct", "k"));
        const string locked = "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'x' in vhost '/'. It could be originally declared on "
            + "another connection or the exclusive property value does not match that of the original declaration.";

        AssertError(_topology.BindQueue("x", "amq.direct", "l", connection: other), ErrorScope.Channel, locked);
        AssertError(_topology.UnbindQueue("x", "amq.direct", "k", connection: other), ErrorScope.Channel, locked);
        Assert.Null(_topology.UnbindQueue("x", "amq.direct", "l", connection: other));
        Assert.Equal("x", _topology.Route("amq.direct", "k"));
    }

    [Theory]
    [InlineData("5300000003 666F6F", "value <<\"foo\">>; expected all, any, all-with-x, or any-with-x")]
    [InlineData("5300000003 414C4C", "value <<\"ALL\">>; expected all, any, all-with-x, or any-with-x")]
    [InlineData("5300000000", "value <<>>; expected all, any, all-with-x, or any-with-x")]
    [InlineData("5300000004 6122625C", "value <<\"a\\\"b\\\\\">>; expected all, any, all-with-x, or any-with-x")]
    [InlineData("5300000003 610A62", "value <<\"a\\nb\">>; expected all, any, all-with-x, or any-with-x")]
    [InlineData("5300000001 01", "value <<1>>; expected all, any, all-with-x, or any-with-x")]
    [InlineData("5300000002 C3A9", "value <<\"é\">>; expected all, any, all-with-x, or any-with-x")]
    [InlineData("49 00000005", "type signedint (value 5); expected longstr")]
    [InlineData("74 01", "type bool (value true); expected longstr")]
    [InlineData("56", "type void (value undefined); expected longstr")]
    [InlineData("7800000002 6162", "type binary (value <<\"ab\">>); expected longstr")]
    [InlineData("54 0000000000000005", "type timestamp (value 5); expected longstr")]
    [InlineData("44 01FFFFFFFF", "type decimal (value {1,4294967295}); expected longstr")]
    [InlineData("64 3FF8000000000000", "type double (value 1.5); expected longstr")]
    [InlineData("64 3FF0000000000000", "type double (value 1.0); expected longstr")]
    [InlineData("64 46293E5939A08CEA", "type double (value 1.0e30); expected longstr")]
    [InlineData("64 3EE4F8B588E368F1", "type double (value 1.0e-5); expected longstr")]
    [InlineData("66 3DCCCCCD", "type float (value 0.10000000149011612); expected longstr")]
    [InlineData("4600000007 0161 49 00000001", "type table (value [{<<\"a\">>,signedint,1}]); expected longstr")]
    [InlineData("4600000000", "type table (value []); expected longstr")]
    [InlineData("4100000005 49 00000001", "type array (value [{signedint,1}]); expected longstr")]
    public void BindQueue_BadMatch_IsRefused(string value, string text) =>
        AssertError(
            _topology.BindQueue("q", "amq.headers", "", Wire($"07 782D6D61746368 {value}")),
            ErrorScope.Channel,
            $"PRECONDITION_FAILED - Invalid x-match field {text}");

    [Fact]
    public void BindQueue_BadMatchElsewhere_IsAnArgumentLikeAnother() =>
        Assert.Null(_topology.BindQueue("q", "amq.direct", "", Arguments(("x-match", "foo"))));

    [Fact]
    public void Unbind_LastOfAutoDeleteExchange_DeletesIt()
    {
        _topology.DeclareExchange("x", "direct", autoDelete: true);
        _topology.BindQueue("q", "x", "a");
        _topology.BindQueue("q", "x", "b");

        _topology.UnbindQueue("q", "x", "a");
        Assert.True(_topology.HasExchange("x"));
        _topology.UnbindQueue("q", "x", "b");

        Assert.False(_topology.HasExchange("x"));
        Assert.Null(_topology.VirtualHost.FindQueue("q"u8)!.FirstBinding);
    }

    [Fact]
    public void UnbindExchange_LastOfAutoDeleteExchange_DeletesTheSourceAlone()
    {
        _topology.DeclareExchange("x", "direct", autoDelete: true);
        _topology.DeclareExchange("y", "direct", autoDelete: true);
        _topology.BindExchange("y", "x", "a");

        _topology.UnbindExchange("y", "x", "a");

        Assert.False(_topology.HasExchange("x"));
        Assert.True(_topology.HasExchange("y"));
    }

    [Fact]
    public void DeleteExchange_LastDestinationOfAutoDeleteExchanges_TakesThemAlong()
    {
        _topology.DeclareExchange("x", "direct", autoDelete: true);
        _topology.DeclareExchange("y", "fanout", autoDelete: true);
        _topology.DeclareExchange("z", "topic");
        _topology.BindExchange("x", "y", "a");
        _topology.BindExchange("z", "x", "a");
        _topology.BindExchange("z", "x", "b");

        Assert.Null(_topology.VirtualHost.DeleteExchange("z"u8, ifUnused: false));

        Assert.Equal(7, _topology.VirtualHost.ExchangeCount);
    }

    [Fact]
    public void RoutingVersion_EachChange_AdvancesIt()
    {
        object connection = _topology.Connection;
        int version = _topology.VirtualHost.RoutingVersion;
        foreach (Action change in (Action[])[
            () => _topology.DeclareExchange("x", "direct"),
            () => _topology.DeclareQueue("r", exclusive: true),
            () => _topology.BindQueue("r", "x", "k"),
            () => _topology.UnbindQueue("r", "x", "k"),
            () => _topology.BindExchange("amq.fanout", "x", "k"),
            () => _topology.UnbindExchange("amq.fanout", "x", "k"),
            () => _topology.VirtualHost.DeleteExchange("x"u8, ifUnused: false),
            () => _topology.VirtualHost.DeleteExclusiveQueues(connection),
            () => _topology.DeleteQueue("q"),
        ])
        {
            change();
            Assert.NotEqual(version, _topology.VirtualHost.RoutingVersion);
            version = _topology.VirtualHost.RoutingVersion;
        }
    }

    /// <summary>A table from hex: key length, key, tag, value.</summary>
    internal static Table Wire(string hex)
    {
        var table = new Table(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));
        Assert.Equal(DecodeError.None, TableView.Validate(table.Span));
        return table;
    }

    private static byte[] Canonical(string hex) => BindingArguments.Canonical(Wire(hex).View);
}
