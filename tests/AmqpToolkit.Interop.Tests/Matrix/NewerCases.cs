using System.Text.Json.Nodes;

namespace AmqpToolkit.Interop.Tests.Matrix;

/// <summary>Messages of 1.0: every property, the four forms of ids, every type, every body; expected as RabbitMQ's tables have it.</summary>
internal static class NewerCases
{
    private const string Uuid = "00112233-4455-6677-8899-aabbccddeeff";

    private static readonly string[] OfProton = ["proton"];

    /// <summary>Proton has no body where its value is null.</summary>
    private static readonly string[] OfRhea = ["rhea"];

    /// <summary>A simple value, and what it is as a header.</summary>
    private static readonly (Typed Value, Typed Header)[] Simple =
    [
        (("null", null), ("V", null)),
        (("boolean", true), ("t", true)),
        (("ubyte", 100), ("B", 100)),
        (("ushort", 65534), ("u", 65534)),
        (("uint", 4294967295), ("i", 4294967295)),
        (("ulong", 5000000000), ("l", 5000000000)),
        (("byte", 5), ("b", 5)),
        (("short", -2), ("s", -2)),
        (("int", -100000), ("I", -100000)),
        (("long", 5000000000), ("l", 5000000000)),
        (("float", 1.5), ("f", 1.5)),
        (("double", -1.25), ("d", -1.25)),
        (("char", "\u20ac"), ("S", "\u20ac")),
        (("timestamp", 1700000000000), ("T", 1700000000)),
        (("uuid", Uuid), ("S", $"urn:uuid:{Uuid}")),
        (("binary", "ff00"), ("x", "ff00")),
        (("string", "h\u00fc"), ("S", "h\u00fc")),
        (("symbol", "sym"), ("S", "sym")),
    ];

    /// <summary>rhea writes none.</summary>
    private static readonly (Typed Value, Typed Header)[] Decimals =
    [
        (("decimal32", "3180013a"), ("D", "3.14")),
        (("decimal64", "318000000000013a"), ("D", "3.14")),
        (("decimal128", "303c000000000000000000000000013a"), ("D", "3.14")),
    ];

    private static readonly (Typed Value, Typed Header)[] Compound =
    [
        (("list", (Typed[])[("int", 1), ("string", "a")]), ("A", (Typed[])[("I", 1), ("S", "a")])),
        (("map", ((string, Typed)[])[("a", ("int", 10))]), ("F", ((string, Typed)[])[("a", ("I", 10))])),
        (("array", (int[])[1, 2]), ("A", (Typed[])[("I", 1), ("I", 2)])),
    ];

    public static MatrixCase[] All { get; } =
    [
        new(
            "all properties",
            MessageOf(
                Data("0102"),
                header: new JsonObject { ["durable"] = true, ["priority"] = 3, ["ttl"] = 6000000 },
                properties:
                [
                    ("message-id", ("string", "m")), ("user-id", ("binary", "6775657374")), ("to", ("string", "somewhere")), ("subject", ("string", "s")), ("reply-to", ("string", "/queues/a%20q%2F1")),
                    ("correlation-id", ("string", "c")), ("content-type", ("symbol", "text/plain")), ("content-encoding", ("symbol", "gzip")), ("absolute-expiry-time", ("timestamp", 4102444800000)),
                    ("creation-time", ("timestamp", 1700000000000)), ("group-id", ("string", "g")), ("group-sequence", ("uint", 7)), ("reply-to-group-id", ("string", "rg")),
                ]),
            [
                "p content-type=text/plain", "p content-encoding=gzip", "p delivery-mode=2", "p priority=3", "p correlation-id=c", "p reply-to=a q/1", "p expiration=6000000", "p message-id=m",
                "p timestamp=1700000000", "p user-id=guest", "p app-id=g", "body=0102",
            ],
            [
                "durable", "priority=3", "ttl", "p message-id=string:m", "p user-id=6775657374", "p to=somewhere", "p subject=s", "p reply-to=/queues/a%20q%2F1", "p correlation-id=string:c",
                "p content-type=text/plain", "p content-encoding=gzip", "p absolute-expiry-time=4102444800000", "p creation-time=1700000000000", "p group-id=g", "p group-sequence=7", "p reply-to-group-id=rg",
                "body=data:0102",
            ]),
        IdsOf("ids that are numbers", ("ulong", 5000000000), "p message-id=5000000000", "p correlation-id=5000000000"),
        IdsOf("ids that are uuids", ("uuid", Uuid), $"p message-id=urn:uuid:{Uuid}", $"p correlation-id=urn:uuid:{Uuid}"),
        IdsOf("ids that are octets", ("binary", "ff00"), "h x-message-id=x:ff00", "h x-correlation-id=x:ff00"),
        IdsOf("long ids", ("string", new string('i', 300)), $"h x-message-id=S:{new string('i', 300)}", $"h x-correlation-id=S:{new string('i', 300)}"),
        PropertiesOf("application-properties", Simple, null),
        PropertiesOf("application-properties that are decimal", Decimals, OfProton),
        AnnotationsOf("message-annotations", [.. Simple, .. Compound], null),
        AnnotationsOf("message-annotations that are decimal", Decimals, OfProton),
        new("several data sections", MessageOf(Data("0102", "03")), ["p delivery-mode=1", "body=010203"], ["body=data:0102+03"]),
        .. Simple.Concat(Compound).Select(row => ValueOf(row.Value, row.Value.What is null ? OfRhea : null)),
        .. Decimals.Select(row => ValueOf(row.Value, OfProton)),
        SequencesOf("a sequence", [[("int", 1), ("string", "a")]]),
        SequencesOf("several sequences", [[("int", 1)], [("string", "a"), ("boolean", true)]]),
    ];

    private static MatrixCase IdsOf(string name, Typed id, params string[] older) => new(
        name,
        MessageOf(Data("01"), properties: [("message-id", id), ("correlation-id", id)]),
        ["p delivery-mode=1", .. older, "body=01"],
        [$"p message-id={id}", $"p correlation-id={id}", "body=data:01"]);

    private static MatrixCase PropertiesOf(string name, (Typed Value, Typed Header)[] rows, string[]? senders) => new(
        name,
        MessageOf(Data("01"), application: [.. rows.Select(row => ($"k-{row.Value.Type}", row.Value))]),
        ["p delivery-mode=1", .. rows.Select(row => $"h k-{row.Value.Type}={row.Header}"), "body=01"],
        [.. rows.Select(row => $"a k-{row.Value.Type}={row.Value}"), "body=data:01"],
        senders);

    private static MatrixCase AnnotationsOf(string name, (Typed Value, Typed Header)[] rows, string[]? senders) => new(
        name,
        MessageOf(Data("01"), annotations: [.. rows.Select(row => ($"x-{row.Value.Type}", row.Value))]),
        ["p delivery-mode=1", .. rows.Select(row => $"h x-{row.Value.Type}={row.Header}"), "body=01"],
        [.. rows.Select(row => $"n x-{row.Value.Type}={row.Value}"), "body=data:01"],
        senders);

    private static MatrixCase ValueOf(Typed value, string[]? senders) => new(
        $"a body that is {value.Type}",
        MessageOf(new JsonArray("value", value.ToJson())),
        ["p delivery-mode=1", "p type=amqp-1.0", $"body=value {value}"],
        [$"body=value:{value}"],
        senders);

    private static MatrixCase SequencesOf(string name, Typed[][] sequences) => new(
        name,
        MessageOf(new JsonArray("sequence", new JsonArray([.. sequences.Select(one => (JsonNode)new JsonArray([.. one.Select(element => element.ToJson())]))]))),
        ["p delivery-mode=1", "p type=amqp-1.0", $"body={string.Join(' ', sequences.Select(one => $"sequence {new Typed("list", one)}"))}"],
        [$"body=sequence:{string.Join('+', sequences.Select(one => new Typed("list", one)))}"]);

    private static JsonArray Data(params string[] octets) => new("data", new JsonArray([.. octets.Select(one => (JsonNode)one)]));

    private static JsonObject MessageOf(
        JsonArray body, JsonObject? header = null, (string Name, Typed Value)[]? properties = null, (string Name, Typed Value)[]? application = null, (string Name, Typed Value)[]? annotations = null) => new()
    {
        ["header"] = header ?? [],
        ["properties"] = ListOf(properties),
        ["application"] = ListOf(application),
        ["annotations"] = ListOf(annotations),
        ["body"] = body,
    };

    private static JsonArray ListOf((string Name, Typed Value)[]? entries) => new([.. (entries ?? []).Select(entry => (JsonNode)new JsonArray(entry.Name, entry.Value.ToJson()))]);
}
