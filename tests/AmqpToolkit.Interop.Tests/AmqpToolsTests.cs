using System.Diagnostics;

namespace AmqpToolkit.Interop.Tests;

/// <summary>Debian's amqp-tools: five programs on rabbitmq-c. They have neither confirms nor transactions nor returns.</summary>
[Collection(BrokerCollection.Name)]
public sealed class AmqpToolsTests(BrokerFixture broker)
{
    private readonly string _queue = $"tools-{Guid.NewGuid():N}";

    [ToolFact("amqp-publish")]
    public async Task AmqpGet_OfAPublishedMessage_PrintsIt()
    {
        Assert.Equal(_queue, (await ToolAsync("amqp-declare-queue", "-q", _queue)).Trim());
        await ToolAsync("amqp-publish", "-r", _queue, "-p", "-C", "text/plain", "-b", "hello");

        Assert.Equal("hello", await ToolAsync("amqp-get", "-q", _queue));
        var (exitCode, output, _) = await ForeignProgram.TryRunAsync("amqp-get", ["-u", broker.Url, "-q", _queue]);
        Assert.Equal((2, ""), (exitCode, output)); // 2 tells that the queue is empty
        Assert.Equal("0", (await ToolAsync("amqp-delete-queue", "-q", _queue)).Trim());
    }

    [ToolFact("amqp-publish")]
    public async Task AmqpDeclareQueue_WithoutAName_PrintsTheServers()
    {
        var name = (await ToolAsync("amqp-declare-queue", "-q", "")).Trim();

        Assert.StartsWith("amq.gen-", name, StringComparison.Ordinal);
        await ToolAsync("amqp-delete-queue", "-q", name);
    }

    [ToolFact("amqp-consume")]
    public async Task AmqpConsume_WithPrefetch_HandsEachMessageToItsCommand()
    {
        await ToolAsync("amqp-declare-queue", "-q", _queue);
        await ForeignProgram.RunAsync("amqp-publish", ["-u", broker.Url, "-r", _queue, "-l"], "a\nb\nc\nd\n");

        var output = await ToolAsync("amqp-consume", "-q", _queue, "-p", "1", "-c", "3", "cat");

        Assert.Equal("a\nb\nc\n", output);
        Assert.Equal("1", (await ToolAsync("amqp-delete-queue", "-q", _queue)).Trim());
    }

    [ToolFact("amqp-consume")]
    public async Task AmqpConsume_WhoseCommandFails_PutsTheMessageBack()
    {
        await ToolAsync("amqp-declare-queue", "-q", _queue);
        await ToolAsync("amqp-publish", "-r", _queue, "-b", "again");

        await ToolAsync("amqp-consume", "-q", _queue, "-c", "1", "--", "sh", "-c", "cat >/dev/null; exit 1");

        Assert.Equal("again", await ToolAsync("amqp-get", "-q", _queue));
        await ToolAsync("amqp-delete-queue", "-q", _queue);
    }

    [ToolFact("amqp-consume")]
    public async Task AmqpConsume_OfATopic_GetsWhatItsPatternMatches()
    {
        using var consumer = Process.Start(new ProcessStartInfo("amqp-consume", ["-u", broker.Url, "-e", "amq.topic", "-r", $"{_queue}.*", "-x", "-c", "2", "cat"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            // It tells its queue once it is declared; binding and consuming follow, so the first message is sent until it is there.
            var queue = (await consumer.StandardError.ReadLineAsync())!;
            Assert.Contains("amq.gen-", queue, StringComparison.Ordinal);
            var first = consumer.StandardOutput.ReadLineAsync();
            for (var i = 0; i < 100 && !first.IsCompleted; i++)
            {
                await ToolAsync("amqp-publish", "-e", "amq.topic", "-r", $"{_queue}.one", "-b", "line\n");
                await ToolAsync("amqp-publish", "-e", "amq.topic", "-r", $"{_queue}.two.deep", "-b", "not for it\n");
            }

            Assert.Equal("line", await first);
            await ToolAsync("amqp-publish", "-e", "amq.topic", "-r", $"{_queue}.two", "-b", "line\n");
            Assert.Equal("line", await consumer.StandardOutput.ReadLineAsync());
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            await consumer.WaitForExitAsync(limit.Token);
            Assert.Equal(0, consumer.ExitCode);
        }
        finally
        {
            if (!consumer.HasExited)
            {
                consumer.Kill();
            }
        }
    }

    [ToolFact("amqp-publish")]
    public async Task AmqpPublish_OfEightMiB_GoesThrough()
    {
        var body = string.Concat(Enumerable.Repeat("0123456789abcdef", 8 * 1024 * 64));
        await ToolAsync("amqp-declare-queue", "-q", _queue);
        await ForeignProgram.RunAsync("amqp-publish", ["-u", broker.Url, "-r", _queue], body);

        var found = await ToolAsync("amqp-get", "-q", _queue);

        Assert.True(found == body, $"{found.Length} characters came of {body.Length}");
        await ToolAsync("amqp-delete-queue", "-q", _queue);
    }

    [ToolFact("amqp-delete-queue")]
    public async Task AmqpDeleteQueue_IfEmptyOfAFullQueue_SaysWhyNot()
    {
        await ToolAsync("amqp-declare-queue", "-q", _queue);
        await ToolAsync("amqp-publish", "-r", _queue, "-b", "full");

        var (exitCode, _, error) = await ForeignProgram.TryRunAsync("amqp-delete-queue", ["-u", broker.Url, "-q", _queue, "-e"]);

        Assert.NotEqual(0, exitCode);
        Assert.Contains($"PRECONDITION_FAILED - queue '{_queue}' in vhost '/' not empty", error, StringComparison.Ordinal);
        await ToolAsync("amqp-delete-queue", "-q", _queue);
    }

    [ToolFact("amqp-get")]
    public async Task AmqpGet_WithAWrongPassword_IsRefused()
    {
        var (exitCode, _, error) = await ForeignProgram.TryRunAsync("amqp-get", ["-u", broker.Url.Replace(":guest@", ":wrong@", StringComparison.Ordinal), "-q", _queue]);

        Assert.NotEqual(0, exitCode);
        Assert.Contains("ACCESS_REFUSED", error, StringComparison.Ordinal);
    }

    private Task<string> ToolAsync(string tool, params string[] arguments) => ForeignProgram.RunAsync(tool, ["-u", broker.Url, .. arguments]);
}
