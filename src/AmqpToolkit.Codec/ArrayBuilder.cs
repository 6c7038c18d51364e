namespace AmqpToolkit.Codec;

/// <summary>Writes the elements of a field array into the octets of its <see cref="TableBuilder"/>. Valid within the callback that received it.</summary>
public sealed class ArrayBuilder
{
    private readonly FieldBuffer _buffer;
    private readonly TableBuilder _table;

    internal ArrayBuilder(FieldBuffer buffer, TableBuilder table)
    {
        _buffer = buffer;
        _table = table;
    }

    /// <summary>Adds an element.</summary>
    public ArrayBuilder Add(scoped in FieldValue value)
    {
        _buffer.WriteValue(value);
        return this;
    }

    /// <summary>Adds an element with the field type that fits the object, see <see cref="TableBuilder.AddObject"/>.</summary>
    /// <exception cref="ArgumentException">No field type fits.</exception>
    public ArrayBuilder AddObject(object? value)
    {
        _buffer.WriteObject(value);
        return this;
    }

    /// <summary>Adds a table as an element.</summary>
    public ArrayBuilder AddTable(Action<TableBuilder> fill)
    {
        ArgumentNullException.ThrowIfNull(fill);
        return AddTable(fill, static (builder, fill) => fill(builder));
    }

    /// <summary>As <see cref="AddTable(Action{TableBuilder})"/>, for a static lambda that is handed its state.</summary>
    public ArrayBuilder AddTable<TState>(TState state, Action<TableBuilder, TState> fill)
#if NET9_0_OR_GREATER
        where TState : allows ref struct
#endif
    {
        ArgumentNullException.ThrowIfNull(fill);
        _table.WriteTable(state, fill);
        return this;
    }

    /// <summary>Adds an array as an element.</summary>
    public ArrayBuilder AddArray(Action<ArrayBuilder> fill)
    {
        ArgumentNullException.ThrowIfNull(fill);
        WriteArray(fill, static (builder, fill) => fill(builder));
        return this;
    }

    internal void WriteArray<TState>(TState state, Action<ArrayBuilder, TState> fill)
#if NET9_0_OR_GREATER
        where TState : allows ref struct
#endif
    {
        int lengthAt = _buffer.Begin(FieldType.Array);
        fill(this, state);
        _buffer.End(lengthAt);
    }
}
