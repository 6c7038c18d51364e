using System.Diagnostics;
using System.Text.RegularExpressions;

namespace AmqpToolkit.Broker.Host.Tests;

/// <summary>The programs of README.md, run as they stand there but for the port.</summary>
public sealed class ReadmeTests
{
    [PythonFact("pika")]
    public Task Pika_OfTheReadme_GetsItsMessage() =>
        RunAsync(Peers.Python, "-c", "python", (code, port) => code.Replace("\"localhost\"", $"\"localhost\", {port}", StringComparison.Ordinal), "b'hello'");

    [NodeFact("amqplib")]
    public Task Amqplib_OfTheReadme_GetsItsMessage() =>
        RunAsync("node", "-e", "js", (code, port) => code.Replace("amqp://localhost", $"amqp://127.0.0.1:{port}", StringComparison.Ordinal), "hello");

    /// <summary>To its end, which each of them comes to by itself.</summary>
    private static async Task RunAsync(string program, string option, string language, Func<string, int, string> withPort, string expected)
    {
        await using BrokerExecutable broker = BrokerExecutable.Start("--port 0 --listen 127.0.0.1");
        (_, int port) = await broker.ListeningAsync();
        string code = withPort(Block(language), port);
        Assert.Contains($"{port}", code, StringComparison.Ordinal);

        using Process process = Process.Start(new ProcessStartInfo(program, [option, code]) { RedirectStandardOutput = true })!;
        try
        {
            using CancellationTokenSource patience = new(TimeSpan.FromSeconds(60));
            Assert.Equal(expected, (await process.StandardOutput.ReadToEndAsync(patience.Token)).TrimEnd());
            await process.WaitForExitAsync(patience.Token);
            Assert.Equal(0, process.ExitCode);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    private static string Block(string language) =>
        Regex.Match(File.ReadAllText(Path.Combine(Root(), "README.md")), $"^```{language}\\n(?<code>.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline).Groups["code"].Value;

    private static string Root()
    {
        DirectoryInfo folder = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "AmqpToolkit.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException($"No folder above '{AppContext.BaseDirectory}' has AmqpToolkit.sln.");
        }

        return folder.FullName;
    }
}
