namespace AmqpToolkit.Broker.Testing.Tests;

/// <summary>How long a test waits for what must come: far longer than it takes on any machine.</summary>
internal static class Patience
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static Task WithPatience(this Task task) => task.WaitAsync(Limit);

    public static Task<T> WithPatience<T>(this Task<T> task) => task.WaitAsync(Limit);

    public static Task<T> WithPatience<T>(this ValueTask<T> task) => task.AsTask().WaitAsync(Limit);

    public static Task WithPatience(this ValueTask task) => task.AsTask().WaitAsync(Limit);

    public static Task HoldsAsync(this BrokerQueue queue, Func<BrokerQueue, bool> condition) => queue.WaitUntilAsync(condition, Limit);
}
