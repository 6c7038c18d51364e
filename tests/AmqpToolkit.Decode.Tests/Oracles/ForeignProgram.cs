using System.Diagnostics;

namespace AmqpToolkit.Decode.Tests.Oracles;

/// <summary>Runs a program to its end.</summary>
internal static class ForeignProgram
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public static string Peer(string script) => Path.Combine(AppContext.BaseDirectory, "peers", script);

    /// <summary>Runs it and asserts that it exits with 0; the failure shows all that it said.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        (int exitCode, string output, string error) = await TryRunAsync(program, arguments);
        Assert.True(exitCode == 0, $"{program} exited with {exitCode}.\n{output}\n{error}");
        return output;
    }

    private static async Task<(int ExitCode, string Output, string Error)> TryRunAsync(string program, string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        using CancellationTokenSource limit = new(Patience);
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        Task<string> error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} did not end in {Patience.TotalSeconds} s.\n{await output}\n{await error}");
        }

        return (process.ExitCode, await output, await error);
    }
}
