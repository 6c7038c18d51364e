namespace AmqpToolkit.Generator.Tests;

/// <summary>
/// Compares text with a file <c>Snapshots/NAME.verified.cs</c>. When it differs, the text is written beside it as <c>NAME.received.cs</c>; whoever agrees
/// with the change copies it over the other.
/// </summary>
internal static class Snapshot
{
    public static void Verify(string name, string text)
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "Snapshots");
        string verified = Path.Combine(folder, name + ".verified.cs");
        string received = Path.Combine(folder, name + ".received.cs");
        string expected = File.Exists(verified) ? File.ReadAllText(verified).Replace("\r\n", "\n", StringComparison.Ordinal) : "";
        if (expected == text)
        {
            File.Delete(received);
            return;
        }

        Directory.CreateDirectory(folder);
        File.WriteAllText(received, text);
        Assert.Fail($"{Difference(expected, text)}\nIf that is meant, copy\n  {received}\nto tests/AmqpToolkit.Generator.Tests/Snapshots/{name}.verified.cs");
    }

    private static string Difference(string expected, string actual)
    {
        string[] left = expected.Split('\n');
        string[] right = actual.Split('\n');
        int line = left.Zip(right).TakeWhile(pair => pair.First == pair.Second).Count();
        string Line(string[] lines) => line < lines.Length ? lines[line] : "(end)";
        return $"Line {line + 1} differs:\n- {Line(left)}\n+ {Line(right)}";
    }
}
