using AmqpToolkit.Generator.Lowering;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>The file of a class: for each method its view and its owned form, then the content properties, then the handlers.</summary>
internal static class ClassEmitter
{
    public static void Emit(SourceWriter writer, ClassUnit unit)
    {
        bool first = true;
        void Separate()
        {
            if (!first)
            {
                writer.Line();
            }

            first = false;
        }

        foreach (MethodPlan method in unit.Methods)
        {
            if (unit.Options.Has(EmittedParts.Views))
            {
                Separate();
                ViewEmitter.Emit(writer, method, unit.Options);
            }

            if (unit.Options.Has(EmittedParts.Owned))
            {
                Separate();
                OwnedEmitter.Emit(writer, method);
            }
        }

        if (unit.Properties is { } properties && unit.Options.Has(EmittedParts.Properties))
        {
            Separate();
            PropertiesViewEmitter.Emit(writer, properties);
            writer.Line();
            PropertiesEmitter.Emit(writer, properties);
        }

        foreach (HandlerPlan handler in unit.Handlers.Where(_ => unit.Options.Has(EmittedParts.Dispatch)))
        {
            Separate();
            Emit(writer, handler);
        }
    }

    private static void Emit(SourceWriter writer, HandlerPlan handler)
    {
        writer.Line($"""
            /// <summary>Handles the methods of the class {handler.ClassName} that a {handler.Role} receives.</summary>
            {Emitter.GeneratedCode}
            """);
        using (writer.Braces($"public interface {handler.TypeName}"))
        {
            foreach (HandledMethod method in handler.Methods)
            {
                writer.Gap();
                writer.Line($"""
                    /// <summary>{Docs.Sentence(method.Label, $"Handles {method.Name}")} ({method.Name})</summary>
                    void Handle{method.TypeName}(ushort channel, in {method.TypeName}View method);
                    """);
            }
        }
    }
}
