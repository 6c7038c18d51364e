using System.Diagnostics;

namespace AmqpToolkit.Codec.Tests;

/// <summary>A test against pamqp, a Python codec by other hands (Debian: python3-pamqp). Skipped without it.</summary>
internal sealed class PamqpFactAttribute : FactAttribute
{
    private static readonly string? FoundPython = new[] { "/usr/bin/python3", "python3" }.FirstOrDefault(HasPamqp);

    public PamqpFactAttribute()
    {
        if (FoundPython is null)
        {
            Skip = "needs python3 with pamqp 3 (Debian: python3-pamqp)";
        }
    }

    internal static string Python => FoundPython ?? throw new InvalidOperationException("No Python with pamqp.");

    private static bool HasPamqp(string python)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(python, ["-c", "import pamqp.commands, pamqp.frame"])
            {
                RedirectStandardError = true,
            })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false; // no such program
        }
    }
}
