namespace AmqpToolkit.Generator;

/// <summary>Names of the generator's steps, for tests that ask which of them ran.</summary>
internal static class TrackingNames
{
    /// <summary>A file and its metadata.</summary>
    public const string Input = "AmqpInput";

    /// <summary>A parsed file: document, locations, findings.</summary>
    public const string Read = "AmqpRead";

    /// <summary>The document of a file, without locations.</summary>
    public const string Document = "AmqpDocument";

    /// <summary>The documents of one edition: base and overlays.</summary>
    public const string Edition = "AmqpEdition";

    /// <summary>A merged and checked edition, with findings.</summary>
    public const string Link = "AmqpLink";

    /// <summary>A merged and checked edition.</summary>
    public const string Model = "AmqpModel";

    /// <summary>The plan of one emitted file.</summary>
    public const string Lower = "AmqpLower";

    /// <summary>The text of one emitted file.</summary>
    public const string Emit = "AmqpEmit";
}
