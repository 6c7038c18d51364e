using System.Diagnostics;

namespace AmqpToolkit.Interop.Tests;

/// <summary>Runs a program to its end and keeps what it says.</summary>
internal static class ForeignProgram
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    /// <summary>Runs it and asserts that it exits with 0; the failure shows all that it said.</summary>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, string input = "")
    {
        var (exitCode, output, error) = await TryRunAsync(program, arguments, input);
        Assert.True(exitCode == 0, $"{program} exited with {exitCode}.{Environment.NewLine}{output}{error}");
        return output;
    }

    /// <summary>Runs a script of clients/ against a broker and asserts that it says of each scenario, in their order, that it went well.</summary>
    public static async Task RunScenariosAsync(string interpreter, string script, string url, string scenarios)
    {
        string[] names = scenarios.Split(' ');
        var output = await RunAsync(interpreter, [Path.Combine(AppContext.BaseDirectory, "clients", script), url, .. names]);
        Assert.Equal(names.Select(name => $"OK {name}"), output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).TakeLast(names.Length));
    }

    /// <exception cref="TimeoutException">It did not end; it was killed.</exception>
    public static async Task<(int ExitCode, string Output, string Error)> TryRunAsync(string program, IEnumerable<string> arguments, string input = "")
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using var limit = new CancellationTokenSource(Limit);
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program ended without reading it all; its exit code tells why.
        }

        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} did not end in {Limit.TotalSeconds} s.{Environment.NewLine}{await output}{await error}");
        }

        return (process.ExitCode, await output, await error);
    }
}
