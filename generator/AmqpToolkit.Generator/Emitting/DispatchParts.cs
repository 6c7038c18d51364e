namespace AmqpToolkit.Generator.Emitting;

/// <summary>What the switches over methods, controls and commands have in common.</summary>
internal static class DispatchParts
{
    /// <summary>The interface that all handlers of a role make up.</summary>
    public static void EmitWholeHandler(SourceWriter writer, string noun, string role, string typeName, IReadOnlyList<string> handlerTypeNames)
    {
        writer.Line($"""
            /// <summary>Handles every {noun} that a {role} receives.</summary>
            {Emitter.GeneratedCode}
            """);
        if (handlerTypeNames.Count == 0)
        {
            writer.Line($"public interface {typeName};");
            return;
        }

        writer.Line($"public interface {typeName} :");
        using (writer.Indented())
        {
            for (int i = 0; i < handlerTypeNames.Count; i++)
            {
                writer.Line(handlerTypeNames[i] + (i + 1 < handlerTypeNames.Count ? "," : ";"));
            }
        }
    }

    /// <summary>Documentation and signature of a switch.</summary>
    /// <param name="writer">Gets them.</param>
    /// <param name="name">What the switch is called.</param>
    /// <param name="handlerTypeName">The interface that it calls.</param>
    /// <param name="summary">What it does.</param>
    /// <param name="noun">What it looks at: method, control or command.</param>
    /// <param name="payload">What the payload consists of.</param>
    /// <param name="unexpected">For what it does not call the handler.</param>
    public static void EmitSignature(SourceWriter writer, string name, string handlerTypeName, string summary, string noun, string payload, string unexpected)
    {
        writer.Line($"""
            /// <summary>{summary}</summary>
            /// <param name="handler">A struct, or a class: the calls are direct for a struct.</param>
            /// <param name="channel">Channel that the {noun} came on.</param>
            /// <param name="payload">{payload}</param>
            /// <returns>
            /// <see cref="DecodeError.None"/> when the handler was called; else why not, and it was not called. <see cref="DecodeError.UnexpectedMethod"/>
            /// for {unexpected}.
            /// </returns>
            """);
        writer.Line($"public static DecodeError {name}<THandler>(ref THandler handler, ushort channel, ReadOnlySpan<byte> payload)");
        using (writer.Indented())
        {
            writer.Line($"where THandler : {handlerTypeName}");
        }
    }

    /// <summary>Decodes one method, control or command, and calls the handler.</summary>
    /// <param name="writer">Gets it.</param>
    /// <param name="handlerTypeName">The interface that it calls.</param>
    /// <param name="typeName">What is decoded.</param>
    /// <param name="noun">What that is: method, control or command.</param>
    /// <param name="source">What its octets are called.</param>
    /// <param name="hasSync">The flag of a command's session header is handed on.</param>
    public static void EmitDecode(SourceWriter writer, string handlerTypeName, string typeName, string noun, string source, bool hasSync) => writer.Line($$"""

        private static DecodeError Decode{{typeName}}<THandler>(ref THandler handler, ushort channel, {{(hasSync ? "bool sync, " : "")}}ReadOnlySpan<byte> {{source}})
            where THandler : {{handlerTypeName}}
        {
            DecodeError error = {{typeName}}View.TryParse({{source}}, out {{typeName}}View {{noun}});
            if (error != DecodeError.None)
            {
                return error;
            }

            if (!{{noun}}.IsTextValid)
            {
                return DecodeError.InvalidUtf8;
            }

            handler.Handle{{typeName}}(channel, {{(hasSync ? "sync, " : "")}}in {{noun}});
            return DecodeError.None;
        }
        """);
}
