using System.ComponentModel;
using System.Diagnostics;

namespace AmqpToolkit.Broker.Host.Tests;

/// <summary>A test that needs another program; skipped where a trial run of it fails.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ProgramFactAttribute : FactAttribute
{
    public ProgramFactAttribute(string program, params string[] trial)
    {
        if (!Runs(program, trial))
        {
            Skip = $"'{program} {string.Join(' ', trial)}' does not run here";
        }
    }

    private static bool Runs(string program, string[] trial)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, trial) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
