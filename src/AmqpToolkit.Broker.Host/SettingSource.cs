using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;

namespace AmqpToolkit.Broker.Host;

/// <summary>One place that settings come from, and how messages call it.</summary>
internal sealed record SettingSource(string Name, IConfiguration Values)
{
    private const string FileName = "appsettings.json";
    private const string VariablePrefix = "AMQP_BROKER_";

    /// <summary>Whether it is a settings file; its name is the path then.</summary>
    public bool IsFile { get; init; }

    /// <summary>
    /// All places, the strongest first: command line, environment, <c>appsettings.json</c> in the current folder and beside the executable.
    /// </summary>
    public static IReadOnlyList<SettingSource> All(IEnumerable<KeyValuePair<string, string?>> commandLine)
    {
        List<SettingSource> sources =
        [
            new("the command line", new ConfigurationBuilder().AddInMemoryCollection(commandLine).Build()),
            new("the environment", new ConfigurationBuilder().AddEnvironmentVariables(VariablePrefix).Build()),
        ];
        string[] folders = [Environment.CurrentDirectory, AppContext.BaseDirectory];
        foreach (string folder in folders.Select(Path.TrimEndingDirectorySeparator).Distinct(StringComparer.Ordinal))
        {
            string path = Path.Combine(folder, FileName);
            if (File.Exists(path))
            {
                sources.Add(FromFile(path));
            }
        }

        return sources;
    }

    /// <summary>The settings of one JSON file.</summary>
    /// <exception cref="SettingException">The file cannot be read or is no JSON.</exception>
    public static SettingSource FromFile(string path)
    {
        try
        {
            return new SettingSource(path, new ConfigurationBuilder().AddJsonFile(path, optional: false, reloadOnChange: false).Build()) { IsFile = true };
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"{path}: {e.GetBaseException().Message}");
        }
    }

    /// <summary>What it has that is no setting. A file of another program may lie in the current folder: that is worth a word and not an end.</summary>
    public IEnumerable<string> FindUnknown(IEnumerable<string> names)
    {
        string[] known = [.. names];
        return Values.GetChildren()
            .Select(child => child.Key)
            .Where(key => !known.Contains(key, StringComparer.OrdinalIgnoreCase))
            .Select(key => $"'{key}' in {Name} is no setting, and is left alone");
    }

    /// <summary>A single value.</summary>
    public bool TryGetValue(string key, [NotNullWhen(true)] out string? value)
    {
        value = Values[key];
        return !string.IsNullOrEmpty(value);
    }

    /// <summary>A list: a JSON array, numbered variables (<c>Listen__0</c>), or one value with commas.</summary>
    public bool TryGetList(string key, out string[] values)
    {
        const StringSplitOptions Clean = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;
        values = TryGetValue(key, out string? single)
            ? single.Split(',', Clean)
            : [.. Values.GetSection(key).GetChildren().Select(child => child.Value ?? "").Where(value => value.Length > 0)];
        return values.Length > 0;
    }
}
