namespace AmqpToolkit.Codec.Descriptions;

/// <summary>What kind of thing a <see cref="ShapeDescription"/> describes.</summary>
public enum ShapeKind : byte
{
    /// <summary>A method of 0-8, 0-9 or 0-9-1.</summary>
    Method,

    /// <summary>The content properties of a class of 0-8, 0-9 or 0-9-1.</summary>
    Properties,

    /// <summary>A control of 0-10.</summary>
    Control,

    /// <summary>A command of 0-10.</summary>
    Command,

    /// <summary>A struct of 0-10.</summary>
    Struct,

    /// <summary>A composite of 1.0: a described list of fields.</summary>
    Composite,

    /// <summary>A described value of 1.0 that is no list of fields.</summary>
    Value,
}
