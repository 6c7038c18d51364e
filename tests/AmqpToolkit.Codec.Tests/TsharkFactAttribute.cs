using System.Diagnostics;

namespace AmqpToolkit.Codec.Tests;

/// <summary>A test against the dissectors of tshark (Debian: tshark). Skipped without it.</summary>
internal sealed class TsharkFactAttribute : FactAttribute
{
    private static readonly bool IsThere = Find();

    public TsharkFactAttribute()
    {
        if (!IsThere)
        {
            Skip = "needs tshark (Debian: tshark)";
        }
    }

    private static bool Find()
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo("tshark", ["--version"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false; // no such program
        }
    }
}
