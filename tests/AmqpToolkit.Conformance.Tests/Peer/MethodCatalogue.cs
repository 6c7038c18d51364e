namespace AmqpToolkit.Conformance.Tests.Peer;

/// <summary>
/// The methods of 0-9-1 with RabbitMQ's extensions, and where 0-8 and 0-9 differ, written down once more by hand and independent of the product's
/// definitions: a mistake there does not hide itself here.
/// </summary>
internal static class MethodCatalogue
{
    private const string Text = """
        connection.start            10 10  octet octet table longstr longstr
        connection.start-ok         10 11  table shortstr longstr shortstr
        connection.secure           10 20  longstr
        connection.secure-ok        10 21  longstr
        connection.tune             10 30  short long short
        connection.tune-ok          10 31  short long short
        connection.open             10 40  shortstr shortstr bit
        connection.open-ok          10 41  shortstr
        connection.close            10 50  short shortstr short short
        connection.close-ok         10 51
        connection.blocked          10 60  shortstr
        connection.unblocked        10 61
        connection.update-secret    10 70  longstr shortstr
        connection.update-secret-ok 10 71
        channel.open                20 10  shortstr
        channel.open-ok             20 11  longstr
        channel.flow                20 20  bit
        channel.flow-ok             20 21  bit
        channel.close               20 40  short shortstr short short
        channel.close-ok            20 41
        access.request              30 10  shortstr bit bit bit bit bit
        access.request-ok           30 11  short
        exchange.declare            40 10  short shortstr shortstr bit bit bit bit bit table
        exchange.declare-ok         40 11
        exchange.delete             40 20  short shortstr bit bit
        exchange.delete-ok          40 21
        exchange.bind               40 30  short shortstr shortstr shortstr bit table
        exchange.bind-ok            40 31
        exchange.unbind             40 40  short shortstr shortstr shortstr bit table
        exchange.unbind-ok          40 51
        queue.declare               50 10  short shortstr bit bit bit bit bit table
        queue.declare-ok            50 11  shortstr long long
        queue.bind                  50 20  short shortstr shortstr shortstr bit table
        queue.bind-ok               50 21
        queue.purge                 50 30  short shortstr bit
        queue.purge-ok              50 31  long
        queue.delete                50 40  short shortstr bit bit bit
        queue.delete-ok             50 41  long
        queue.unbind                50 50  short shortstr shortstr shortstr table
        queue.unbind-ok             50 51
        basic.qos                   60 10  long short bit
        basic.qos-ok                60 11
        basic.consume               60 20  short shortstr shortstr bit bit bit bit table
        basic.consume-ok            60 21  shortstr
        basic.cancel                60 30  shortstr bit
        basic.cancel-ok             60 31  shortstr
        basic.publish               60 40  short shortstr shortstr bit bit
        basic.return                60 50  short shortstr shortstr shortstr
        basic.deliver               60 60  shortstr longlong bit shortstr shortstr
        basic.get                   60 70  short shortstr bit
        basic.get-ok                60 71  longlong bit shortstr shortstr long
        basic.get-empty             60 72  shortstr
        basic.ack                   60 80  longlong bit
        basic.reject                60 90  longlong bit
        basic.recover-async         60 100 bit
        basic.recover               60 110 bit
        basic.recover-ok            60 111
        basic.nack                  60 120 longlong bit bit
        confirm.select              85 10  bit
        confirm.select-ok           85 11
        tx.select                   90 10
        tx.select-ok                90 11
        tx.commit                   90 20
        tx.commit-ok                90 21
        tx.rollback                 90 30
        tx.rollback-ok              90 31
        """;

    /// <summary>What 0-8 and 0-9 have and no broker has a use for.</summary>
    private const string Unused = """
        file.qos                    70 10  long short bit
        file.qos-ok                 70 11
        file.publish                70 60  short shortstr shortstr bit bit shortstr
        stream.qos                  80 10  long short long bit
        stream.publish              80 40  short shortstr shortstr bit bit
        dtx.select                 100 10
        dtx.start                  100 20  shortstr
        tunnel.request             110 10  table

        """;

    private const string Of0_9 = Unused + """
        connection.redirect         10 42  shortstr shortstr
        channel.resume              20 50  longstr
        channel.ping                20 60
        channel.pong                20 70
        channel.ok                  20 80
        message.qos                120 110 long short bit
        message.ok                 120 500
        """;

    private const string Of0_8 = Unused + """
        connection.redirect         10 50  shortstr shortstr
        connection.close            10 60  short shortstr short short
        connection.close-ok         10 61
        channel.open-ok             20 11
        channel.alert               20 30  short shortstr table
        basic.consume               60 20  short shortstr shortstr bit bit bit bit
        test.integer               120 10  octet short long longlong octet
        test.integer-ok            120 11  longlong
        """;

    /// <summary>What a client of 0-8 cannot say.</summary>
    private static readonly string[] NotIn0_8 =
    [
        "connection.blocked", "connection.unblocked", "connection.update-secret", "connection.update-secret-ok", "exchange.bind", "exchange.bind-ok", "exchange.unbind", "exchange.unbind-ok",
        "basic.nack", "confirm.select", "confirm.select-ok",
    ];

    private static readonly Dictionary<string, MethodShape> Common = Parse(Text).ToDictionary(shape => shape.Name);

    private static readonly Dictionary<string, MethodShape>[] ByName = [.. Enum.GetValues<Edition>().Select(Create)];

    private static readonly Dictionary<(ushort ClassId, ushort MethodId), MethodShape>[] ById = [.. ByName.Select(one => one.Values.ToDictionary(shape => (shape.ClassId, shape.MethodId)))];

    public static bool Has(string name, Edition edition) => ByName[(int)edition].ContainsKey(name);

    public static MethodShape Find(string name, Edition edition = Edition.V0_9_1) =>
        ByName[(int)edition].TryGetValue(name, out var shape) ? shape : throw new ArgumentException($"No method '{name}' in the catalogue of {edition}.", nameof(name));

    public static MethodShape Find(ushort classId, ushort methodId, Edition edition = Edition.V0_9_1) =>
        ById[(int)edition].TryGetValue((classId, methodId), out var shape) ? shape : throw new InvalidDataException($"The broker sent a method that {edition} does not know: {classId}.{methodId}.");

    private static Dictionary<string, MethodShape> Create(Edition edition)
    {
        var methods = new Dictionary<string, MethodShape>(Common);
        foreach (var name in edition >= Edition.V0_8 ? NotIn0_8 : [])
        {
            methods.Remove(name);
        }

        foreach (var shape in Parse(edition switch { Edition.V0_9_1 => "", Edition.V0_9 => Of0_9, _ => Of0_8 }))
        {
            methods[shape.Name] = shape;
        }

        return methods;
    }

    private static IEnumerable<MethodShape> Parse(string text) =>
        from line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        let words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        select new MethodShape(words[0], ushort.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture), ushort.Parse(words[2], System.Globalization.CultureInfo.InvariantCulture), words[3..]);
}
