using System.Runtime.InteropServices;
using System.Text.Json;

namespace AmqpToolkit.Packages.Tests;

/// <summary>
/// What somebody else does with the packages: a project of its own, outside this repository, with a feed that has our packages and a folder of packages that was empty before.
/// The files stand in <c>Projects</c>, and <c>docs/generator.md</c> shows them.
/// </summary>
public abstract class ConsumerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Copies a project and the configuration of its sources.</summary>
    private protected void Prepare(string project, Func<string, string>? edit = null)
    {
        foreach (string file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Projects", project)))
        {
            string name = Path.GetFileName(file);
            bool isProject = name.EndsWith(".csproj.xml", StringComparison.Ordinal);
            string text = File.ReadAllText(file);
            File.WriteAllText(Path.Combine(_folder.Path, isProject ? name[..^".xml".Length] : name), isProject && edit is not null ? edit(text) : text);
        }

        Feed.WriteSources(_folder.Path);
    }

    private protected Task<(int ExitCode, string Output)> RunDotNetAsync(string arguments) => _folder.DotNetAsync(arguments, ownPackages: true);

    /// <summary>Every warning is an error.</summary>
    private protected Task<(int ExitCode, string Output)> BuildAsync(string options = "") =>
        _folder.DotNetAsync($"build -c Release -o out -warnaserror -v:q -p:UseSharedCompilation=false {options}", ownPackages: true);

    private protected async Task AssertOutputAsync(string project)
    {
        (int exitCode, string messages) = await BuildAsync("-p:UseAppHost=false");
        Assert.True(exitCode == 0, messages);

        AssertOutput(await _folder.RunAsync("dotnet", $"out/{project}.dll", ownPackages: true));
    }

    /// <summary>The same on the runtime of .NET 8, which need not be installed: the program brings its own.</summary>
    private protected async Task AssertOutputOnNet8Async(string project)
    {
        (int exitCode, string messages) = await BuildAsync($"-r {RuntimeInformation.RuntimeIdentifier} --self-contained -p:InvariantGlobalization=true -p:DisableTransitiveFrameworkReferenceDownloads=true");
        Assert.True(exitCode == 0, messages);
        using JsonDocument configuration = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder.Path, "out", $"{project}.runtimeconfig.json")));
        JsonElement runtime = configuration.RootElement.GetProperty("runtimeOptions").GetProperty("includedFrameworks").EnumerateArray().Single();
        Assert.StartsWith("8.0.", runtime.GetProperty("version").GetString(), StringComparison.Ordinal);

        AssertOutput(await _folder.RunAsync(Path.Combine(_folder.Path, "out", project), "", ownPackages: true));
    }

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private void AssertOutput((int ExitCode, string Output) run)
    {
        Assert.Equal(File.ReadAllText(Path.Combine(_folder.Path, "output.txt")), run.Output);
        Assert.Equal(0, run.ExitCode);
    }
}

public sealed class OrdersTests : ConsumerTests
{
    /// <summary>A protocol extension of somebody's own, in a project of .NET 8: three methods, a table, content.</summary>
    [Fact]
    public async Task Extension_OfSomebodyElse_BuildsAndRuns()
    {
        Prepare("Orders");

        await AssertOutputOnNet8Async("Orders");
    }
}

public sealed class PerformativesTests : ConsumerTests
{
    [Fact]
    public async Task PerformativesOfAmqp10_InSomebodyElsesProject_BuildAndRun()
    {
        Prepare("Performatives");

        await AssertOutputAsync("Performatives");
    }

    [Fact]
    public async Task PerformativesOfAmqp10_OnNet8_AreTheSame()
    {
        Prepare("Performatives", text => text.Replace("net10.0", "net8.0", StringComparison.Ordinal));

        await AssertOutputOnNet8Async("Performatives");
    }
}

public sealed class MissingCodecTests : ConsumerTests
{
    [Fact]
    public async Task Project_WithoutTheCodec_IsToldWhatItLacks()
    {
        Prepare("Performatives", text => text.Replace("<PackageReference Include=\"AmqpToolkit.Codec\" Version=\"0.1.0\" />", "", StringComparison.Ordinal));

        (int exitCode, string messages) = await BuildAsync();

        Assert.Equal(1, exitCode);
        Assert.Contains("error AMQP1001: ", messages, StringComparison.Ordinal);
        Assert.DoesNotContain("error CS", messages, StringComparison.Ordinal);
    }
}
