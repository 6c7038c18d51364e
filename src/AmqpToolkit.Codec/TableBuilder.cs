namespace AmqpToolkit.Codec;

/// <summary>
/// Writes the entries of a field table straight into wire octets. Reusable after <see cref="Clear"/>, and then free of allocation as long as its buffer
/// suffices. Keys are not checked for duplicates. Owned by one thread at a time.
/// </summary>
public sealed class TableBuilder
{
    private readonly FieldBuffer _buffer = new();
    private ArrayBuilder? _array;

    /// <summary>Octets written so far.</summary>
    public int Octets => _buffer.Written.Length;

    /// <summary>The wire octets written so far, without a length; valid until the next change.</summary>
    public ReadOnlySpan<byte> Span => _buffer.Written;

    private ArrayBuilder NestedArray => _array ??= new ArrayBuilder(_buffer, this);

    /// <summary>Adds an entry.</summary>
    /// <param name="utf8Key">At most 255 octets.</param>
    /// <param name="value">Converted from the .NET value, see <see cref="FieldValue"/>.</param>
    /// <exception cref="ArgumentException">The key takes more than 255 octets.</exception>
    public TableBuilder Add(ReadOnlySpan<byte> utf8Key, scoped in FieldValue value)
    {
        _buffer.WriteEntry(utf8Key, value);
        return this;
    }

    /// <summary>Adds a text (<c>S</c>), already encoded.</summary>
    /// <inheritdoc cref="Add(ReadOnlySpan{byte}, in FieldValue)"/>
    public TableBuilder Add(ReadOnlySpan<byte> utf8Key, ReadOnlySpan<byte> utf8)
    {
        _buffer.WriteEntry(utf8Key, utf8);
        return this;
    }

    /// <summary>Adds a binary value (<c>x</c>), or void for null.</summary>
    /// <inheritdoc cref="Add(ReadOnlySpan{byte}, in FieldValue)"/>
    public TableBuilder Add(ReadOnlySpan<byte> utf8Key, byte[]? octets) => Add(utf8Key, (FieldValue)octets);

    /// <inheritdoc cref="Add(ReadOnlySpan{byte}, in FieldValue)"/>
    public TableBuilder Add(string key, scoped in FieldValue value)
    {
        _buffer.WriteEntry(key, value);
        return this;
    }

    /// <summary>
    /// Adds an entry with the field type that fits the object: numbers by their width (<see cref="ulong"/> up to 2^63 - 1), <see cref="string"/> and
    /// <see cref="LongString"/> as long strings, <c>byte[]</c> as binary, dates as timestamps, <see cref="Table"/> and sequences of key-value pairs as
    /// tables, other sequences as arrays, null as void.
    /// </summary>
    /// <exception cref="ArgumentException">No field type fits, or the key takes more than 255 octets.</exception>
    /// <exception cref="InvalidOperationException">The object is nested deeper than <see cref="TableView.MaxDepth"/>.</exception>
    public TableBuilder AddObject(string key, object? value)
    {
        _buffer.WriteKey(key);
        _buffer.WriteObject(value);
        return this;
    }

    /// <summary>Adds a nested table. Within <paramref name="fill"/> its entries go to the builder that it is given.</summary>
    public TableBuilder AddTable(string key, Action<TableBuilder> fill)
    {
        ArgumentNullException.ThrowIfNull(fill);
        _buffer.WriteKey(key);
        WriteTable(fill, static (builder, fill) => fill(builder));
        return this;
    }

    /// <summary>As <see cref="AddTable(string, Action{TableBuilder})"/>, for a static lambda that is handed its state.</summary>
    public TableBuilder AddTable<TState>(ReadOnlySpan<byte> utf8Key, TState state, Action<TableBuilder, TState> fill)
#if NET9_0_OR_GREATER
        where TState : allows ref struct
#endif
    {
        ArgumentNullException.ThrowIfNull(fill);
        _buffer.WriteKey(utf8Key);
        WriteTable(state, fill);
        return this;
    }

    /// <summary>Adds an array. Within <paramref name="fill"/> its elements go to the builder that it is given.</summary>
    public TableBuilder AddArray(string key, Action<ArrayBuilder> fill)
    {
        ArgumentNullException.ThrowIfNull(fill);
        _buffer.WriteKey(key);
        NestedArray.WriteArray(fill, static (builder, fill) => fill(builder));
        return this;
    }

    /// <summary>As <see cref="AddArray(string, Action{ArrayBuilder})"/>, for a static lambda that is handed its state.</summary>
    public TableBuilder AddArray<TState>(ReadOnlySpan<byte> utf8Key, TState state, Action<ArrayBuilder, TState> fill)
#if NET9_0_OR_GREATER
        where TState : allows ref struct
#endif
    {
        ArgumentNullException.ThrowIfNull(fill);
        _buffer.WriteKey(utf8Key);
        NestedArray.WriteArray(state, fill);
        return this;
    }

    /// <summary>Forgets all entries and keeps the buffer.</summary>
    public TableBuilder Clear()
    {
        _buffer.Clear();
        return this;
    }

    /// <summary>The table, over a copy of the octets.</summary>
    public Table ToTable() => Table.CopyOf(_buffer.Written);

    /// <summary>Writes the octets of the table, without a length.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than <see cref="Octets"/>.</exception>
    /// <returns>The number of octets written.</returns>
    public int Write(Span<byte> destination)
    {
        ReadOnlySpan<byte> written = _buffer.Written;
        written.CopyTo(destination);
        return written.Length;
    }

    internal void WriteTable<TState>(TState state, Action<TableBuilder, TState> fill)
#if NET9_0_OR_GREATER
        where TState : allows ref struct
#endif
    {
        int lengthAt = _buffer.Begin(FieldType.Table);
        fill(this, state);
        _buffer.End(lengthAt);
    }
}
