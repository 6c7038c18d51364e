namespace AmqpToolkit.Protocol.V1_0;

/// <summary>Arithmetic of numbers that wrap at 2^32: transfer-ids, delivery-numbers, delivery-counts (1.0 section 2.8.10, RFC 1982).</summary>
public static class SerialNumber
{
    /// <summary>How far <paramref name="to"/> lies behind <paramref name="from"/>; negative when it lies before it.</summary>
    public static int Distance(uint from, uint to) => unchecked((int)(to - from));

    /// <summary>Whether <paramref name="left"/> comes before <paramref name="right"/>.</summary>
    public static bool IsBefore(uint left, uint right) => Distance(left, right) > 0;

    /// <summary>
    /// What is left of a window or a credit: <paramref name="start"/> + <paramref name="size"/> - <paramref name="used"/>, and 0 when more than that is
    /// used already, which is no mistake: the peer may lower what it granted.
    /// </summary>
    public static uint Rest(uint start, uint size, uint used)
    {
        // A size may be as large as a number can be, so the difference of the numbers is what is told apart by its sign, not the sum.
        long rest = size + (long)Distance(used, start);
        return rest <= 0 ? 0 : (uint)Math.Min(rest, uint.MaxValue);
    }
}
