using System.Reflection;
using System.Runtime.Loader;
using System.Runtime.Versioning;

namespace AmqpToolkit.Packages.Tests;

/// <summary>
/// What others can call changes on purpose alone: the files in <c>PublicApi</c> have it. <c>AMQP_ACCEPT_API=1 dotnet test -c Release tests/AmqpToolkit.Packages.Tests --filter PublicApi</c> writes them anew, for the diff to be read.
/// </summary>
public sealed class PublicApiTests
{
    private const int MostLinesShown = 60;
    private const string CodecForNet8 = "AmqpToolkit.Codec.net8.0";

    private static readonly string s_folder = Path.Combine(Feed.Root, "tests", "AmqpToolkit.Packages.Tests", "PublicApi");

    [Theory]
    [MemberData(nameof(ContentTests.Libraries), MemberType = typeof(ContentTests))]
    public void Library_Surface_IsTheOneOfTheSnapshot(string id) => AssertSnapshot(id, [.. PublicApi.Describe(Assembly.Load(id))]);

    /// <summary>What is for .NET 8 leaves out what that has no words for: its snapshot says in what it differs from the other.</summary>
    [Fact]
    public void Codec_SurfaceForNet8_DiffersAsTheSnapshotSays()
    {
        AssemblyLoadContext beside = new("net8.0", isCollectible: true);
        using MemoryStream image = new(Feed.Read(Feed.File(Feed.Codec))["lib/net8.0/AmqpToolkit.Codec.dll"]);
        Assembly codec = beside.LoadFromStream(image);

        Assert.Equal(".NETCoreApp,Version=v8.0", codec.GetCustomAttribute<TargetFrameworkAttribute>()!.FrameworkName);
        AssertSnapshot(CodecForNet8, [.. Differences([.. PublicApi.Describe(Assembly.Load(Feed.Codec))], [.. PublicApi.Describe(codec)])]);
        beside.Unload();
    }

    private static void AssertSnapshot(string id, string[] actual)
    {
        string file = Path.Combine(s_folder, $"{id}.txt");
        if (Environment.GetEnvironmentVariable("AMQP_ACCEPT_API") == "1")
        {
            Directory.CreateDirectory(s_folder);
            File.WriteAllText(file, string.Concat(actual.Select(line => line + "\n")));
            return;
        }

        string[] expected = File.Exists(file) ? File.ReadAllLines(file) : [];
        string[] differences = [.. Differences(expected, actual)];
        Assert.True(differences.Length == 0, $"""
            The public surface of {id} is not the one of {Path.GetRelativePath(Feed.Root, file)}: - is gone, + is new.
            {string.Join('\n', differences.Take(MostLinesShown))}{(differences.Length > MostLinesShown ? $"\n... and {differences.Length - MostLinesShown} more" : "")}
            If that is meant, run this test with AMQP_ACCEPT_API=1, and say it in CHANGELOG.md.
            """);
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void Snapshots_OfTheLibraries_AreAllThereAre() =>
        Assert.Equal(Feed.Libraries.Append(CodecForNet8).Order(StringComparer.Ordinal), Directory.GetFiles(s_folder).Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal));

    [Fact]
    public void Description_OfASurface_HasWhatMayBeNullAndNamesOfTuples() =>
        Assert.Equal(
            """
            class Sample<TKey, TValue> where TKey : notnull
                System.Collections.Generic.Dictionary<TKey, (TValue? Found, string?[]? Names)?> All { get; }
                System.Collections.Generic.KeyValuePair<string?, int>? Pair { get; }
                TValue Get(TKey key, (int, (string? Text, int Count) Inner) tuple)
                TValue? Find<T>(ref T? one, Sample<string, object?>.Nested<string?>? two) where T : class?
                bool TryGet(out TValue? found, int?[] numbers)
                new()
            """.ReplaceLineEndings("\n"),
            string.Join('\n', PublicApi.Describe(typeof(Sample<,>))).Replace($"{typeof(PublicApiTests).FullName}.", "", StringComparison.Ordinal));

    [Fact]
    public void Difference_IsTold_WithItsType() =>
        Assert.Equal(
            ["- class My.A |     int Count { get; }", "+ class My.A |     long Count { get; }", "+ class My.C"],
            Differences(["class My.A", "    int Count { get; }", "class My.B", "    new()"], ["class My.A", "    long Count { get; }", "class My.B", "    new()", "class My.C"]));

    private static IEnumerable<string> Differences(string[] expected, string[] actual)
    {
        string[] before = [.. WithTypes(expected)];
        string[] after = [.. WithTypes(actual)];
        return before.Except(after, StringComparer.Ordinal).Select(line => $"- {line}").Concat(after.Except(before, StringComparer.Ordinal).Select(line => $"+ {line}"));
    }

    private static IEnumerable<string> WithTypes(string[] lines)
    {
        string type = "";
        foreach (string line in lines)
        {
            bool isMember = line.StartsWith(' ');
            type = isMember ? type : line;
            yield return isMember ? $"{type} | {line}" : line;
        }
    }

    /// <summary>Only looked at.</summary>
    public class Sample<TKey, TValue>
        where TKey : notnull
    {
        public Dictionary<TKey, (TValue? Found, string?[]? Names)?> All { get; } = [];

        public KeyValuePair<string?, int>? Pair { get; }

        public TValue Get(TKey key, (int, (string? Text, int Count) Inner) tuple) => throw new NotSupportedException($"{key} {tuple}");

        public TValue? Find<T>(ref T? one, Sample<string, object?>.Nested<string?>? two)
            where T : class? => one is null || two is null ? default : throw new NotSupportedException();

        public bool TryGet(out TValue? found, int?[] numbers)
        {
            found = default;
            return numbers.Length > 0;
        }

        public class Nested<T>;
    }
}
