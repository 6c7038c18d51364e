namespace AmqpToolkit.Decode.Tests;

/// <summary>What a run of the tool ended with.</summary>
internal sealed record ToolResult(int ExitCode, IReadOnlyList<string> Lines, string Error)
{
    public string Output => string.Join('\n', Lines);

    /// <summary>The lines without the position ahead of the name.</summary>
    public IEnumerable<string> Frames => Lines.Where(line => line.Contains('@', StringComparison.Ordinal)).Select(AfterPosition);

    private static string AfterPosition(string line)
    {
        string rest = line[(line.IndexOf('@', StringComparison.Ordinal) + 1)..];
        return rest[(rest.IndexOf(' ', StringComparison.Ordinal) + 1)..];
    }
}
