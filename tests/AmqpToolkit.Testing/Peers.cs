using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace AmqpToolkit.Testing;

/// <summary>Which programs, modules and documents by other hands this machine has. Any thread; each question is asked once.</summary>
public static class Peers
{
    /// <summary>The environment variable by which a test whose peer is missing fails: an oracle that nobody asks proves nothing.</summary>
    public const string RequiringVariable = "AMQP_REQUIRE_PEERS";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly ConcurrentDictionary<string, string?> Answers = new();

    /// <summary>Whether a missing peer is a failure.</summary>
    public static bool AreRequired => Environment.GetEnvironmentVariable(RequiringVariable) is { Length: > 0 } value && value != "0";

    /// <summary>The Python that Debian's modules belong to, or the one that AMQP_PYTHON names.</summary>
    public static string Python { get; } = Environment.GetEnvironmentVariable("AMQP_PYTHON") is { Length: > 0 } python ? python
        : File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";

    /// <summary>Null where a program runs and ends well with some arguments; otherwise what is missing.</summary>
    public static string? WhyNoProgram(string program, params string[] trial) =>
        Ask($"{program} {string.Join(' ', trial)}", $"no program '{program}'", program, trial);

    /// <summary>The same for a module of Python.</summary>
    public static string? WhyNoPythonModule(string module) => Ask($"python {module}", $"{Python} has no module '{module}'", Python, "-c", $"import {module}");

    /// <summary>The same for a module of Node.</summary>
    public static string? WhyNoNodeModule(string module) =>
        Ask($"node {module}", $"node finds no module '{module}'; NODE_PATH names its folder", "node", "-e", $"require('{module}')");

    /// <summary>The test that fails in place of one that would be skipped, or null.</summary>
    internal static ExecutionErrorTestCase? FailureOf(IMessageSink sink, ITestFrameworkDiscoveryOptions options, ITestMethod method, IAttributeInfo attribute) =>
        AreRequired && attribute.GetNamedArgument<string?>(nameof(PeerFactAttribute.Missing)) is { } missing
            ? new ExecutionErrorTestCase(sink, options.MethodDisplayOrDefault(), options.MethodDisplayOptionsOrDefault(), method, $"{missing}, and {RequiringVariable} is set.")
            : null;

    private static string? Ask(string question, string missing, string program, params string[] arguments) =>
        Answers.GetOrAdd(question, _ => Works(program, arguments) ? null : missing);

    private static bool Works(string program, string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            process.StandardInput.Close();
            process.OutputDataReceived += static (_, _) => { };
            process.ErrorDataReceived += static (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            if (process.WaitForExit(Patience))
            {
                return process.ExitCode == 0;
            }

            process.Kill(entireProcessTree: true);
            return false;
        }
        catch (Win32Exception)
        {
            return false; // no such program
        }
    }
}
