using System.Text.Json.Nodes;

namespace AmqpToolkit.Interop.Tests.Matrix;

/// <summary>One message of the matrix: what its sender is told, and what readers of either version have to find, a line each.</summary>
/// <param name="Name">Its name in a failure.</param>
/// <param name="Message">What the sender is told.</param>
/// <param name="Older">What a reader of 0-9-1 finds.</param>
/// <param name="Newer">What a reader of 1.0 finds.</param>
/// <param name="Senders">Who can send it; null for all of its version.</param>
internal sealed record MatrixCase(string Name, JsonObject Message, string[] Older, string[] Newer, string[]? Senders = null);
