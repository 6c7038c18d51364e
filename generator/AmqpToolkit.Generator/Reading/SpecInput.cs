namespace AmqpToolkit.Generator.Reading;

/// <summary>A file of AMQP XML and what the project says about it.</summary>
/// <param name="Path">Path of the file.</param>
/// <param name="Spec">Item metadata <c>AmqpSpec</c>: the edition that the file defines, or <c>auto</c>.</param>
/// <param name="OverlayFor">Item metadata <c>AmqpOverlayFor</c>: the edition that the file extends.</param>
/// <param name="Namespace">Item metadata <c>AmqpNamespace</c>: namespace of the emitted code.</param>
/// <param name="Text">Content of the file.</param>
internal sealed record SpecInput(string Path, string? Spec, string? OverlayFor, string? Namespace, string Text);
