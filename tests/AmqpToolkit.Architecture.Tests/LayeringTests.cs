using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace AmqpToolkit.Architecture.Tests;

/// <summary>Arrows point down: a layer uses the layers below it and the base library, nothing else.</summary>
public sealed class LayeringTests
{
    public static TheoryData<string> Projects => [.. ProjectFile.In("src").Select(project => project.Name)];

    [Fact]
    public void Layers_AllProjectsOfSrc_HaveARow() =>
        Assert.Equal(Layers.Names.Order(StringComparer.Ordinal), ProjectFile.In("src").Select(project => project.Name).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Projects))]
    public void ProjectReferences_OfALayer_PointDown(string name) =>
        Assert.Empty(Project(name).ProjectReferences.Except(Layers.Below(name)));

    [Theory]
    [MemberData(nameof(Projects))]
    public void PackageReferences_OfALibrary_AreAbstractionsOfThePlatform(string name)
    {
        if (Layers.IsLibrary(name))
        {
            Assert.DoesNotContain(Project(name).PackageReferences, package => !IsPlatformAbstraction(package));
            Assert.Empty(Project(name).FrameworkReferences);
        }
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void AssemblyReferences_OfALayer_PointDown(string name)
    {
        IEnumerable<string> allowed = Layers.Below(name).Select(below => Project(below).AssemblyName);
        IEnumerable<string> own = ReferencedAssemblies(name).Where(assembly => assembly.StartsWith("AmqpToolkit", StringComparison.Ordinal));
        Assert.Empty(own.Except(allowed));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void AssemblyReferences_OfALibrary_AreBaseLibraryOrAbstractions(string name)
    {
        if (Layers.IsLibrary(name))
        {
            Assert.DoesNotContain(ReferencedAssemblies(name), assembly =>
                !assembly.StartsWith("AmqpToolkit", StringComparison.Ordinal) && !IsBaseLibrary(assembly) && !IsPlatformAbstraction(assembly));
        }
    }

    [Fact]
    public void Codec_Assembly_HasNoDependency() =>
        Assert.All(ReferencedAssemblies("AmqpToolkit.Codec"), assembly => Assert.True(IsBaseLibrary(assembly), assembly));

    /// <summary>Input and <c>now</c> are arguments of the rules: what they mean cannot depend on a socket, a task or a clock.</summary>
    [Fact]
    public void Protocol_Assembly_HasNoSocketTaskOrClock()
    {
        string[] forbiddenNamespaces = ["System.Net.Sockets", "System.Net.Security", "System.IO.Pipelines", "System.Threading.Channels"];
        string[] forbiddenTypes =
        [
            "System.IO.Stream", "System.IO.File", "System.Threading.Tasks.Task", "System.Threading.Tasks.ValueTask", "System.Threading.Thread", "System.Threading.Timer",
            "System.TimeProvider", "System.Diagnostics.Stopwatch", "System.DateTime",
        ];
        Assert.DoesNotContain(ReferencedTypes("AmqpToolkit.Protocol"), type =>
            forbiddenTypes.Contains(type) || forbiddenNamespaces.Any(space => type.StartsWith(space + ".", StringComparison.Ordinal)));
    }

    private static ProjectFile Project(string name) => ProjectFile.In("src").Single(project => project.Name == name);

    private static bool IsBaseLibrary(string assembly) =>
        assembly is "System" or "netstandard" or "mscorlib" || assembly.StartsWith("System.", StringComparison.Ordinal) || assembly == "Microsoft.Win32.Primitives";

    private static bool IsPlatformAbstraction(string name) =>
        name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal) && (name.EndsWith(".Abstractions", StringComparison.Ordinal) || name == "Microsoft.Extensions.Options");

    private static List<string> ReferencedAssemblies(string project) =>
        Inspect(project, metadata => metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name)));

    private static List<string> ReferencedTypes(string project) =>
        Inspect(project, metadata => metadata.TypeReferences.Select(handle => metadata.GetTypeReference(handle)).Select(type => metadata.GetString(type.Namespace) + "." + metadata.GetString(type.Name)));

    private static List<string> Inspect(string project, Func<MetadataReader, IEnumerable<string>> select)
    {
        using FileStream file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, Project(project).AssemblyName + ".dll"));
        using PEReader image = new(file);
        return [.. select(image.GetMetadataReader())];
    }
}
