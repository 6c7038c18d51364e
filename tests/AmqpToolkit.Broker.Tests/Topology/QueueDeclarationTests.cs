using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;
using static AmqpToolkit.Broker.Tests.Topology.ExchangeDeclarationTests;
using static AmqpToolkit.Broker.Tests.Topology.TestTopology;

namespace AmqpToolkit.Broker.Tests.Topology;

public class QueueDeclarationTests
{
    private const string Locked = "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q' in vhost '/'. It could be originally declared on "
        + "another connection or the exclusive property value does not match that of the original declaration.";

    private readonly TestTopology _topology = new();
    private readonly object _otherConnection = new();

    [Fact]
    public void DeclareQueue_New_KeepsWhatWasSaid()
    {
        Table arguments = Arguments(("x-max-length", 5), ("anything", "goes"));

        Assert.Null(_topology.VirtualHost.DeclareQueue("q"u8, false, true, true, true, arguments.View, _topology.Connection, out MessageQueue? queue));

        Assert.Equal("q", queue!.NameText);
        Assert.Equal((true, true, true), (queue.Definition.Durable, queue.Definition.Exclusive, queue.Definition.AutoDelete));
        Assert.Same(_topology.Connection, queue.Definition.Owner);
        Assert.Equal(arguments, queue.Definition.Arguments);
        Assert.Same(queue, _topology.VirtualHost.FindQueue("q"u8));
        Assert.Equal(1, _topology.VirtualHost.QueueCount);
    }

    [Fact]
    public void DeclareQueue_Again_GivesTheSame() => Assert.Same(_topology.DeclareQueue("q"), _topology.DeclareQueue("q\r\n"));

    [Fact]
    public void DeclareQueue_WithoutName_GetsOne()
    {
        string first = _topology.DeclareQueue("").NameText;
        string second = _topology.DeclareQueue("").NameText;

        Assert.Matches("^amq\\.gen-[A-Za-z0-9_-]{22}$", first);
        Assert.NotEqual(first, second);
    }

    [Fact]
    public void DeclareQueue_NameOfTheServer_IsRefusedEvenWhenItExists()
    {
        string name = _topology.DeclareQueue("").NameText;

        AssertError(_topology.TryDeclareQueue("amq.x"), ErrorScope.Channel, "ACCESS_REFUSED - queue name 'amq.x' contains reserved prefix 'amq.*'");
        AssertError(_topology.TryDeclareQueue(name), ErrorScope.Channel, $"ACCESS_REFUSED - queue name '{name}' contains reserved prefix 'amq.*'");
        Assert.Null(_topology.TryDeclareQueue(name, passive: true));
    }

    [Theory]
    [InlineData("none", "NOT_FOUND - no queue 'none' in vhost '/'")]
    [InlineData("amq.none", "NOT_FOUND - no queue 'amq.none' in vhost '/'")]
    [InlineData("", "NOT_FOUND - no queue '' in vhost '/'")]
    public void DeclareQueue_PassiveOfMissing_Is404(string name, string text) =>
        AssertError(_topology.TryDeclareQueue(name, passive: true), ErrorScope.Channel, text);

    [Fact]
    public void DeclareQueue_PassiveOfExisting_LooksAtNothingElse()
    {
        _topology.DeclareQueue("q");

        Assert.Null(_topology.TryDeclareQueue("q", passive: true, durable: true, exclusive: true, autoDelete: true, Arguments(("x-expires", -1))));
    }

    [Theory]
    [InlineData(true, true, "durable")]
    [InlineData(false, true, "auto_delete")]
    public void DeclareQueue_OtherProperty_NamesTheFirstThatDiffers(bool durable, bool autoDelete, string argument)
    {
        _topology.DeclareQueue("q");

        AssertError(
            _topology.TryDeclareQueue("q", durable: durable, autoDelete: autoDelete, arguments: Arguments(("x-max-length", 1))),
            ErrorScope.Channel,
            $"PRECONDITION_FAILED - inequivalent arg '{argument}' for queue 'q' in vhost '/': received 'true' but current is 'false'");
    }

    [Fact]
    public void DeclareQueue_ExclusiveAndNot_LocksFirstOfAll()
    {
        _topology.DeclareQueue("q", exclusive: true);

        AssertError(_topology.TryDeclareQueue("q", durable: true), ErrorScope.Channel, Locked);
        AssertError(_topology.TryDeclareQueue("q", exclusive: true, connection: _otherConnection), ErrorScope.Channel, Locked);
        AssertError(_topology.TryDeclareQueue("q", passive: true, connection: _otherConnection), ErrorScope.Channel, Locked);
        Assert.Null(_topology.TryDeclareQueue("q", passive: true));
        Assert.Null(_topology.TryDeclareQueue("q", exclusive: true, durable: true));
    }

    [Fact]
    public void DeclareQueue_SharedAsExclusive_IsLocked()
    {
        _topology.DeclareQueue("q");

        AssertError(_topology.TryDeclareQueue("q", exclusive: true), ErrorScope.Channel, Locked);
    }

    [Theory]
    [InlineData("x-message-ttl", 60000, 60001, "received '60001' but current is '60000'")]
    [InlineData("x-message-ttl", 60000, "60000", "received '60000' but current is '60000'")]
    [InlineData("x-message-ttl", 60000, null, "received none but current is the value '60000' of type 'signedint'")]
    [InlineData("x-message-ttl", null, -1, "received the value '-1' of type 'signedint' but current is none")]
    [InlineData("x-max-length", 5, 5.0, "received '5.0' but current is '5'")]
    [InlineData("x-dead-letter-exchange", null, "abc", "received the value 'abc' of type 'longstr' but current is none")]
    [InlineData("x-single-active-consumer", true, false, "received 'false' but current is 'true'")]
    [InlineData("x-queue-type", null, "quorum", "received 'quorum' but current is 'classic'")]
    [InlineData("x-queue-type", "classic", "quorum", "received 'quorum' but current is 'classic'")]
    public void DeclareQueue_OtherArgument_IsRefused(string argument, object? current, object? received, string values)
    {
        Assert.Null(_topology.TryDeclareQueue("q", arguments: Given(argument, current)));

        AssertError(
            _topology.TryDeclareQueue("q", arguments: Given(argument, received)),
            ErrorScope.Channel,
            $"PRECONDITION_FAILED - inequivalent arg '{argument}' for queue 'q' in vhost '/': {values}");
    }

    [Theory]
    [InlineData("x-max-length", 5, 5L)]
    [InlineData("x-max-length", (short)5, 5u)]
    [InlineData("x-queue-type", "classic", null)]
    [InlineData("x-queue-type", null, "classic")]
    [InlineData("x-foo", 1, 2)]
    [InlineData("bar", null, "a")]
    [InlineData("x-delivery-limit", null, 5)]
    [InlineData("x-max-age", null, "1D")]
    public void DeclareQueue_EquivalentArgument_IsAccepted(string argument, object? current, object? received)
    {
        Assert.Null(_topology.TryDeclareQueue("q", arguments: Given(argument, current)));

        Assert.Null(_topology.TryDeclareQueue("q", arguments: Given(argument, received)));
    }

    [Theory]
    [InlineData("x-message-ttl", "5", "\"expected integer, got longstr\"")]
    [InlineData("x-message-ttl", -1, "{value_negative,-1}")]
    [InlineData("x-message-ttl", 1.5, "\"expected integer, got double\"")]
    [InlineData("x-message-ttl", 315360000001, "{value_too_large,315360000001}")]
    [InlineData("x-expires", 0, "{value_zero,0}")]
    [InlineData("x-expires", -1, "{value_negative,-1}")]
    [InlineData("x-expires", true, "\"expected integer, got bool\"")]
    [InlineData("x-max-length", -1, "{value_negative,-1}")]
    [InlineData("x-max-length-bytes", "a", "\"expected integer, got longstr\"")]
    [InlineData("x-max-priority", 256, "{max_value_exceeded,256}")]
    [InlineData("x-max-priority", -1, "{value_negative,-1}")]
    [InlineData("x-overflow", "foo", "invalid_overflow")]
    [InlineData("x-overflow", 5, "{unacceptable_type,signedint}")]
    [InlineData("x-queue-leader-locator", "foo", "invalid_queue_locator_arg")]
    [InlineData("x-queue-mode", "foo", "\"unsupported queue mode 'foo'\"")]
    [InlineData("x-queue-version", 3, "\"unsupported queue version '3'\"")]
    [InlineData("x-queue-version", "2", "\"expected integer, got longstr\"")]
    [InlineData("x-queue-type", "foo", "\"unsupported queue type 'foo'\"")]
    [InlineData("x-queue-type", 5, "{unacceptable_type,signedint}")]
    [InlineData("x-single-active-consumer", 1, "{unacceptable_type,signedint}")]
    [InlineData("x-dead-letter-routing-key", "a", "routing_key_but_no_dlx_defined")]
    [InlineData("x-dead-letter-routing-key", 5, "{unacceptable_type,signedint}")]
    public void DeclareQueue_BadArgument_IsRefused(string argument, object value, string reason)
    {
        AssertError(
            _topology.TryDeclareQueue("q", arguments: Given(argument, value)),
            ErrorScope.Channel,
            $"PRECONDITION_FAILED - invalid arg '{argument}' for queue 'q' in vhost '/': {reason}");
        Assert.False(_topology.HasQueue("q"));
    }

    [Theory]
    [InlineData("x-message-ttl", 0)]
    [InlineData("x-expires", 315360000000)]
    [InlineData("x-max-length", 0)]
    [InlineData("x-max-priority", 255)]
    [InlineData("x-overflow", "reject-publish-dlx")]
    [InlineData("x-queue-mode", "lazy")]
    [InlineData("x-queue-version", 2)]
    [InlineData("x-single-active-consumer", true)]
    [InlineData("x-dead-letter-exchange", "")]
    public void DeclareQueue_GoodArgument_IsAccepted(string argument, object value) =>
        Assert.Null(_topology.TryDeclareQueue("q", arguments: Given(argument, value)));

    [Fact]
    public void DeclareQueue_DeadLetterExchangeThatIsNoText_IsRefused() =>
        AssertError(
            _topology.TryDeclareQueue("q", arguments: Arguments(("x-max-length", -1), ("x-dead-letter-exchange", 5))),
            ErrorScope.Channel,
            "PRECONDITION_FAILED - invalid type 'signedint' for arg 'x-dead-letter-exchange' in queue 'q' in vhost '/'");

    [Theory]
    [InlineData("classic", "x-max-age", "1D")]
    [InlineData("classic", "x-delivery-limit", 3)]
    [InlineData("classic", "x-max-in-memory-length", "5")]
    [InlineData("quorum", "x-max-priority", 5)]
    [InlineData("quorum", "x-queue-mode", "lazy")]
    [InlineData("stream", "x-message-ttl", 5)]
    public void DeclareQueue_ArgumentOfAnotherType_IsRefused(string type, string argument, object value) =>
        AssertError(
            _topology.TryDeclareQueue("q", durable: true, arguments: Arguments(("x-queue-type", type), (argument, value))),
            ErrorScope.Channel,
            $"PRECONDITION_FAILED - invalid arg '{argument}' for queue 'q' in vhost '/' of queue type rabbit_{type}_queue");

    [Theory]
    [InlineData("quorum", false, false, false, "non-durable")]
    [InlineData("stream", false, false, false, "non-durable")]
    [InlineData("quorum", true, true, false, "exclusive-owner")]
    [InlineData("stream", true, false, true, "auto-delete")]
    public void DeclareQueue_PropertyThatTheTypeLacks_IsRefused(string type, bool durable, bool exclusive, bool autoDelete, string property) =>
        AssertError(
            _topology.TryDeclareQueue("q", false, durable, exclusive, autoDelete, Arguments(("x-queue-type", type))),
            ErrorScope.Channel,
            $"PRECONDITION_FAILED - invalid property '{property}' for queue 'q' in vhost '/'");

    [Fact]
    public void DeclareQueue_QuorumWithoutName_IsRefused() =>
        AssertError(
            _topology.TryDeclareQueue("", durable: true, arguments: Arguments(("x-queue-type", "quorum"))),
            ErrorScope.Channel,
            "PRECONDITION_FAILED - Cannot declare a server-named queue for type rabbit_quorum_queue");

    [Fact]
    public void LookupQueue_MissingOrForeign_SaysWhich()
    {
        MessageQueue queue = _topology.DeclareQueue("q", exclusive: true);

        Assert.Null(_topology.VirtualHost.LookupQueue("q"u8, _topology.Connection, out MessageQueue? found));
        Assert.Same(queue, found);
        AssertError(_topology.VirtualHost.LookupQueue("q"u8, _otherConnection, out found), ErrorScope.Channel, Locked);
        Assert.Null(found);
        AssertError(
            _topology.VirtualHost.LookupQueue("none"u8, _topology.Connection, out _), ErrorScope.Channel, "NOT_FOUND - no queue 'none' in vhost '/'");
    }

    [Fact]
    public void DeleteQueue_Missing_IsDoneWithNoMessages()
    {
        Assert.Null(_topology.VirtualHost.DeleteQueue("none"u8, true, true, _topology.Connection, out uint count, out MessageQueue? deleted));

        Assert.Equal(0u, count);
        Assert.Null(deleted);
    }

    [Fact]
    public void DeleteQueue_Foreign_IsLocked()
    {
        _topology.DeclareQueue("q", exclusive: true);

        AssertError(_topology.DeleteQueue("q", _otherConnection), ErrorScope.Channel, Locked);
        Assert.True(_topology.HasQueue("q"));
    }

    [Fact]
    public void DeleteQueue_Bound_TakesItsBindingsAlong()
    {
        MessageQueue queue = _topology.DeclareQueue("q");
        foreach (string exchange in (string[])["amq.direct", "amq.fanout", "amq.topic", "amq.headers"])
        {
            _topology.BindQueue("q", exchange, "a.*");
            _topology.BindQueue("q", exchange, "b.#");
        }

        Assert.Null(_topology.VirtualHost.DeleteQueue("q"u8, false, false, _topology.Connection, out _, out MessageQueue? deleted));

        Assert.Same(queue, deleted);
        Assert.True(queue.IsDeleted);
        Assert.Null(queue.FirstBinding);
        Assert.All(_topology.VirtualHost.Exchanges, static exchange => Assert.Equal(0, exchange.BindingCount));
        Assert.Equal("", _topology.Route("amq.topic", "b.b") + _topology.Route("amq.fanout") + _topology.Route("", "q"));
    }

    [Fact]
    public void DeleteQueue_LastDestinationOfAutoDeleteExchanges_TakesTheWholeChain()
    {
        const int length = 10_000;
        _topology.DeclareQueue("q");
        for (int number = 0; number < length; number++)
        {
            _topology.DeclareExchange($"x{number}", "fanout", autoDelete: true);
            Assert.Null(number == 0 ? _topology.BindQueue("q", "x0") : _topology.BindExchange($"x{number - 1}", $"x{number}"));
        }

        _topology.DeclareExchange("kept", "fanout");
        _topology.BindExchange($"x{length - 1}", "kept");
        Assert.Equal("q", _topology.Route("kept"));

        Assert.Null(_topology.DeleteQueue("q"));

        Assert.Equal(8, _topology.VirtualHost.ExchangeCount);
        Assert.Equal(0, _topology.Exchange("kept").BindingCount);
    }

    [Fact]
    public void DeleteExclusiveQueues_OfAConnection_TakesThoseAndNoOthers()
    {
        MessageQueue first = _topology.DeclareQueue("q1", exclusive: true);
        MessageQueue second = _topology.DeclareQueue("q2", exclusive: true);
        _topology.DeclareQueue("q3", exclusive: true);
        _topology.DeclareQueue("other", exclusive: true, _otherConnection);
        _topology.DeclareQueue("shared");
        _topology.DeleteQueue("q3");

        IReadOnlyList<MessageQueue> deleted = _topology.VirtualHost.DeleteExclusiveQueues(_topology.Connection);

        Assert.Equal([first, second], deleted.OrderBy(static queue => queue.NameText, StringComparer.Ordinal));
        Assert.All(deleted, static queue => Assert.True(queue.IsDeleted));
        Assert.Equal(["other", "shared"], _topology.VirtualHost.Queues.Select(static queue => queue.NameText).Order(StringComparer.Ordinal));
        Assert.Empty(_topology.VirtualHost.DeleteExclusiveQueues(_topology.Connection));
    }

    [Fact]
    public void DeleteQueueIfUnused_QueueThatWasReplaced_LeavesTheNewOne()
    {
        MessageQueue old = _topology.DeclareQueue("q");
        _topology.DeleteQueue("q");
        MessageQueue current = _topology.DeclareQueue("q");

        Assert.False(_topology.VirtualHost.DeleteQueueIfUnused(old));
        Assert.True(_topology.VirtualHost.DeleteQueueIfUnused(current));
        Assert.False(_topology.HasQueue("q"));
    }

    private static Table Given(string argument, object? value) => value is null ? default : Arguments((argument, value));
}
