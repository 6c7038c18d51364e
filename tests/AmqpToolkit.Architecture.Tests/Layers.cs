namespace AmqpToolkit.Architecture.Tests;

/// <summary>Which project of <c>src</c> may use which; a new project gets its row here.</summary>
internal static class Layers
{
    private static readonly Dictionary<string, string[]> _below = new(StringComparer.Ordinal)
    {
        ["AmqpToolkit.Codec"] = [],
        ["AmqpToolkit.Decode"] = ["AmqpToolkit.Codec"],
        ["AmqpToolkit.Protocol"] = ["AmqpToolkit.Codec"],
        ["AmqpToolkit.Transport"] = ["AmqpToolkit.Protocol", "AmqpToolkit.Codec"],
        ["AmqpToolkit.Storage"] = [],
        ["AmqpToolkit.Client"] = ["AmqpToolkit.Transport", "AmqpToolkit.Protocol", "AmqpToolkit.Codec"],
        ["AmqpToolkit.Broker"] = ["AmqpToolkit.Storage", "AmqpToolkit.Transport", "AmqpToolkit.Protocol", "AmqpToolkit.Codec"],
        ["AmqpToolkit.Broker.Testing"] = ["AmqpToolkit.Broker", "AmqpToolkit.Client", "AmqpToolkit.Storage", "AmqpToolkit.Transport", "AmqpToolkit.Protocol", "AmqpToolkit.Codec"],
        ["AmqpToolkit.Hosting"] = ["AmqpToolkit.Broker", "AmqpToolkit.Storage", "AmqpToolkit.Transport", "AmqpToolkit.Protocol", "AmqpToolkit.Codec"],
        ["AmqpToolkit.Broker.Host"] = ["AmqpToolkit.Broker", "AmqpToolkit.Storage", "AmqpToolkit.Transport", "AmqpToolkit.Protocol", "AmqpToolkit.Codec"],
    };

    /// <summary>The executables, which may use more of the platform than the libraries do.</summary>
    private static readonly string[] _executables = ["AmqpToolkit.Broker.Host", "AmqpToolkit.Decode"];

    public static IEnumerable<string> Names => _below.Keys;

    public static bool IsLibrary(string project) => !_executables.Contains(project);

    public static IReadOnlyList<string> Below(string project) =>
        _below.TryGetValue(project, out string[]? below) ? below : throw new InvalidOperationException($"{project} has no row in {nameof(Layers)}: say which projects it may use.");
}
