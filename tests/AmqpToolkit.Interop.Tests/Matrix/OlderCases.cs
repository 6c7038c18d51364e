using System.Text;
using System.Text.Json.Nodes;

namespace AmqpToolkit.Interop.Tests.Matrix;

/// <summary>Messages of 0-9-1: every property, every type of a field table; expected as RabbitMQ's tables have it.</summary>
internal static class OlderCases
{
    private const string Uuid = "00112233-4455-6677-8899-aabbccddeeff";

    /// <summary>A value of a header, what it is as an application-property (null: it has no place there), and as a message-annotation.</summary>
    private static readonly (Typed Value, Typed? Property, Typed Annotation)[] Values =
    [
        (("t", true), ("boolean", true), ("boolean", true)),
        (("b", 5), ("byte", 5), ("byte", 5)),
        (("B", 100), ("ubyte", 100), ("ubyte", 100)),
        (("s", -2), ("short", -2), ("short", -2)),
        (("u", 65534), ("ushort", 65534), ("ushort", 65534)),
        (("I", -100000), ("int", -100000), ("int", -100000)),
        (("i", 4294967295), ("uint", 4294967295), ("uint", 4294967295)),
        (("l", 5000000000), ("long", 5000000000), ("long", 5000000000)),
        (("f", 1.5), ("float", 1.5), ("float", 1.5)),
        (("d", -1.25), ("double", -1.25), ("double", -1.25)),
        (("D", "3.14"), ("decimal64", "318000000000013a"), ("decimal64", "318000000000013a")),
        (("S", "h\u00fc"), ("string", "h\u00fc"), ("string", "h\u00fc")),
        (("x", "ff00"), ("binary", "ff00"), ("binary", "ff00")),
        (("T", 1700000000), ("timestamp", 1700000000000), ("timestamp", 1700000000000)),
        (("V", null), ("null", null), ("null", null)),
        (("A", (Typed[])[("I", 1), ("t", true)]), null, ("list", (Typed[])[("int", 1), ("boolean", true)])),
        (("F", ((string, Typed)[])[("a", ("I", 10))]), null, ("map", ((string, Typed)[])[("a", ("int", 10))])),
    ];

    /// <summary>What pika writes of them; RabbitMQ.Client writes all, and the type L is py-amqp's.</summary>
    private static readonly string[] OfPika = ["t", "I", "l", "D", "S", "x", "T", "V", "A", "F"];

    public static MatrixCase[] All { get; } =
    [
        new(
            "all properties",
            MessageOf("octets", [], new JsonObject
            {
                ["content_type"] = "text/plain", ["content_encoding"] = "gzip", ["delivery_mode"] = 2, ["priority"] = 3, ["correlation_id"] = "c", ["reply_to"] = "a q/1", ["expiration"] = "6000000",
                ["message_id"] = "m", ["timestamp"] = 1700000000, ["type"] = "kind", ["user_id"] = "guest", ["app_id"] = "app",
            }),
            [
                "p content-type=text/plain", "p content-encoding=gzip", "p delivery-mode=2", "p priority=3", "p correlation-id=c", "p reply-to=a q/1", "p expiration=6000000", "p message-id=m",
                "p timestamp=1700000000", "p type=kind", "p user-id=guest", "p app-id=app", BodyOf("octets"),
            ],
            [
                "durable", "priority=3", "ttl", "p message-id=string:m", "p user-id=6775657374", "p reply-to=/queues/a%20q%2F1", "p correlation-id=string:c", "p content-type=text/plain", "p content-encoding=gzip",
                "p creation-time=1700000000000", "p group-id=app", "n x-basic-type=string:kind", DataOf("octets"),
            ],
            ["pika", "rabbitmq"]),
        new("no properties", MessageOf("", [], []), [BodyOf("")], [DataOf("")], ["pika", "rabbitmq"]),
        new(
            "ids",
            MessageOf("x", [], new JsonObject { ["message_id"] = $"urn:uuid:{Uuid}", ["correlation_id"] = "17" }),
            [$"p message-id=urn:uuid:{Uuid}", "p correlation-id=17", BodyOf("x")],
            [$"p message-id=uuid:{Uuid}", "p correlation-id=string:17", DataOf("x")],
            ["pika", "rabbitmq"]),
        HeadersOf("headers of pika", [.. Values.Where(row => OfPika.Contains(row.Value.Type))], "pika"),
        HeadersOf("headers of RabbitMQ.Client", Values, "rabbitmq"),
        HeadersOf("headers of py-amqp", [(("L", 5000000000), ("long", 5000000000), ("long", 5000000000))], "amqp"),
        new(
            "copies",
            MessageOf("x", [("CC", ("A", (Typed[])[("S", "one"), ("S", "two")]))], []),
            ["h CC=A[S:one,S:two]", BodyOf("x")],
            ["n x-cc=list[string:one,string:two]", DataOf("x")],
            ["pika", "rabbitmq"]),
    ];

    private static MatrixCase HeadersOf(string name, (Typed Value, Typed? Property, Typed Annotation)[] rows, string sender) => new(
        name,
        MessageOf("x", [.. rows.Select(row => ($"h{row.Value.Type}", row.Value)), .. rows.Select(row => ($"x-{row.Value.Type}", row.Value))], []),
        [.. rows.Select(row => $"h h{row.Value.Type}={row.Value}"), .. rows.Select(row => $"h x-{row.Value.Type}={row.Value}"), BodyOf("x")],
        [.. rows.Where(row => row.Property is not null).Select(row => $"a h{row.Value.Type}={row.Property}"), .. rows.Select(row => $"n x-{row.Value.Type}={row.Annotation}"), DataOf("x")],
        [sender]);

    private static JsonObject MessageOf(string body, (string Name, Typed Value)[] headers, JsonObject properties) => new()
    {
        ["properties"] = properties,
        ["headers"] = new JsonArray([.. headers.Select(header => (JsonNode)new JsonArray(header.Name, header.Value.ToJson()))]),
        ["body"] = Hex(body),
    };

    private static string BodyOf(string body) => $"body={Hex(body)}";

    private static string DataOf(string body) => $"body=data:{Hex(body)}";

    private static string Hex(string text) => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text));
}
