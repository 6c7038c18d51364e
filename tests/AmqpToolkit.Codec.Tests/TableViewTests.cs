using System.Text;

namespace AmqpToolkit.Codec.Tests;

public class TableViewTests
{
    [Fact]
    public void FieldTypes_AreTheTagsOfTheDefinition()
    {
        for (int tag = 0; tag <= byte.MaxValue; tag++)
        {
            Assert.Equal(Enum.IsDefined((FieldType)tag), V0_9_1.FieldValueTags.Widths[tag] != V0_9_1.FieldValueTags.UnknownTag);
        }
    }

    [Fact]
    public void Validate_EveryType_None() => Assert.Equal(DecodeError.None, TableView.Validate(TableVectors.EveryType));

    [Fact]
    public void Validate_EmptyTable_None() => Assert.Equal(DecodeError.None, TableView.Validate([]));

    [Fact]
    public void ToDictionary_EveryType_GivesObjectsOfTheirWidth()
    {
        Dictionary<string, object?> entries = new TableView(TableVectors.EveryType).ToDictionary();

        var expected = new Dictionary<string, object?>
        {
            ["true"] = true,
            ["t"] = false,
            ["b"] = sbyte.MinValue,
            ["B"] = byte.MaxValue,
            ["s"] = short.MinValue,
            ["u"] = ushort.MaxValue,
            ["I"] = int.MinValue,
            ["i"] = uint.MaxValue,
            ["l"] = long.MinValue,
            ["L"] = -2L,
            ["f"] = 1.5f,
            ["d"] = -2.5,
            ["D"] = 3.15m,
            ["neg"] = -0.001m,
            ["S"] = "aé",
            ["raw"] = new byte[] { 0xC3, 0x28 },
            ["x"] = new byte[] { 0x00, 0xFF },
            ["T"] = new AmqpTimestamp(0x60000000),
            ["V"] = null,
            ["F"] = new Dictionary<string, object?> { ["in"] = true },
            ["A"] = new object?[] { (sbyte)7, string.Empty },
            [string.Empty] = null,
        };
        Assert.Equal(expected.Count, entries.Count);
        foreach ((string key, object? value) in expected)
        {
            Assert.Equal(value, entries[key]);
        }
    }

    [Theory]
    [InlineData("b", -128)]
    [InlineData("B", 255)]
    [InlineData("s", -32768)]
    [InlineData("u", 65535)]
    [InlineData("I", int.MinValue)]
    [InlineData("i", uint.MaxValue)]
    [InlineData("l", long.MinValue)]
    [InlineData("L", -2)]
    public void TryGetInt64_AnyWidth_WidensWithSign(string key, long expected)
    {
        Assert.True(new TableView(TableVectors.EveryType).TryGetValue(Encoding.UTF8.GetBytes(key), out FieldValueView value));
        Assert.True(value.TryGetInt64(out long actual));
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void TypedAccessors_OfAnotherType_AnswerFalse()
    {
        Assert.True(new TableView(TableVectors.EveryType).TryGetValue("V"u8, out FieldValueView value));

        Assert.True(value.IsVoid);
        Assert.False(value.TryGetBoolean(out _));
        Assert.False(value.TryGetInt64(out _));
        Assert.False(value.TryGetDouble(out _));
        Assert.False(value.TryGetDecimal(out _));
        Assert.False(value.TryGetString(out _));
        Assert.False(value.TryGetBinary(out _));
        Assert.False(value.TryGetTimestamp(out _));
        Assert.False(value.TryGetTable(out _));
        Assert.False(value.TryGetArray(out _));
    }

    [Fact]
    public void TypedAccessors_OfTheDefaultValue_AnswerFalse()
    {
        FieldValueView value = default;

        Assert.Equal(default, value.Type);
        Assert.False(value.IsVoid);
        Assert.False(value.TryGetInt64(out _));
        Assert.Null(value.ToObject());
    }

    [Fact]
    public void TypedAccessors_OfTheirType_AnswerTheValue()
    {
        var table = new TableView(TableVectors.EveryType);

        Assert.True(table.TryGetValue("true"u8, out FieldValueView value) && value.TryGetBoolean(out bool boolean) && boolean);
        Assert.True(table.TryGetValue("f"u8, out value) && value.TryGetDouble(out double single) && single == 1.5);
        Assert.True(table.TryGetValue("d"u8, out value) && value.TryGetDouble(out double number) && number == -2.5);
        Assert.True(table.TryGetValue("D"u8, out value) && value.TryGetDecimal(out decimal exact) && exact == 3.15m);
        Assert.True(table.TryGetValue("S"u8, out value) && value.TryGetString(out ReadOnlySpan<byte> text) && text.SequenceEqual("aé"u8));
        Assert.True(table.TryGetValue("x"u8, out value) && value.TryGetBinary(out ReadOnlySpan<byte> binary) && binary.Length == 2);
        Assert.True(table.TryGetValue("T"u8, out value) && value.TryGetTimestamp(out AmqpTimestamp time) && time.Seconds == 0x60000000);
        Assert.True(table.TryGetValue("F"u8, out value) && value.TryGetTable(out TableView nested) && nested.ContainsKey("in"u8));
        Assert.True(table.TryGetValue("A"u8, out value) && value.TryGetArray(out ArrayView array) && !array.IsEmpty);
        Assert.True(table.TryGetValue(default, out value) && value.IsVoid);
    }

    [Theory]
    [InlineData("absent")]
    [InlineData("tru")]
    [InlineData("truee")]
    public void TryGetValue_OfAbsentKey_AnswersFalse(string key)
    {
        Assert.False(new TableView(TableVectors.EveryType).TryGetValue(Encoding.UTF8.GetBytes(key), out FieldValueView value));
        Assert.Equal(0, value.Tag);
    }

    [Fact]
    public void TryGetValue_OfRepeatedKey_FindsTheFirst()
    {
        byte[] wire = Hex.Parse("01 61 62 01  01 61 62 02");

        Assert.True(new TableView(wire).TryGetValue("a"u8, out FieldValueView value));
        Assert.True(value.TryGetInt64(out long number));
        Assert.Equal(1, number);
        Assert.Equal((sbyte)1, new TableView(wire).ToDictionary()["a"]);
    }

    [Fact]
    public void Keys_OfAnyOctets_AreAcceptedAndFound()
    {
        byte[] wire = Hex.Parse("02 FF FE 74 01");

        Assert.Equal(DecodeError.None, TableView.Validate(wire));
        Assert.True(new TableView(wire).ContainsKey([0xFF, 0xFE]));
        Assert.Equal("\uFFFD\uFFFD", Assert.Single(new TableView(wire).ToDictionary()).Key);
    }

    [Fact]
    public void Decimal_WithScaleOver28_StaysOctets()
    {
        byte[] wire = Hex.Parse("01 61 44 1D 00 00 00 01");

        Assert.Equal(DecodeError.None, TableView.Validate(wire));
        Assert.True(new TableView(wire).TryGetValue("a"u8, out FieldValueView value));
        Assert.False(value.TryGetDecimal(out _));
        Assert.Equal(wire[3..], value.ToObject());
    }

    [Theory]
    [InlineData("01 61 44 00 80 00 00 00", "-2147483648")]
    [InlineData("01 61 44 1C 7F FF FF FF", "0.0000000000000000002147483647")]
    [InlineData("01 61 44 02 00 00 00 64", "1.00")]
    public void Decimal_AtItsEnds_ReadsSigned(string hex, string expected)
    {
        Assert.True(new TableView(Hex.Parse(hex)).TryGetValue("a"u8, out FieldValueView value));
        Assert.True(value.TryGetDecimal(out decimal number));
        Assert.Equal(expected, number.ToString());
    }

    [Fact]
    public void Nested_TableInArrayInTable_IsReached()
    {
        Assert.Equal(DecodeError.None, TableView.Validate(TableVectors.Nested));
        Assert.True(new TableView(TableVectors.Nested).TryGetValue("a"u8, out FieldValueView a));
        Assert.True(a.TryGetTable(out TableView table));
        Assert.True(table.TryGetValue("b"u8, out FieldValueView b));
        Assert.True(b.TryGetArray(out ArrayView array));
        ArrayView.Enumerator elements = array.GetEnumerator();
        Assert.True(elements.MoveNext());
        Assert.True(elements.Current.TryGetTable(out TableView inner));
        Assert.True(inner.TryGetValue("c"u8, out FieldValueView c) && c.TryGetInt64(out long number) && number == 42);
        Assert.True(elements.MoveNext());
        Assert.True(elements.Current.TryGetArray(out ArrayView empty) && empty.IsEmpty);
        Assert.True(elements.MoveNext());
        Assert.True(elements.Current.IsVoid);
        Assert.False(elements.MoveNext());
        Assert.True(table.ContainsKey("d"u8));
    }

    [Theory]
    [InlineData("05 61", DecodeError.MalformedTable)]                                // key longer than the table
    [InlineData("01 61", DecodeError.MalformedTable)]                                // no tag
    [InlineData("00", DecodeError.MalformedTable)]                                   // empty key, no tag
    [InlineData("01 61 49 00 00 00", DecodeError.MalformedTable)]                    // int32 of three octets
    [InlineData("01 61 74", DecodeError.MalformedTable)]                             // boolean of none
    [InlineData("01 61 53 00 00 00", DecodeError.MalformedTable)]                    // length of three octets
    [InlineData("01 61 53 00 00 00 05 61", DecodeError.MalformedTable)]              // string longer than the table
    [InlineData("01 61 53 FF FF FF FF 61", DecodeError.MalformedTable)]              // string of 4 GiB
    [InlineData("01 61 78 80 00 00 00 61", DecodeError.MalformedTable)]              // binary of 2 GiB
    [InlineData("01 61 46 00 00 00 09 01 62 74 01", DecodeError.MalformedTable)]     // nested table longer than its parent
    [InlineData("01 61 46 00 00 00 03 01 62 74 01", DecodeError.MalformedTable)]     // nested entry cut by its table's length
    [InlineData("01 61 41 00 00 00 02 49 00 00 00 01", DecodeError.MalformedTable)]  // element cut by its array's length
    [InlineData("01 61 41 00 00 00 01 7A", DecodeError.UnknownFieldType)]            // unknown tag in an array
    [InlineData("01 61 7A 00", DecodeError.UnknownFieldType)]                        // z
    [InlineData("01 61 00 00", DecodeError.UnknownFieldType)]
    [InlineData("01 61 FF 00", DecodeError.UnknownFieldType)]
    public void Validate_OfLyingTable_TellsTheError(string hex, DecodeError expected)
    {
        byte[] wire = Hex.Parse(hex);

        Assert.Equal(expected, TableView.Validate(wire));
        WalkTests.Walk(new TableView(wire));
    }

    [Fact]
    public void Validate_OfEveryTag_KnowsExactlyTheDialect()
    {
        var octetsByTag = new Dictionary<char, int>
        {
            ['t'] = 1, ['b'] = 1, ['B'] = 1, ['s'] = 2, ['u'] = 2, ['I'] = 4, ['i'] = 4, ['l'] = 8, ['L'] = 8, ['f'] = 4, ['d'] = 8, ['D'] = 5,
            ['T'] = 8, ['V'] = 0, ['S'] = 4, ['x'] = 4, ['A'] = 4, ['F'] = 4, // the last four: the octets of an empty one's length
        };
        for (int tag = 0; tag <= byte.MaxValue; tag++)
        {
            bool known = octetsByTag.TryGetValue((char)tag, out int octets);
            byte[] wire = [1, (byte)'k', (byte)tag, .. new byte[octets]];

            Assert.Equal(known ? DecodeError.None : DecodeError.UnknownFieldType, TableView.Validate(wire));
            Assert.Equal(known, new TableView(wire).ContainsKey("k"u8));
            Assert.Equal(known, Enum.IsDefined((FieldType)tag));
        }
    }

    [Fact]
    public void Validate_CutAnywhere_ReportsUnlessAtABoundary()
    {
        foreach (byte[] wire in new[] { TableVectors.EveryType, TableVectors.Nested })
        {
            List<int> boundaries = TableVectors.Boundaries(wire);
            Assert.Equal(wire.Length, boundaries[^1]);
            for (int length = 0; length < wire.Length; length++)
            {
                DecodeError expected = boundaries.Contains(length) ? DecodeError.None : DecodeError.MalformedTable;
                Assert.Equal(expected, TableView.Validate(wire.AsSpan(0, length)));
            }
        }
    }

    [Theory]
    [InlineData(TableView.MaxDepth, DecodeError.None)]
    [InlineData(TableView.MaxDepth + 1, DecodeError.NestingTooDeep)]
    [InlineData(10_000, DecodeError.NestingTooDeep)]
    public void Validate_OfNestedTables_StopsAtTheLimit(int depth, DecodeError expected) =>
        Assert.Equal(expected, TableView.Validate(Bomb(depth, array: false)));

    [Theory]
    [InlineData(TableView.MaxDepth, DecodeError.None)]
    [InlineData(TableView.MaxDepth + 1, DecodeError.NestingTooDeep)]
    [InlineData(20_000, DecodeError.NestingTooDeep)]
    public void Validate_OfNestedArrays_StopsAtTheLimit(int depth, DecodeError expected) =>
        Assert.Equal(expected, ArrayView.Validate(Bomb(depth, array: true)));

    [Fact]
    public void ToDictionary_OfUnvalidatedBomb_EndsAtTheLimit()
    {
        object? value = new TableView(Bomb(10_000, array: false)).ToDictionary();
        int depth = 0;
        while (value is Dictionary<string, object?> table)
        {
            depth++;
            value = table.Count == 0 ? null : table.Values.Single();
        }

        Assert.Equal(TableView.MaxDepth + 1, depth);
        Assert.NotNull(new ArrayView(Bomb(10_000, array: true)).ToArray());
    }

    [Fact]
    public void ToOwned_Copies()
    {
        byte[] wire = [.. TableVectors.Nested];
        Table table = new TableView(wire).ToOwned();
        wire.AsSpan().Clear();

        Assert.Equal(new Table(TableVectors.Nested), table);
        Assert.NotEqual(new Table(wire), table);
    }

    /// <summary>Containers one in another, the innermost empty; the outermost is the input itself.</summary>
    internal static byte[] Bomb(int depth, bool array)
    {
        var layers = new List<byte[]>();
        int inner = 0;
        for (int layer = 1; layer < depth; layer++)
        {
            byte[] head = array ? [(byte)'A', 0, 0, 0, 0] : [1, (byte)'k', (byte)'F', 0, 0, 0, 0];
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(head.Length - sizeof(int)), inner);
            inner += head.Length;
            layers.Add(head);
        }

        layers.Reverse();
        return [.. layers.SelectMany(layer => layer)];
    }
}
