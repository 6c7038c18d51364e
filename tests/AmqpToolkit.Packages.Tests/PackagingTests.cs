using System.Text.RegularExpressions;

namespace AmqpToolkit.Packages.Tests;

/// <summary>The unit of systemd and the container file say what is true: the options that they name are the broker's, the files that they take are there.</summary>
[Collection(InstalledTool.Collection)]
public sealed partial class PackagingTests(InstalledTool tool)
{
    private static readonly string s_unit = Read("packaging/amqp-broker.service");
    private static readonly string s_container = Read("packaging/Containerfile");

    [Fact]
    public async Task Program_OfUnitAndContainer_IsTheBroker()
    {
        (int exitCode, string help) = await tool.Folder.RunAsync(tool.Program, "--help", ownPackages: false);
        Assert.Equal(0, exitCode);
        string[] started = [.. s_unit.Split('\n').Concat(s_container.Split('\n')).Where(line => line.StartsWith("ExecStart=", StringComparison.Ordinal) || line.StartsWith("ENTRYPOINT ", StringComparison.Ordinal))];

        Assert.Equal(["ExecStart=/usr/local/bin/amqp-broker", "ENTRYPOINT [\"/usr/local/bin/amqp-broker\"]"], started);
        Assert.DoesNotContain("\nCMD ", s_container, StringComparison.Ordinal);
        Assert.Contains("STATE_DIRECTORY", help, StringComparison.Ordinal);
        Assert.Contains("StateDirectory=amqp-broker\n", s_unit, StringComparison.Ordinal);
        Assert.Contains("--container", help, StringComparison.Ordinal);
        Assert.Contains("--log-level", help, StringComparison.Ordinal);
    }

    [Fact]
    public void Variables_OfUnitAndContainer_AreDocumented()
    {
        string[] variables = [.. Variable().Matches(s_unit + s_container).Select(match => match.Value).Distinct()];

        Assert.Equal(["AMQP_BROKER_Port", "AMQP_BROKER_Container", "AMQP_BROKER_Data"], variables);
        Assert.All(variables, variable => Assert.Matches($@"`{variable}(=true)?`", Read("docs/broker.md")));
    }

    /// <summary>A volume is where the data is, and its folder is the user's.</summary>
    [Fact]
    public void Container_KeepsItsData_WhereTheVolumeIs()
    {
        Assert.Contains("AMQP_BROKER_Data=/var/lib/amqp-broker", s_container, StringComparison.Ordinal);
        Assert.Contains("\nVOLUME /var/lib/amqp-broker\n", s_container, StringComparison.Ordinal);
        Assert.Contains("\nUSER 1654\n", s_container, StringComparison.Ordinal);
        Assert.Contains("COPY --from=build --chown=1654:1654 /data /var/lib\n", s_container, StringComparison.Ordinal);
    }

    /// <summary>What a broker ends with for good is not tried again.</summary>
    [Fact]
    public void ExitCodes_OfTheUnit_AreThoseOfThePage()
    {
        string code = Read("src/AmqpToolkit.Broker.Host/ExitCode.cs");

        Assert.Contains("RestartPreventExitStatus=2 3\n", s_unit, StringComparison.Ordinal);
        Assert.Contains("BadSetting = 2;", code, StringComparison.Ordinal);
        Assert.Contains("CannotKeep = 3;", code, StringComparison.Ordinal);
    }

    [Fact]
    public void User_OfTheUnit_IsMade()
    {
        Assert.Contains("\nUser=amqp-broker\n", s_unit, StringComparison.Ordinal);
        Assert.Contains("\nu amqp-broker - ", Read("packaging/amqp-broker.sysusers"), StringComparison.Ordinal);
    }

    [Fact]
    public void Image_TakesNothingThatBuildsLeave() =>
        Assert.Empty(new[] { ".git", "artifacts", "**/bin", "**/obj" }.Except(Read(".dockerignore").Split('\n')));

    [Fact]
    public void Container_TakesWhatIsThere()
    {
        string[] taken = [.. s_container.Split('\n').Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from", StringComparison.Ordinal)).SelectMany(line => line.Split(' ')[1..^1])];

        Assert.Contains("src", taken);
        Assert.All(taken, path => Assert.True(Path.Exists(Path.Combine(Feed.Root, path)), path));
    }

    /// <summary>How it is published stands in the project: the commands say for which machine.</summary>
    [Fact]
    public void SingleFile_IsPublished_InOneWay()
    {
        const string Command = "dotnet publish src/AmqpToolkit.Broker.Host -c Release -r ";
        string project = Read("src/AmqpToolkit.Broker.Host/AmqpToolkit.Broker.Host.csproj");

        Assert.All(new[] { s_container, Read("build.ps1"), Read("README.md") }, text => Assert.Matches(Regex.Escape(Command) + @"(linux-x64|\$rid) -o ", text));
        Assert.All(new[] { "SelfContained", "PublishSingleFile", "PublishReadyToRun" }, setting => Assert.Contains($"<{setting}>true</{setting}>", project, StringComparison.Ordinal));
    }

    [SystemdFact]
    public async Task Unit_IsVerified()
    {
        using var folder = new TemporaryFolder();
        string unit = Path.Combine(folder.Path, "amqp-broker.service");
        await File.WriteAllTextAsync(unit, s_unit.Replace("ExecStart=/usr/local/bin/amqp-broker", $"ExecStart={tool.Program}", StringComparison.Ordinal));
        (int exitCode, string messages) = await folder.RunAsync("systemd-analyze", $"verify --man=no --recursive-errors=no {unit}", ownPackages: false);

        Assert.True(exitCode == 0, messages);
        Assert.DoesNotContain("amqp-broker.service", messages, StringComparison.Ordinal);
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(Feed.Root, path));

    [GeneratedRegex("AMQP_BROKER_[A-Za-z]+")]
    private static partial Regex Variable();
}
