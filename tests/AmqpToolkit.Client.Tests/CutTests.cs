using AmqpToolkit.Client.Tests.Scripted;
using AmqpToolkit.Client.V0_9_1;

namespace AmqpToolkit.Client.Tests;

/// <summary>The stream may be cut behind any octet: everything that waits ends, and ends with a reason.</summary>
public sealed class CutTests
{
    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Stream_CutBehindEveryOctet_EndsEveryAwaitable()
    {
        long whole = await RunAsync(long.MaxValue);
        for (long octets = 0; octets < whole; octets++)
        {
            await RunAsync(octets);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Stream_CutAfterEveryMethodReceived_EndsEveryAwaitable()
    {
        for (int count = 0; count < 25; count++)
        {
            using var server = ScriptedServer.Create(out var transport);
            var serving = RespondingServer.RunAsync(server, count);
            await ConverseAsync(transport, count).WaitAsync(ScriptedServer.Patience);
            await serving.WaitAsync(ScriptedServer.Patience);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Calls_CancelledAtAnyTime_LeaveEverythingInOrder()
    {
        const int Seed = 1234;
        var random = new Random(Seed);
        using var server = ScriptedServer.Create(out var transport);
        var serving = RespondingServer.RunAsync(server);
        var connection = await AmqpConnection.ConnectAsync(transport, ScriptedServer.Patient).WaitAsync(ScriptedServer.Patience);
        var channel = await connection.OpenChannelAsync();
        for (int round = 0; round < 1000; round++)
        {
            using var cancellation = new CancellationTokenSource();
            var call = random.Next(3) switch
            {
                0 => channel.QueueDeclareAsync("q", cancellationToken: cancellation.Token).AsTask(),
                1 => channel.PublishAsync("", "q", "m"u8.ToArray(), cancellation.Token).AsTask(),
                _ => (Task)channel.QueueBindAsync("q", "e", "k", cancellation.Token).AsTask(),
            };
            if (random.Next(2) == 0)
            {
                await Task.Yield();
            }

            await cancellation.CancelAsync();
            try
            {
                await call.WaitAsync(ScriptedServer.Patience);
            }
            catch (OperationCanceledException)
            {
                // Whichever was first.
            }
        }

        Assert.Equal("q", (await channel.QueueDeclareAsync("q").AsTask().WaitAsync(ScriptedServer.Patience)).Queue.ToString());
        Assert.True((await channel.PublishAsync("", "q", default).AsTask().WaitAsync(ScriptedServer.Patience)).IsConfirmed);
        Assert.Equal(0, channel.UnconfirmedCount);
        await connection.CloseAsync().WaitAsync(ScriptedServer.Patience);
        await serving.WaitAsync(ScriptedServer.Patience);
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Continuation_ThatNeverReturns_HoldsUpNobodyElse()
    {
        using var server = ScriptedServer.Create(out var transport);
        var answering = Task.CompletedTask;
        var serving = RespondingServer.RunAsync(server, ready: () => Volatile.Read(ref answering));
        var connection = await AmqpConnection.ConnectAsync(transport, ScriptedServer.Patient).WaitAsync(ScriptedServer.Patience);
        var channel = await connection.OpenChannelAsync();
        using var release = new ManualResetEventSlim();

        // No answer comes before all of them wait: one that was faster would block this method instead of a continuation.
        var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref answering, waiting.Task);
        Task[] stuck = [BlockAsync(channel.PublishAsync("", "q", default).AsTask()), BlockAsync(channel.QueueDeclareAsync("q").AsTask()), BlockInLoopAsync()];
        waiting.SetResult();

        for (int round = 0; round < 10; round++)
        {
            Assert.True((await channel.PublishAsync("", "q", default).AsTask().WaitAsync(ScriptedServer.Patience)).IsConfirmed);
            await channel.QueueDeclareAsync("q").AsTask().WaitAsync(ScriptedServer.Patience);
        }

        release.Set();
        await Task.WhenAll(stuck).WaitAsync(ScriptedServer.Patience);
        await connection.CloseAsync().WaitAsync(ScriptedServer.Patience);
        await serving.WaitAsync(ScriptedServer.Patience);

        async Task BlockAsync(Task call)
        {
            await call.ConfigureAwait(false);
            Assert.True(release.Wait(ScriptedServer.Patience));
        }

        async Task BlockInLoopAsync()
        {
            await foreach (var delivery in (await channel.ConsumeAsync("q").ConfigureAwait(false)).ConfigureAwait(false))
            {
                Assert.True(release.Wait(ScriptedServer.Patience));
                delivery.Ack();
                break;
            }
        }
    }

    /// <returns>Octets that the server sent.</returns>
    private static async Task<long> RunAsync(long octets)
    {
        using var server = ScriptedServer.Create(out var transport);
        server.RemainingOctets = octets;
        if (octets == 0)
        {
            server.EndStream();
        }

        var serving = octets == 0 ? Task.CompletedTask : RespondingServer.RunAsync(server);
        try
        {
            await ConverseAsync(transport, octets).WaitAsync(ScriptedServer.Patience);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"Something still waits after a cut behind octet {octets}.");
        }

        server.Abort();
        await serving.WaitAsync(ScriptedServer.Patience);
        return server.SentOctets;
    }

    private static async Task ConverseAsync(Transport.TransportConnection transport, long octets)
    {
        AmqpConnection connection;
        try
        {
            connection = await AmqpConnection.ConnectAsync(transport, ScriptedServer.Patient);
        }
        catch (ConnectFailedException)
        {
            return;
        }

        try
        {
            var channel = await connection.OpenChannelAsync();
            var other = await connection.OpenChannelAsync();
            Task[] all =
            [
                channel.QueueDeclareAsync("q").AsTask(),
                PublishAsync(channel),
                PublishAsync(channel),
                PostAsync(other),
                ConsumeAsync(channel),
                GetAsync(other),
            ];
            foreach (var task in all)
            {
                try
                {
                    await task;
                }
                catch (AmqpException)
                {
                    // It ended with a reason: that is what counts.
                }
            }

            await channel.CloseAsync();
            await connection.CloseAsync();
        }
        catch (AmqpException exception)
        {
            Assert.Equal(CloseInitiator.Transport, exception.Reason.Initiator);
        }

        var reason = await connection.Closed;
        Assert.True(reason.IsOrderly || octets != long.MaxValue, reason.ToString());
    }

    private static async Task PublishAsync(AmqpChannel channel)
    {
        var outcome = await channel.PublishAsync("", "q", "message"u8.ToArray());
        Assert.True(outcome.Status is PublishStatus.Confirmed or PublishStatus.InDoubt);
    }

    private static async Task PostAsync(AmqpChannel channel)
    {
        await channel.ConfirmSelectAsync();
        await channel.PostAsync("", "q", "message"u8.ToArray());
        await channel.PostAsync("", "q", "message"u8.ToArray());
        var summary = await channel.ConfirmAllAsync();
        Assert.Equal(2, summary.Confirmed + summary.InDoubt);
    }

    private static async Task ConsumeAsync(AmqpChannel channel)
    {
        int count = 0;
        await foreach (var delivery in await channel.ConsumeAsync("q"))
        {
            delivery.Ack();
            if (++count == 3)
            {
                break;
            }
        }
    }

    private static async Task GetAsync(AmqpChannel channel)
    {
        using var delivery = await channel.GetAsync("q", noAck: true);
        Assert.Equal("fetched"u8.ToArray(), delivery!.Body.ToArray());
    }
}
