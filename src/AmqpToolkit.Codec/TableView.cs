using System.Text;

namespace AmqpToolkit.Codec;

/// <summary>
/// A field table (0-9-1 specification, 4.2.5.5) as it stands on the wire, read in place. Nothing is decoded before it is asked for and nothing is
/// allocated but by <see cref="ToDictionary()"/> and <see cref="ToOwned"/>.
/// <code>*( key-octets(1) key(key-octets) tag(1) value )</code>
/// Safe over any octets: where the table is malformed, enumeration and lookup end as if the table did. <see cref="Validate"/> tells.
/// </summary>
public readonly ref struct TableView
{
    /// <summary>How deep tables and arrays may be nested, the outermost counted; bounds the stack of every walk.</summary>
    public const int MaxDepth = 32;

    private readonly ReadOnlySpan<byte> _wire;

    /// <summary>A view of the octets after the length of a table.</summary>
    public TableView(ReadOnlySpan<byte> wire) => _wire = wire;

    /// <summary>The octets of the table, without its length.</summary>
    public ReadOnlySpan<byte> Span => _wire;

    /// <summary>Whether the table has no entry.</summary>
    public bool IsEmpty => _wire.IsEmpty;

    /// <summary>Checks tags, lengths and depth of a whole table in one walk without allocation. Keys and strings may hold any octets.</summary>
    /// <returns>
    /// <see cref="DecodeError.None"/>, <see cref="DecodeError.MalformedTable"/>, <see cref="DecodeError.UnknownFieldType"/> or
    /// <see cref="DecodeError.NestingTooDeep"/>.
    /// </returns>
    public static DecodeError Validate(ReadOnlySpan<byte> wire) =>
        wire.IsEmpty ? DecodeError.None : FieldLayout.Validate(wire, isArray: false, depth: 1);

    /// <summary>Finds the first entry with the key, compared octet by octet.</summary>
    public bool TryGetValue(ReadOnlySpan<byte> utf8Key, out FieldValueView value)
    {
        ReadOnlySpan<byte> wire = _wire;
        int at = 0;
        while (at < wire.Length)
        {
            int keyOctets = wire[at];
            int keyAt = at + 1;
            int tagAt = keyAt + keyOctets;
            if (tagAt >= wire.Length || FieldLayout.Measure(wire, tagAt, out int start, out int length) != DecodeError.None)
            {
                break;
            }

            if (keyOctets == utf8Key.Length && wire.Slice(keyAt, keyOctets).SequenceEqual(utf8Key))
            {
                value = new FieldValueView(wire[tagAt], wire.Slice(start, length));
                return true;
            }

            at = start + length;
        }

        value = default;
        return false;
    }

    /// <summary>Whether an entry has the key.</summary>
    public bool ContainsKey(ReadOnlySpan<byte> utf8Key) => TryGetValue(utf8Key, out _);

    /// <summary>Enumerates the entries in their order on the wire.</summary>
    public Enumerator GetEnumerator() => new(_wire);

    /// <summary>
    /// The entries as objects, see <see cref="FieldValueView.ToObject()"/>. Of entries with the same key the first counts; octets of keys that are no
    /// UTF-8 become U+FFFD.
    /// </summary>
    public Dictionary<string, object?> ToDictionary() => ToDictionary(depth: 1);

    /// <summary>A copy that outlives the buffer.</summary>
    public Table ToOwned() => Table.CopyOf(_wire);

    internal Dictionary<string, object?> ToDictionary(int depth)
    {
        var entries = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (depth <= MaxDepth)
        {
            foreach (TableEntryView entry in this)
            {
                entries.TryAdd(Encoding.UTF8.GetString(entry.Key), entry.Value.ToObject(depth));
            }
        }

        return entries;
    }

    /// <summary>Walks the entries of a table.</summary>
    public ref struct Enumerator
    {
        private readonly ReadOnlySpan<byte> _wire;
        private int _keyAt;
        private int _tagAt;
        private int _start;
        private int _end;

        internal Enumerator(ReadOnlySpan<byte> wire) => _wire = wire;

        /// <summary>The current entry.</summary>
        public readonly TableEntryView Current =>
            new(_wire[_keyAt.._tagAt], new FieldValueView(_wire[_tagAt], _wire[_start.._end]));

        /// <summary>Goes to the next entry; false at the end, or where the table is malformed.</summary>
        public bool MoveNext()
        {
            if (_end >= _wire.Length)
            {
                return false;
            }

            int keyAt = _end + 1;
            int tagAt = keyAt + _wire[_end];
            if (tagAt >= _wire.Length || FieldLayout.Measure(_wire, tagAt, out int start, out int length) != DecodeError.None)
            {
                return false;
            }

            _keyAt = keyAt;
            _tagAt = tagAt;
            _start = start;
            _end = start + length;
            return true;
        }
    }
}
