namespace AmqpToolkit.Generator.Reading;

/// <summary>A file of AMQP XML and what the project says about it.</summary>
/// <param name="Path">Path of the file.</param>
/// <param name="Spec">Item metadata <c>AmqpSpec</c>: the edition that the file defines, or <c>auto</c>.</param>
/// <param name="OverlayFor">Item metadata <c>AmqpOverlayFor</c>: the edition that the file extends.</param>
/// <param name="Namespace">Item metadata <c>AmqpNamespace</c>: namespace of the emitted code.</param>
/// <param name="Text">Content of the file.</param>
/// <param name="RootNamespace">Property <c>AmqpRootNamespace</c>: what stands before the edition in the namespace of a file that names none.</param>
/// <param name="Visibility">Item metadata or property <c>AmqpVisibility</c>: <c>public</c> or <c>internal</c>.</param>
/// <param name="Emit">Item metadata or property <c>AmqpEmit</c>: names of the parts that are emitted.</param>
/// <param name="Failure">Why the host could not give the content.</param>
internal sealed record SpecInput(
    string Path,
    string? Spec,
    string? OverlayFor,
    string? Namespace,
    string Text,
    string? RootNamespace = null,
    string? Visibility = null,
    string? Emit = null,
    string? Failure = null);
