using System.Text.Json;

namespace AmqpToolkit.Broker.Host;

/// <summary>Definitions from a file of their own, or from the settings file itself.</summary>
internal sealed record DefinitionsFile(string Path, ReadOnlyMemory<byte> Json)
{
    private const string Key = nameof(BrokerSettings.Definitions);

    /// <summary>Octets that a file may have. A million queues fit; while it is read it costs up to ten times as much memory.</summary>
    private const long MaxOctets = 256 * 1024 * 1024;

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

    private static ReadOnlyMemory<byte> ReadFile(string path)
    {
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > MaxOctets and var octets })
            {
                throw new SettingException($"{path}: it has {octets} octets; definitions may have {MaxOctets}");
            }

            ReadOnlyMemory<byte> json = File.ReadAllBytes(path);
            return json.Span.StartsWith<byte>([0xEF, 0xBB, 0xBF]) ? json[3..] : json;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new SettingException($"{path}: {e.Message}");
        }
    }

    private static byte[] ReadSection(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(ReadFile(path), new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
            JsonProperty section = document.RootElement.EnumerateObject().First(property => property.Name.Equals(Key, StringComparison.OrdinalIgnoreCase));
            return JsonSerializer.SerializeToUtf8Bytes(section.Value);
        }
        catch (JsonException e)
        {
            throw new SettingException($"{path}: {e.Message}");
        }
    }

    /// <summary>Without a picture of the whole file in memory: the import makes its own.</summary>
    private static int CountUsers(string path, ReadOnlyMemory<byte> json)
    {
        Utf8JsonReader reader = new(json.Span, new JsonReaderOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
        int count = 0;
        bool isInUsers = false;
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1)
                {
                    isInUsers = reader.ValueTextEquals("users"u8);
                }
                else if (isInUsers && reader.TokenType == JsonTokenType.StartObject && reader.CurrentDepth == 2)
                {
                    count++;
                }
            }
        }
        catch (JsonException e)
        {
            throw new SettingException($"{path}: {e.Message}");
        }

        return count;
    }
}
