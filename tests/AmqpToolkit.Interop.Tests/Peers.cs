using System.Collections.Concurrent;

namespace AmqpToolkit.Interop.Tests;

/// <summary>Which foreign clients this machine has.</summary>
internal static class Peers
{
    private static readonly ConcurrentDictionary<string, string?> Answers = new();

    /// <summary>The Python that Debian's modules belong to, or the one that AMQP_PYTHON names.</summary>
    public static string Python { get; } = Environment.GetEnvironmentVariable("AMQP_PYTHON") is { Length: > 0 } python ? python : "/usr/bin/python3";

    public static string? WhyNoPythonModule(string module) => Answers.GetOrAdd(
        $"python {module}", _ => ForeignProgram.Works(Python, "-c", $"import {module}") ? null : $"{Python} has no module '{module}'");

    public static string? WhyNoNodeModule(string module) => Answers.GetOrAdd(
        $"node {module}", _ => ForeignProgram.Works("node", "-e", $"require('{module}')") ? null : $"node finds no module '{module}'; NODE_PATH names its folder");

    public static string? WhyNoOwnBroker() =>
        Environment.GetEnvironmentVariable("AMQP_URL") is { Length: > 0 } ? "needs users and policies that the broker behind AMQP_URL has not" : null;

    public static string? WhyNoTool(string tool) => Answers.GetOrAdd(
        $"tool {tool}", _ => ForeignProgram.Works(tool, "--help") ? null : $"no program '{tool}'");
}
