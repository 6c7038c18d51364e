namespace AmqpToolkit.Conformance.Tests;

/// <summary>Short names that no other test uses.</summary>
internal static class Unique
{
    private static readonly string Run = Guid.NewGuid().ToString("N")[..4];
    private static int _last;

    public static string Name(string prefix) => $"{prefix}-{Run}-{Interlocked.Increment(ref _last)}";
}
