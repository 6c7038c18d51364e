using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using AmqpToolkit.Client.V0_9_1;

namespace AmqpToolkit.Packages.Tests;

/// <summary>The broker as a .NET tool.</summary>
[Collection(InstalledTool.Collection)]
public sealed partial class ToolTests(InstalledTool tool)
{
    /// <summary>Only a broken broker reaches it.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Broker_InstalledAsATool_ServesAndStops()
    {
        using Process process = tool.Folder.Start(tool.Program, "--port 0 --listen 127.0.0.1 --memory", ownPackages: false);
        try
        {
            // What it logs goes beside, or it waits for a reader.
            Task<string> log = process.StandardError.ReadToEndAsync();
            string line = await process.StandardOutput.ReadLineAsync().WaitAsync(s_patience) ?? "";
            Assert.True(Listening().Match(line) is { Success: true }, line.Length > 0 ? line : await log.WaitAsync(s_patience));

            await GreetAsync($"amqp://guest:guest@{Listening().Match(line).Groups["endpoint"].Value}/").WaitAsync(s_patience);

            if (!OperatingSystem.IsWindows())
            {
                using Process kill = Process.Start("kill", $"-TERM {process.Id}");
                await process.WaitForExitAsync().WaitAsync(s_patience);
                Assert.Equal(0, process.ExitCode);
            }
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync().WaitAsync(s_patience);
        }
    }

    [Fact]
    public async Task Broker_InstalledAsATool_TellsItsVersion()
    {
        (int exitCode, string output) = await tool.Folder.RunAsync(tool.Program, "--version", ownPackages: false);

        Assert.Equal((0, Path.GetFileNameWithoutExtension(Feed.File("amqp-broker"))["amqp-broker.".Length..]), (exitCode, output.TrimEnd()));
    }

    private static async Task GreetAsync(string url)
    {
        await using AmqpConnection connection = await AmqpConnection.ConnectAsync(url);
        await using AmqpChannel channel = await connection.OpenChannelAsync();
        await channel.QueueDeclareAsync("greetings");
        Assert.Equal(PublishStatus.Confirmed, (await channel.PublishAsync("", "greetings", "hello"u8.ToArray())).Status);
        await foreach (Delivery delivery in await channel.ConsumeAsync("greetings"))
        {
            Assert.Equal("hello", Encoding.UTF8.GetString(delivery.Body.Span));
            delivery.Ack();
            break;
        }
    }

    [GeneratedRegex(@"^amqp-broker listens on (?<endpoint>127\.0\.0\.1:\d+), in memory")]
    private static partial Regex Listening();
}
