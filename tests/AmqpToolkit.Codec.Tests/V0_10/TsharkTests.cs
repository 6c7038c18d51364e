using System.Globalization;
using System.Text;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.Tests.Specs;
using AmqpToolkit.Codec.V0_10;
using FrameReader = AmqpToolkit.Codec.V0_10.FrameReader;
using FrameWriter = AmqpToolkit.Codec.V0_10.FrameWriter;

namespace AmqpToolkit.Codec.Tests.V0_10;

/// <summary>tshark's dissector of 0-10, by other hands: it finds in our frames the names and the values that we put in.</summary>
public class TsharkTests
{
    private const int Seed = 104;

    /// <summary>
    /// What tshark 4.0 reads otherwise: an xid as it was before the errata, without its code; a map of which it takes the size for the count; the length
    /// of a binding key for the key; classes that there are not.
    /// </summary>
    private static readonly HashSet<string> s_misread =
    [
        .. CommandSpec.Instance.Packed.Where(item => item.Fields.Any(field => field.Type == "DtxXid")).SelectMany(item => item.Fields.Select(field => $"{item.Name} {field.Name}")),
        "execution.exception class-code", "execution.exception command-code", "message.subscribe arguments", "exchange.bind binding-key", "exchange.unbind binding-key", "exchange.bound binding-key", "exchange.bound arguments",
    ];

    [TsharkFact]
    public void EveryControlAndCommand_IsDissectedAsMeant()
    {
        var random = new PackedRandom(Seed, plain: true);
        SpecPacked[] items = [.. CommandSpec.Instance.Packed.Where(item => item.Kind != "struct")];
        object[] instances = [.. items.Select(item => random.Instance(item))];
        List<byte[]> pieces = [ProtocolHeader.V0_10.ToArray()];
        for (int i = 0; i < items.Length; i++)
        {
            byte[] fields = PackedSpecCoverageTests.Write(instances[i]);
            bool isCommand = items[i].Kind == "command";
            byte[] payload = [(byte)(items[i].Code!.Value >> 8), (byte)items[i].Code!.Value, .. isCommand ? new byte[] { 1, 1 } : [], .. fields];
            byte[] frame = new byte[FrameReader.HeaderOctets + payload.Length];
            FrameWriter.WriteHeader(frame, FrameFlags.Whole, isCommand ? SegmentType.Command : SegmentType.Control, isCommand ? Track.Command : Track.Control, channel: 5, payload.Length);
            payload.CopyTo(frame, FrameReader.HeaderOctets);
            pieces.Add(frame);
        }

        string[] packets = Tshark.Dissect(pieces);

        Assert.Equal(pieces.Count, packets.Length);
        var missing = new List<string>();
        for (int i = 0; i < items.Length; i++)
        {
            missing.AddRange(Expectations(items[i], instances[i]).Where(expected => !expected.Split('|').Any(form => packets[i + 1].Contains(form, StringComparison.Ordinal))).Select(expected => $"{items[i].Name}: {expected}"));
        }

        Assert.True(missing.Count == 0, string.Join('\n', missing));
    }

    private static IEnumerable<string> Expectations(SpecPacked item, object instance)
    {
        // It takes the numbers of tx.commit and tx.rollback for names of their own.
        yield return item.Name is "tx.commit" or "tx.rollback" ? "Class: Tx (5)" : $"Method: {item.Name} ({item.Code & 0xFF})";
        foreach (SpecField field in item.Fields.Where(field => !s_misread.Contains($"{item.Name} {field.Name}")))
        {
            object value = item.Type.PropertyOf(field.Name).GetValue(instance)!;
            foreach (string expected in Expectations(field.Type, value))
            {
                yield return expected;
            }
        }
    }

    private static IEnumerable<string> Expectations(string type, object value)
    {
        switch (value)
        {
            case LongString text when type is "str8" or "str16":
                return [$": {text}\n"];
            case LongString octets:
                return [Hex.Of(octets.ToMemory().Span[..Math.Min(octets.ToMemory().Length, 32)]).ToLowerInvariant()]; // it cuts long ones off
            case PackedValue { TypeCode: TypeCodes.Array } array:
                var texts = new List<string>();
                array.View.TryGetArray(out PackedArrayView elements);
                foreach (PackedValueView element in elements)
                {
                    texts.Add($"String: {Encoding.UTF8.GetString(element.Contents)}\n");
                }

                return texts;
            case PackedValue { TypeCode: TypeCodes.Map } map:
                map.View.TryGetMap(out PackedMapView entries);
                var keys = new List<string> { $"({entries.Count} entr" };
                foreach (PackedEntryView entry in entries)
                {
                    keys.Add(Encoding.UTF8.GetString(entry.Key) + " (");
                    break; // it goes wrong after types that it does not implement
                }

                return keys;
            case PackedValue:
                return ["struct: queue.queue-query-result (0x0801)", "Message-count: 7"];
            case SequenceSet set:
                return Enumerable.Range(0, set.Count).Select(i => FormattableString.Invariant($"({set[i].First}, {set[i].Last})"));
            case Enum choice:
                return [$"({Convert.ToUInt64(choice, CultureInfo.InvariantCulture)})"];
            case bool bit:
                Assert.True(bit);
                return [];
            case ulong number:
                return [string.Create(CultureInfo.InvariantCulture, $": {number}\n|: 0x{number:x16}\n")];
            default:
                return [$": {Convert.ToString(value, CultureInfo.InvariantCulture)}"];
        }
    }
}
