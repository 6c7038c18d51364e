using AmqpToolkit.Broker;
using AmqpToolkit.Client.Tests.Scripted;
using AmqpToolkit.Client.V1_0;
using AmqpToolkit.Codec.V1_0;
using V0_9_1 = AmqpToolkit.Client.V0_9_1;

namespace AmqpToolkit.Client.Tests;

/// <summary>The client of 1.0 with a broker of ours.</summary>
public sealed class PeerTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = ScriptedServer.Patience;

    private AmqpBroker _broker = null!;
    private AmqpConnectionOptions _options = null!;

    public async Task InitializeAsync()
    {
        _broker = await BrokerFixture.StartAsync().WaitAsync(Patience);
        _options = new AmqpConnectionOptions { Host = "127.0.0.1", Port = _broker.Endpoints[0].Port, ConnectTimeout = Patience, CallTimeout = Patience, CloseTimeout = Patience };
        var older = new V0_9_1.AmqpConnectionOptions { Host = "127.0.0.1", Port = _broker.Endpoints[0].Port, ConnectTimeout = Patience, CallTimeout = Patience };
        await using var connection = await V0_9_1.AmqpConnection.ConnectAsync(older).WaitAsync(Patience);
        await using var channel = await connection.OpenChannelAsync();
        await channel.QueueDeclareAsync("q");
    }

    public async Task DisposeAsync() => await _broker.DisposeAsync().AsTask().WaitAsync(Patience);

    [Theory]
    [InlineData("guest")]
    [InlineData(null)]
    public async Task SendAndReceive_GivesTheMessageWithAllItsSections(string? user)
    {
        await using var connection = await AmqpConnection.ConnectAsync(_options with { UserName = user }).WaitAsync(Patience);
        var session = await connection.OpenSessionAsync().WaitAsync(Patience);
        var sender = await session.OpenSenderAsync("q").WaitAsync(Patience);
        var receiver = await session.OpenReceiverAsync("q").WaitAsync(Patience);
        var sent = AmqpMessage.Of("hello") with
        {
            Header = new Header { Durable = true, Priority = 7 },
            MessageAnnotations = new EncodedValueBuilder().BeginMap().AddSymbol("x-note").AddString("noted").End().ToValue(),
            Properties = new Properties { MessageId = EncodedValue.ULong(5), Subject = "s" },
            ApplicationProperties = new EncodedValueBuilder().BeginMap().AddString("n").AddInt(1).End().ToValue(),
        };
        var outcome = await sender.SendAsync(sent).AsTask().WaitAsync(Patience);
        Assert.True(outcome.IsAccepted);

        var delivery = await receiver.ReceiveAsync().AsTask().WaitAsync(Patience);
        var came = delivery.Message;
        Assert.Equal(("hello", true, (byte)7), (came.Text, came.Header.Durable, came.Header.Priority));
        Assert.Equal((sent.MessageAnnotations, sent.Properties.MessageId, sent.ApplicationProperties), (came.MessageAnnotations, came.Properties.MessageId, came.ApplicationProperties));
        Assert.Equal("s", came.Properties.Subject.ToString());
        delivery.Accept();
        await connection.CloseAsync().WaitAsync(Patience);
        var reason = await connection.Closed.WaitAsync(Patience);
        Assert.Equal((CloseInitiator.Local, true), (reason.Initiator, reason.IsOrderly));
    }

    [Fact]
    public async Task Send_OfMoreThanTheCredit_GoesOnAsCreditComes_InOrder()
    {
        const int Count = 5000;
        await using var connection = await AmqpConnection.ConnectAsync(_options).WaitAsync(Patience);
        var session = await connection.OpenSessionAsync().WaitAsync(Patience);
        var sender = await session.OpenSenderAsync("q").WaitAsync(Patience);
        var sending = new Task<DeliveryOutcome>[Count];
        for (int number = 0; number < Count; number++)
        {
            sending[number] = sender.SendAsync(AmqpMessage.Of($"{number}")).AsTask();
        }

        var receiver = await session.OpenReceiverAsync("q", new ReceiverOptions { Credit = 50 }).WaitAsync(Patience);
        int next = 0;
        using var patience = new CancellationTokenSource(Patience);
        await foreach (var delivery in receiver.WithCancellation(patience.Token))
        {
            Assert.Equal($"{next++}", delivery.Message.Text);
            delivery.Accept();
            if (next == Count)
            {
                break;
            }
        }

        Assert.All(await Task.WhenAll(sending).WaitAsync(Patience), outcome => Assert.True(outcome.IsAccepted));
    }

    [Fact]
    public async Task LargeMessages_GoThroughSmallFramesAndWindows()
    {
        byte[] body = new byte[3_000_000];
        Random.Shared.NextBytes(body);
        await using var connection = await AmqpConnection.ConnectAsync(_options with { MaxFrameSize = 512, IncomingWindow = 16 }).WaitAsync(Patience);
        var session = await connection.OpenSessionAsync().WaitAsync(Patience);
        var sender = await session.OpenSenderAsync("q").WaitAsync(Patience);
        var receiver = await session.OpenReceiverAsync("q").WaitAsync(Patience);
        for (int round = 0; round < 3; round++)
        {
            Assert.True((await sender.SendAsync(AmqpMessage.Of(body)).AsTask().WaitAsync(Patience)).IsAccepted);
            var delivery = await receiver.ReceiveAsync().AsTask().WaitAsync(Patience);
            Assert.True(body.AsSpan().SequenceEqual(delivery.Message.Data.Span));
            delivery.Accept();
        }
    }

    [Fact]
    public async Task Outcomes_AreWhatTheQueueHears()
    {
        await using var connection = await AmqpConnection.ConnectAsync(_options).WaitAsync(Patience);
        var session = await connection.OpenSessionAsync().WaitAsync(Patience);
        var sender = await session.OpenSenderAsync("q").WaitAsync(Patience);
        var receiver = await session.OpenReceiverAsync("q").WaitAsync(Patience);
        await sender.SendAsync(AmqpMessage.Of("x")).AsTask().WaitAsync(Patience);
        var delivery = await receiver.ReceiveAsync().AsTask().WaitAsync(Patience);
        Assert.Equal((true, 0u), (delivery.Message.Header.FirstAcquirer, delivery.Message.Header.DeliveryCount));
        delivery.Modify(deliveryFailed: true);
        Assert.Throws<InvalidOperationException>(delivery.Accept);
        delivery = await receiver.ReceiveAsync().AsTask().WaitAsync(Patience);
        Assert.Equal((false, 1u), (delivery.Message.Header.FirstAcquirer, delivery.Message.Header.DeliveryCount));
        delivery.Release();
        delivery = await receiver.ReceiveAsync().AsTask().WaitAsync(Patience);
        Assert.Equal(1u, delivery.Message.Header.DeliveryCount);
        delivery.Reject("app:bad", "no good");
        await sender.SendAsync(AmqpMessage.Of("y")).AsTask().WaitAsync(Patience);
        Assert.Equal("y", (await receiver.ReceiveAsync().AsTask().WaitAsync(Patience)).Message.Text);

        var unroutable = await session.OpenSenderAsync("/exchanges/amq.direct/nobody").WaitAsync(Patience);
        Assert.Equal(OutcomeKind.Released, (await unroutable.SendAsync(AmqpMessage.Of("z")).AsTask().WaitAsync(Patience)).Kind);
    }

    [Fact]
    public async Task SelectorAndBrowser_PickAndCopy()
    {
        await using var connection = await AmqpConnection.ConnectAsync(_options).WaitAsync(Patience);
        var session = await connection.OpenSessionAsync().WaitAsync(Patience);
        var sender = await session.OpenSenderAsync("q", new SenderOptions { IsSettled = true }).WaitAsync(Patience);
        foreach (string colour in (string[])["red", "blue"])
        {
            Assert.Equal(OutcomeKind.Sent, (await sender.SendAsync(AmqpMessage.Of(colour) with { Properties = new Properties { Subject = colour } }).AsTask().WaitAsync(Patience)).Kind);
        }

        var browser = await session.OpenReceiverAsync("q", new ReceiverOptions { IsBrowsing = true }).WaitAsync(Patience);
        Assert.Equal("red", (await browser.ReceiveAsync().AsTask().WaitAsync(Patience)).Message.Text);
        Assert.Equal("blue", (await browser.ReceiveAsync().AsTask().WaitAsync(Patience)).Message.Text);
        var picky = await session.OpenReceiverAsync("q", new ReceiverOptions { Selector = "properties.subject = 'blue'" }).WaitAsync(Patience);
        Assert.Equal("blue", (await picky.ReceiveAsync().AsTask().WaitAsync(Patience)).Message.Text);
    }

    [Fact]
    public async Task DurableSubscription_OutlivesItsReceiver_UntilItIsClosed()
    {
        const string Address = "/exchanges/amq.direct/k";
        var durable = new ReceiverOptions { IsDurable = true, Name = "sub" };
        await using var connection = await AmqpConnection.ConnectAsync(_options with { ContainerId = "subscriber" }).WaitAsync(Patience);
        var session = await connection.OpenSessionAsync().WaitAsync(Patience);
        var sender = await session.OpenSenderAsync(Address).WaitAsync(Patience);
        var receiver = await session.OpenReceiverAsync(Address, durable).WaitAsync(Patience);
        await receiver.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.True((await sender.SendAsync(AmqpMessage.Of("kept")).AsTask().WaitAsync(Patience)).IsAccepted);

        receiver = await session.OpenReceiverAsync(Address, durable).WaitAsync(Patience);
        var delivery = await receiver.ReceiveAsync().AsTask().WaitAsync(Patience);
        Assert.Equal("kept", delivery.Message.Text);
        delivery.Accept();
        await receiver.CloseAsync().WaitAsync(Patience);
        Assert.Equal(OutcomeKind.Released, (await sender.SendAsync(AmqpMessage.Of("nobody's")).AsTask().WaitAsync(Patience)).Kind);
    }

    [Fact]
    public async Task Requests_AreAnsweredOverADynamicNode()
    {
        await using var connection = await AmqpConnection.ConnectAsync(_options).WaitAsync(Patience);
        var session = await connection.OpenSessionAsync().WaitAsync(Patience);
        var requests = await session.OpenReceiverAsync("q").WaitAsync(Patience);
        var answers = await session.OpenSenderAsync(null).WaitAsync(Patience);
        var serving = Task.Run(async () =>
        {
            await foreach (var request in requests)
            {
                var properties = request.Message.Properties;
                request.Accept();
                await answers.SendAsync(AmqpMessage.Of($"{request.Message.Text}!") with { Properties = new Properties { To = properties.ReplyTo, CorrelationId = properties.MessageId } });
            }
        });
        await using (var requester = await session.OpenRequesterAsync("q").WaitAsync(Patience))
        {
            var asked = await Task.WhenAll(Enumerable.Range(0, 20).Select(number => requester.RequestAsync(AmqpMessage.Of($"{number}")))).WaitAsync(Patience);
            Assert.Equal(Enumerable.Range(0, 20).Select(number => $"{number}!"), asked.Select(answer => answer.Text));
        }

        await requests.CloseAsync().WaitAsync(Patience);
        await serving.WaitAsync(Patience);
    }

    [Fact]
    public async Task WhatThePeerRefuses_IsAnExceptionThatSaysWhy()
    {
        await using var connection = await AmqpConnection.ConnectAsync(_options).WaitAsync(Patience);
        var session = await connection.OpenSessionAsync().WaitAsync(Patience);
        Assert.Equal("amqp:not-found", (await Assert.ThrowsAsync<AmqpException>(() => session.OpenSenderAsync("missing")).WaitAsync(Patience)).Condition);
        Assert.Equal("amqp:not-found", (await Assert.ThrowsAsync<AmqpException>(() => session.OpenReceiverAsync("missing")).WaitAsync(Patience)).Condition);
        Assert.Equal(
            "amqp:invalid-field",
            (await Assert.ThrowsAsync<AmqpException>(() => session.OpenReceiverAsync("q", new ReceiverOptions { Selector = "= =" })).WaitAsync(Patience)).Condition);
        await Assert.ThrowsAsync<AmqpException>(() => AmqpConnection.ConnectAsync(_options with { Password = "wrong" })).WaitAsync(Patience);
        await Assert.ThrowsAsync<AmqpException>(() => AmqpConnection.ConnectAsync(_options with { Hostname = "vhost:missing" })).WaitAsync(Patience);
        Assert.True((await (await session.OpenSenderAsync("q").WaitAsync(Patience)).SendAsync(AmqpMessage.Of("still here")).AsTask().WaitAsync(Patience)).IsAccepted);
    }

    [Fact]
    public async Task BrokerThatGoes_EndsWhateverWaits()
    {
        var connection = await AmqpConnection.ConnectAsync(_options).WaitAsync(Patience);
        var session = await connection.OpenSessionAsync().WaitAsync(Patience);
        var receiver = await session.OpenReceiverAsync("q").WaitAsync(Patience);
        var receiving = receiver.ReceiveAsync().AsTask();
        await _broker.DisposeAsync().AsTask().WaitAsync(Patience);
        await Assert.ThrowsAsync<AmqpException>(() => receiving).WaitAsync(Patience);
        await connection.Closed.WaitAsync(Patience);
        await Assert.ThrowsAsync<AmqpException>(() => session.OpenSenderAsync("q")).WaitAsync(Patience);
        await connection.DisposeAsync().AsTask().WaitAsync(Patience);
    }

    [Fact]
    public async Task DetachedLink_CanBeLeft_WithWhatWaits()
    {
        await using var connection = await AmqpConnection.ConnectAsync(_options).WaitAsync(Patience);
        var session = await connection.OpenSessionAsync().WaitAsync(Patience);
        var sender = await session.OpenSenderAsync("q").WaitAsync(Patience);
        var receiver = await session.OpenReceiverAsync("q", new ReceiverOptions { Credit = 2 }).WaitAsync(Patience);
        for (int number = 0; number < 3; number++)
        {
            await sender.SendAsync(AmqpMessage.Of($"{number}")).AsTask().WaitAsync(Patience);
        }

        var first = await receiver.ReceiveAsync().AsTask().WaitAsync(Patience);
        await receiver.CloseAsync().WaitAsync(Patience);
        Assert.Throws<AmqpException>(first.Accept);
        await using var again = await session.OpenReceiverAsync("q").WaitAsync(Patience);
        for (int number = 0; number < 3; number++)
        {
            Assert.Equal($"{number}", (await again.ReceiveAsync().AsTask().WaitAsync(Patience)).Message.Text);
        }
    }
}
