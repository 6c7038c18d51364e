namespace AmqpToolkit.Generator.Diagnostics;

/// <summary>
/// The last resort: an exception that nobody foresaw becomes a diagnostic at the file, and every other file is generated all the same. Roslyn would drop
/// the generator with everything that it has emitted.
/// </summary>
internal static class Failure
{
    public const string Read = "read the file";
    public const string Linked = "linked the edition";
    public const string Lowered = "laid the edition out";
    public const string Emitted = "emitted code";

    public static string Describe(Exception exception) => $"{exception.GetType().Name}: {exception.Message}";

    public static Finding Of(string path, string step, Exception exception) => Of(path, step, Describe(exception));

    public static Finding Of(string path, string step, string what) => new(Rules.GeneratorFailed.Id, path, 0, null, new([step, what]));
}

/// <summary>The same where no file is known any more: emission knows editions.</summary>
internal sealed record EmissionFailure(string Edition, string Step, string What);
