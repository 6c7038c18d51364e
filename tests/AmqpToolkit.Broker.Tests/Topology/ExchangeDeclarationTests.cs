using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Tests.Topology;

public class ExchangeDeclarationTests
{
    private readonly TestTopology _topology = new();

    [Theory]
    [InlineData("", ExchangeType.Direct, false)]
    [InlineData("amq.direct", ExchangeType.Direct, false)]
    [InlineData("amq.fanout", ExchangeType.Fanout, false)]
    [InlineData("amq.topic", ExchangeType.Topic, false)]
    [InlineData("amq.headers", ExchangeType.Headers, false)]
    [InlineData("amq.match", ExchangeType.Headers, false)]
    [InlineData("amq.rabbitmq.trace", ExchangeType.Topic, true)]
    public void VirtualHost_New_HasPredeclaredExchange(string name, object type, bool isInternal)
    {
        Exchange exchange = _topology.Exchange(name);

        Assert.Equal((type, true, false, isInternal), ((object)exchange.Type, exchange.Durable, exchange.AutoDelete, exchange.Internal));
        Assert.Equal(7, _topology.VirtualHost.ExchangeCount);
        Assert.Equal(7, _topology.VirtualHost.Exchanges.Count());
    }

    [Theory]
    [InlineData("direct")]
    [InlineData("fanout")]
    [InlineData("topic")]
    [InlineData("headers")]
    public void DeclareExchange_New_IsThereAndMayBeRepeated(string type)
    {
        Assert.Null(_topology.TryDeclareExchange("x", type, durable: true, autoDelete: true, isInternal: true));
        Assert.Null(_topology.TryDeclareExchange("x", type, durable: true, autoDelete: true, isInternal: true));

        Exchange exchange = _topology.Exchange("x");
        Assert.True(exchange.Durable && exchange.AutoDelete && exchange.Internal);
    }

    [Fact]
    public void DeclareExchange_NameWithLineBreaks_DropsThem()
    {
        Assert.Null(_topology.TryDeclareExchange("a\r\nb\n", "direct"));

        Assert.True(_topology.HasExchange("ab"));
    }

    [Theory]
    [InlineData(BrokerProfile.V3_13, "nosuch", ErrorScope.Connection, "COMMAND_INVALID - unknown exchange type 'nosuch'")]
    [InlineData(BrokerProfile.V3_13, "", ErrorScope.Connection, "COMMAND_INVALID - invalid exchange type ''")]
    [InlineData(BrokerProfile.V4_2, "nosuch", ErrorScope.Channel, "PRECONDITION_FAILED - unknown exchange type 'nosuch'")]
    public void DeclareExchange_UnknownType_IsRefusedAsTheProfileSays(BrokerProfile profile, string type, ErrorScope scope, string text)
    {
        ProtocolError? error = new TestTopology(profile).TryDeclareExchange("amq.direct", type);

        AssertError(error, scope, text);
    }

    [Theory]
    [InlineData("", "direct", false, "ACCESS_REFUSED - operation not permitted on the default exchange")]
    [InlineData("\r\n", "direct", false, "ACCESS_REFUSED - operation not permitted on the default exchange")]
    [InlineData("", "nosuch", true, "ACCESS_REFUSED - operation not permitted on the default exchange")]
    [InlineData("amq.new", "direct", false, "ACCESS_REFUSED - exchange name 'amq.new' contains reserved prefix 'amq.*'")]
    [InlineData("amq.new", "direct", true, "NOT_FOUND - no exchange 'amq.new' in vhost '/'")]
    [InlineData("none", "nosuch", true, "NOT_FOUND - no exchange 'none' in vhost '/'")]
    public void DeclareExchange_NameThatIsNotToBeHad_IsRefused(string name, string type, bool passive, string text) =>
        AssertError(_topology.TryDeclareExchange(name, type, passive), ErrorScope.Channel, text);

    [Fact]
    public void DeclareExchange_PassiveOfExisting_LooksAtNothingElse() =>
        Assert.Null(_topology.TryDeclareExchange("amq.direct", "nosuch", passive: true, durable: false, autoDelete: true));

    [Fact]
    public void DeclareExchange_PredeclaredAsItIs_IsAccepted() => Assert.Null(_topology.TryDeclareExchange("amq.topic", "topic", durable: true));

    [Theory]
    [InlineData("fanout", true, true, true, "type", "'fanout' but current is 'direct'")]
    [InlineData("direct", true, true, true, "durable", "'true' but current is 'false'")]
    [InlineData("direct", false, true, true, "auto_delete", "'true' but current is 'false'")]
    [InlineData("direct", false, false, true, "internal", "'true' but current is 'false'")]
    public void DeclareExchange_OtherProperty_NamesTheFirstThatDiffers(string type, bool durable, bool autoDelete, bool isInternal, string argument, string values)
    {
        _topology.DeclareExchange("x", "direct");

        AssertError(
            _topology.TryDeclareExchange("x", type, durable: durable, autoDelete: autoDelete, isInternal: isInternal),
            ErrorScope.Channel,
            $"PRECONDITION_FAILED - inequivalent arg '{argument}' for exchange 'x' in vhost '/': received {values}");
    }

    [Theory]
    [InlineData(null, "q", "received the value 'q' of type 'longstr' but current is none")]
    [InlineData("q", null, "received none but current is the value 'q' of type 'longstr'")]
    [InlineData("q", "r", "received 'r' but current is 'q'")]
    public void DeclareExchange_OtherAlternate_IsRefused(string? current, string? received, string values)
    {
        _topology.DeclareExchange("x", "direct", arguments: Alternate(current));

        AssertError(
            _topology.TryDeclareExchange("x", "direct", arguments: Alternate(received)),
            ErrorScope.Channel,
            $"PRECONDITION_FAILED - inequivalent arg 'alternate-exchange' for exchange 'x' in vhost '/': {values}");
    }

    [Fact]
    public void DeclareExchange_OtherArguments_AreNotCompared()
    {
        _topology.DeclareExchange("x", "direct", arguments: TestTopology.Arguments(("x-foo", 1)));

        Assert.Null(_topology.TryDeclareExchange("x", "direct", arguments: TestTopology.Arguments(("x-foo", 2), ("bar", "a"))));
    }

    [Fact]
    public void DeclareExchange_AlternateThatIsNoText_IsRefused() =>
        AssertError(
            _topology.TryDeclareExchange("x", "direct", arguments: TestTopology.Arguments(("alternate-exchange", 5))),
            ErrorScope.Channel,
            "PRECONDITION_FAILED - invalid type 'signedint' for arg 'alternate-exchange' in exchange 'x' in vhost '/'");

    [Theory]
    [InlineData("", "ACCESS_REFUSED - operation not permitted on the default exchange")]
    [InlineData("amq.direct", "ACCESS_REFUSED - deletion of system exchange 'amq.direct' in vhost '/' not allowed")]
    [InlineData("amq.none", "ACCESS_REFUSED - deletion of system exchange 'amq.none' in vhost '/' not allowed")]
    public void DeleteExchange_OfTheServer_IsRefused(string name, string text) =>
        AssertError(_topology.VirtualHost.DeleteExchange(TestTopology.Octets(name), ifUnused: false), ErrorScope.Channel, text);

    [Fact]
    public void DeleteExchange_Missing_IsDone() => Assert.Null(_topology.VirtualHost.DeleteExchange("none"u8, ifUnused: true));

    [Fact]
    public void DeleteExchange_IfUnused_CountsBindingsFromItAlone()
    {
        _topology.DeclareExchange("x", "direct");
        _topology.DeclareExchange("y", "direct");
        _topology.BindExchange("y", "x");

        AssertError(
            _topology.VirtualHost.DeleteExchange("x"u8, ifUnused: true), ErrorScope.Channel, "PRECONDITION_FAILED - exchange 'x' in vhost '/' in use");
        Assert.Null(_topology.VirtualHost.DeleteExchange("y"u8, ifUnused: true));
        Assert.Equal(0, _topology.Exchange("x").BindingCount);
        Assert.Null(_topology.VirtualHost.DeleteExchange("x"u8, ifUnused: true));
        Assert.False(_topology.HasExchange("x"));
    }

    [Fact]
    public void DeleteExchange_WithBindingsBothWays_LeavesNone()
    {
        _topology.DeclareExchange("x", "topic");
        Broker.Queues.MessageQueue queue = _topology.DeclareQueue("q");
        _topology.BindQueue("q", "x", "a.#");
        _topology.BindQueue("q", "amq.direct", "k");
        _topology.BindExchange("x", "amq.fanout");
        Exchange exchange = _topology.Exchange("x");

        Assert.Null(_topology.VirtualHost.DeleteExchange("x"u8, ifUnused: false));

        Assert.True(exchange.IsDeleted);
        Assert.Equal(0, _topology.Exchange("amq.fanout").BindingCount);
        Assert.Equal("amq.direct", queue.FirstBinding!.Source.NameText);
        Assert.Null(queue.FirstBinding.NextOfDestination);
        Assert.Equal("", _topology.Route("amq.fanout"));
    }

    internal static void AssertError(ProtocolError? error, ErrorScope scope, string text)
    {
        Assert.NotNull(error);
        Assert.Equal((scope, text), (error.Scope, error.ReplyText));
    }

    private static Table Alternate(string? name) => name is null ? default : TestTopology.Arguments(("alternate-exchange", name));
}
