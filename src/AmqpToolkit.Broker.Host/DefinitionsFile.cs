using System.Text.Json;

namespace AmqpToolkit.Broker.Host;

/// <summary>Definitions from a file of their own, or from the settings file itself.</summary>
internal sealed record DefinitionsFile(string Path, ReadOnlyMemory<byte> Json)
{
    private const string Key = nameof(BrokerSettings.Definitions);

    /// <summary>Whether it says who may log in, so that there is no first user beside.</summary>
    public bool HasUsers { get; } = CountUsers(Path, Json) > 0;

    /// <summary>Reads what the strongest source names: the path of a file or, in a settings file, the definitions themselves.</summary>
    /// <exception cref="SettingException">A file cannot be read, or is no JSON.</exception>
    public static DefinitionsFile? Read(IReadOnlyList<SettingSource> sources)
    {
        foreach (SettingSource source in sources)
        {
            if (source.TryGetValue(Key, out string? path))
            {
                return new DefinitionsFile(path, ReadFile(path));
            }

            if (source.IsFile && source.Values.GetSection(Key).GetChildren().Any())
            {
                return new DefinitionsFile(source.Name, ReadSection(source.Name));
            }
        }

        return null;
    }

    private static byte[] ReadFile(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new SettingException($"{path}: {e.Message}");
        }
    }

    private static byte[] ReadSection(string path)
    {
        using JsonDocument document = Parse(path, ReadFile(path));
        JsonProperty section = document.RootElement.EnumerateObject().First(property => property.Name.Equals(Key, StringComparison.OrdinalIgnoreCase));
        return JsonSerializer.SerializeToUtf8Bytes(section.Value);
    }

    private static int CountUsers(string path, ReadOnlyMemory<byte> json)
    {
        using JsonDocument document = Parse(path, json);
        return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("users", out JsonElement users) && users.ValueKind == JsonValueKind.Array
            ? users.GetArrayLength()
            : 0;
    }

    private static JsonDocument Parse(string path, ReadOnlyMemory<byte> json)
    {
        try
        {
            return JsonDocument.Parse(json, new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
        }
        catch (JsonException e)
        {
            throw new SettingException($"{path}: {e.Message}");
        }
    }
}
