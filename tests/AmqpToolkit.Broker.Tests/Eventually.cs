namespace AmqpToolkit.Broker.Tests;

/// <summary>What another thread brings about and nobody tells: it is looked at until it is so, without a thread that waits.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Looks until <paramref name="holds"/> does; fails after a minute, with what <paramref name="describe"/> says then.</summary>
    public static async Task HoldsAsync(Func<bool> holds, Func<string>? describe = null)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!holds())
        {
            Assert.False(patience.IsCancellationRequested, describe?.Invoke() ?? "It never came true.");
            await Task.Delay(TimeSpan.FromMilliseconds(2), CancellationToken.None);
        }
    }
}
