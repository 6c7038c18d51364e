namespace AmqpToolkit.Conformance.Tests.Peer;

/// <summary>
/// The methods of 0-9-1 with RabbitMQ's extensions, written down once more by hand and independent of the product's
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

    private static readonly Dictionary<string, MethodShape> ByName = Parse().ToDictionary(shape => shape.Name);

    private static readonly Dictionary<(ushort ClassId, ushort MethodId), MethodShape> ById = ByName.Values.ToDictionary(shape => (shape.ClassId, shape.MethodId));

    public static MethodShape Find(string name) =>
        ByName.TryGetValue(name, out var shape) ? shape : throw new ArgumentException($"No method '{name}' in the catalogue.", nameof(name));

    public static MethodShape Find(ushort classId, ushort methodId) =>
        ById.TryGetValue((classId, methodId), out var shape) ? shape : throw new InvalidDataException($"The broker sent an unknown method {classId}.{methodId}.");

    private static IEnumerable<MethodShape> Parse() =>
        from line in Text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        let words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        select new MethodShape(words[0], ushort.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture), ushort.Parse(words[2], System.Globalization.CultureInfo.InvariantCulture), words[3..]);
}
