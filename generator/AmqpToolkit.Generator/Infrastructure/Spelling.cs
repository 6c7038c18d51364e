namespace AmqpToolkit.Generator.Infrastructure;

/// <summary>Compares names as people write them.</summary>
internal static class Spelling
{
    /// <summary>One spelling for a name that is written with spaces, hyphens or underscores.</summary>
    public static string Fold(string name) => name.Trim().Replace(' ', '-').Replace('_', '-');

    /// <summary>" (did you mean 'x'?)" when one of the candidates is near, else nothing.</summary>
    public static string Suggest(string name, IEnumerable<string> candidates)
    {
        string? best = null;
        int bestDistance = 1 + Math.Max(2, name.Length / 3);
        foreach (string candidate in candidates.OrderBy(candidate => candidate, StringComparer.Ordinal))
        {
            int distance = Distance(name, candidate);
            if (distance < bestDistance)
            {
                best = candidate;
                bestDistance = distance;
            }
        }

        return best is null ? "" : $" (did you mean '{best}'?)";
    }

    /// <summary>Edit distance after Levenshtein.</summary>
    private static int Distance(string left, string right)
    {
        int[] row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int cost = left[i - 1] == right[j - 1] ? diagonal : 1 + Math.Min(diagonal, Math.Min(row[j], row[j - 1]));
                diagonal = row[j];
                row[j] = cost;
            }
        }

        return row[right.Length];
    }
}
