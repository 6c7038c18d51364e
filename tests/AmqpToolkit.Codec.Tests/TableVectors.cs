namespace AmqpToolkit.Codec.Tests;

/// <summary>Hand-made field tables, each with what it holds and where its entries end.</summary>
internal static class TableVectors
{
    /// <summary>One entry of each type, the key named after its tag.</summary>
    internal static readonly byte[] EveryType = Hex.Parse(
        """
        04 74 72 75 65  74 01                       # true   t true
        01 74           74 00                       # t      t false
        01 62           62 80                       # b      b -128
        01 42           42 FF                       # B      B 255
        01 73           73 80 00                    # s      s -32768
        01 75           75 FF FF                    # u      u 65535
        01 49           49 80 00 00 00              # I      I -2^31
        01 69           69 FF FF FF FF              # i      i 2^32-1
        01 6C           6C 80 00 00 00 00 00 00 00  # l      l -2^63
        01 4C           4C FF FF FF FF FF FF FF FE  # L      L -2
        01 66           66 3F C0 00 00              # f      f 1.5
        01 64           64 C0 04 00 00 00 00 00 00  # d      d -2.5
        01 44           44 02 00 00 01 3B           # D      D 3.15
        03 6E 65 67     44 03 FF FF FF FF           # neg    D -0.001
        01 53           53 00 00 00 03 61 C3 A9     # S      S "aé"
        03 72 61 77     53 00 00 00 02 C3 28        # raw    S no UTF-8
        01 78           78 00 00 00 02 00 FF        # x      x 00 FF
        01 54           54 00 00 00 00 60 00 00 00  # T      T 0x60000000
        01 56           56                          # V      V
        01 46           46 00 00 00 05              # F      F, 5 octets
            02 69 6E    74 01                       #   in     t true
        01 41           41 00 00 00 07              # A      A, 7 octets
            62 07                                   #   b 7
            53 00 00 00 00                          #   S ""
        00              56                          #        V under the empty key
        """);

    internal static readonly byte[] Nested = Hex.Parse(
        """
        01 61  46 00 00 00 1C          # a: F, 28 octets
            01 62  41 00 00 00 12      #   b: A, 18 octets
                46 00 00 00 07         #     F, 7 octets
                    01 63  49 00 00 00 2A  # c: I 42
                41 00 00 00 00         #     A, empty
                56                     #     V
            01 64  56                  #   d: V
        """);

    /// <summary>Offsets at which an entry ends: cut there, a table is whole.</summary>
    internal static List<int> Boundaries(ReadOnlySpan<byte> table)
    {
        List<int> boundaries = [0];
        TableView view = new(table);
        foreach (TableEntryView entry in view)
        {
            int valueOctets = entry.Value.Type switch
            {
                FieldType.LongString or FieldType.Binary or FieldType.Table or FieldType.Array => sizeof(uint) + entry.Value.Payload.Length,
                _ => entry.Value.Payload.Length,
            };
            boundaries.Add(boundaries[^1] + 1 + entry.Key.Length + 1 + valueOctets);
        }

        return boundaries;
    }
}
