using System.Diagnostics;

namespace AmqpToolkit.Codec.Tests;

/// <summary>A program that answers each line with a line of fields between tabs.</summary>
internal sealed class LinePeer(string program, string script) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process = Process.Start(new ProcessStartInfo(program, [Path.Combine(AppContext.BaseDirectory, script)])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    internal string[] Ask(string question)
    {
        _process.StandardInput.WriteLine(question);
        _process.StandardInput.Flush();
        using var patience = new CancellationTokenSource(Patience);
        string? answer = _process.StandardOutput.ReadLineAsync(patience.Token).AsTask().GetAwaiter().GetResult();
        if (answer is null)
        {
            Assert.Fail($"{question}: {_process.StandardError.ReadToEnd()}");
        }

        return answer.Split('\t');
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(Patience))
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
