namespace AmqpToolkit.Storage.Files;

/// <summary>Folders in a data folder that mean something.</summary>
internal static class StoreFolders
{
    /// <summary>There while a repaired journal takes the place of a damaged one: until that is done no broker uses the folder.</summary>
    public const string Repaired = "repaired";

    /// <summary>The logs of streams, each in a folder that has the stream's number for a name.</summary>
    public const string Streams = "streams";
}
