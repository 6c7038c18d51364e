namespace AmqpToolkit.Packages.Tests;

/// <summary><c>amqp-broker</c>, installed from the feed as a stranger would, in a folder of its own.</summary>
public sealed class InstalledTool : IAsyncLifetime, IDisposable
{
    /// <summary>Tests that use it: it is installed once.</summary>
    internal const string Collection = "amqp-broker as a tool";

    internal TemporaryFolder Folder { get; } = new();

    /// <summary>The program.</summary>
    internal string Program => Path.Combine(Folder.Path, "tools", OperatingSystem.IsWindows() ? "amqp-broker.exe" : "amqp-broker");

    public async Task InitializeAsync()
    {
        Feed.WriteSources(Folder.Path);
        (int exitCode, string messages) = await Folder.DotNetAsync("tool install amqp-broker --tool-path tools", ownPackages: true);
        Assert.True(exitCode == 0, messages);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => Folder.Dispose();
}

[CollectionDefinition(InstalledTool.Collection)]
public sealed class InstalledToolCollection : ICollectionFixture<InstalledTool>;
