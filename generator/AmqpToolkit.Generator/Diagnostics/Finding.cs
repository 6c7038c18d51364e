using AmqpToolkit.Generator.Infrastructure;

namespace AmqpToolkit.Generator.Diagnostics;

/// <summary>
/// A diagnostic that can be compared: what was found, in which element of which file. The line is looked up when it is reported.
/// </summary>
/// <param name="Id">Identifier of the rule, see <see cref="Rules"/>.</param>
/// <param name="Path">The file.</param>
/// <param name="Node">Ordinal of the element in the file; 0 is the root.</param>
/// <param name="Attribute">The attribute that is to blame, or null for the element.</param>
/// <param name="Arguments">Arguments of the rule's message.</param>
internal sealed record Finding(string Id, string Path, int Node, string? Attribute, EquatableArray<string> Arguments);
