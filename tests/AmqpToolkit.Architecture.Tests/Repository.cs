namespace AmqpToolkit.Architecture.Tests;

/// <summary>The files of this repository, without what builds and tools leave behind.</summary>
internal static class Repository
{
    private static readonly HashSet<string> _skippedFolders = new(StringComparer.OrdinalIgnoreCase)
    {
        ".git", ".vs", ".idea", ".vscode", "bin", "obj", "artifacts", "node_modules", "results", "TestResults", "BenchmarkDotNet.Artifacts", "__pycache__",
    };

    private static readonly HashSet<string> _textExtensions = new(StringComparer.OrdinalIgnoreCase)
    {
        "", ".c", ".cs", ".csproj", ".editorconfig", ".gitignore", ".h", ".js", ".json", ".md", ".props", ".ps1", ".py", ".sh", ".sln", ".targets", ".txt", ".xml", ".yml",
    };

    /// <summary>The folder of the solution, above the folder that the tests run in.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Text files as paths relative to <see cref="Root"/> with forward slashes.</summary>
    public static IEnumerable<string> TextFiles(string folder = "") =>
        Walk(Path.Combine(Root, folder)).Where(path => _textExtensions.Contains(Path.GetExtension(path))).Select(Relative);

    public static string Read(string relativePath) => File.ReadAllText(Path.Combine(Root, relativePath));

    public static bool Exists(string relativePath) => Path.Exists(Path.Combine(Root, relativePath));

    private static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    private static IEnumerable<string> Walk(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return [];
        }

        IEnumerable<string> below = Directory.EnumerateDirectories(folder).Where(sub => !_skippedFolders.Contains(Path.GetFileName(sub))).SelectMany(Walk);
        return Directory.EnumerateFiles(folder).Concat(below);
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "AmqpToolkit.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No folder above '{AppContext.BaseDirectory}' has AmqpToolkit.sln.");
    }
}
