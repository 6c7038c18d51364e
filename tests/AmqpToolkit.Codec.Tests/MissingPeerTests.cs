using System.Diagnostics;

namespace AmqpToolkit.Codec.Tests;

/// <summary>A test whose peer is missing is skipped, and fails where peers are required: the runner is asked, with a Python that does not exist.</summary>
public class MissingPeerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task PeerFact_WithoutItsPeer_IsSkipped()
    {
        (int exitCode, string output) = await RunPamqpTestsAsync(required: "");

        Assert.True(exitCode == 0, output);
        Assert.Matches(@"Skipped: +3\b", output);
    }

    [Fact]
    public async Task PeerFact_WithoutItsPeerWherePeersAreRequired_Fails()
    {
        (int exitCode, string output) = await RunPamqpTestsAsync(required: "1");

        Assert.True(exitCode != 0, output);
        Assert.Matches(@"Failed: +3\b", output);
        Assert.Contains("no-such-python has no module 'pamqp.commands, pamqp.frame', and AMQP_REQUIRE_PEERS is set.", output, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output)> RunPamqpTestsAsync(string required)
    {
        string[] arguments = ["test", typeof(MissingPeerTests).Assembly.Location, "--filter", $"FullyQualifiedName~{nameof(PamqpTests)}"];
        using Process process = Process.Start(new ProcessStartInfo("dotnet", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                [Peers.RequiringVariable] = required,
                ["AMQP_PYTHON"] = "no-such-python",
                ["DOTNET_CLI_UI_LANGUAGE"] = "en",
            },
        })!;
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(patience.Token);
            Task<string> error = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, await output + await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
