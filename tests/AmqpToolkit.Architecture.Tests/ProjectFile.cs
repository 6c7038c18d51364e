using System.Xml.Linq;

namespace AmqpToolkit.Architecture.Tests;

/// <summary>What a project file says about its dependencies.</summary>
internal sealed record ProjectFile(string Path, XDocument Content)
{
    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    public string AssemblyName => Content.Descendants("AssemblyName").SingleOrDefault()?.Value ?? Name;

    /// <summary>Names of the projects whose assemblies this one uses; an analyzer is a tool of the build and not among them.</summary>
    public IEnumerable<string> ProjectReferences =>
        from reference in Content.Descendants("ProjectReference")
        where (string?)reference.Attribute("ReferenceOutputAssembly") != "false"
        select System.IO.Path.GetFileNameWithoutExtension(((string)reference.Attribute("Include")!).Replace('\\', '/'));

    public IEnumerable<string> PackageReferences =>
        from reference in Content.Descendants("PackageReference")
        select (string?)reference.Attribute("Include") ?? (string)reference.Attribute("Update")!;

    public IEnumerable<string> FrameworkReferences =>
        from reference in Content.Descendants("FrameworkReference")
        select (string)reference.Attribute("Include")!;

    /// <summary>All projects in a folder of the repository.</summary>
    public static IReadOnlyList<ProjectFile> In(string folder) =>
        [.. Repository.TextFiles(folder).Where(path => path.EndsWith(".csproj", StringComparison.Ordinal)).Select(path => new ProjectFile(path, XDocument.Parse(Repository.Read(path))))];
}
