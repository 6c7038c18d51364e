namespace AmqpToolkit.Broker.Access;

/// <summary>Counting up to a limit, from any thread.</summary>
internal static class Occupancy
{
    /// <summary>Adds one unless the count has reached <paramref name="limit"/>; below 0 there is no limit.</summary>
    public static bool TryAdd(ref int count, int limit)
    {
        if (Interlocked.Increment(ref count) <= limit || limit < 0)
        {
            return true;
        }

        Interlocked.Decrement(ref count);
        return false;
    }
}
