using System.Globalization;
using System.Text;

namespace AmqpToolkit.Storage.Tests;

/// <summary>
/// Work whose every step follows from a seed and from what the queues held at the begin: a process does it on a journal, another one
/// knows what that journal should hold.
/// </summary>
internal sealed class CrashWork(int seed, ulong firstPosition, IReadOnlyDictionary<uint, SortedSet<ulong>> queues)
{
    /// <summary>Queues 1 to this.</summary>
    public const uint Queues = 4;

    private readonly Random _random = new(seed);
    private ulong _nextPosition = firstPosition;

    public IReadOnlyDictionary<uint, SortedSet<ulong>> State => queues;

    /// <summary>A content that tells whose it is.</summary>
    public static byte[] ContentOf(ulong position) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{position}:{new string('x', (int)(position * 7919 % 500))}"));

    /// <summary>The next steps, which are committed together. Each holds by itself.</summary>
    public IReadOnlyList<CrashStep> Next()
    {
        var steps = new List<CrashStep>();
        for (int count = _random.Next(1, 12); count > 0; count--)
        {
            var step = Choose();
            Apply(step);
            steps.Add(step);
        }

        return steps;
    }

    /// <summary>Does a step that another work has chosen.</summary>
    public void Apply(in CrashStep step)
    {
        if (step.Takes)
        {
            queues[step.Queue].Remove(step.Position);
        }

        if (step.Target != 0)
        {
            queues[step.Target].Add(step.TargetPosition);
        }
    }

    private CrashStep Choose()
    {
        uint queue = (uint)_random.Next((int)Queues) + 1;
        uint target = (uint)_random.Next((int)Queues) + 1;
        int what = _random.Next(10);
        if (what < 5 || queues[queue].Count == 0)
        {
            return new CrashStep(0, 0, target, _nextPosition++);
        }

        // Mostly the oldest; some stay, so that segments are copied forward.
        ulong position = _random.Next(8) == 0 ? queues[queue].Max : queues[queue].Min;
        return what < 9 ? new CrashStep(queue, position, 0, 0) : new CrashStep(queue, position, target, _nextPosition++);
    }
}
