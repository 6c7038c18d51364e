using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using RabbitMQ.Client;

namespace AmqpToolkit.Interop.Tests.Matrix;

/// <summary>The ends of the matrix with RabbitMQ.Client.</summary>
internal static class RabbitMqEnd
{
    public static async Task SendAsync(IChannel channel, string exchange, JsonNode message)
    {
        var properties = new BasicProperties();
        foreach (var (name, value) in message["properties"]!.AsObject())
        {
            switch (name)
            {
                case "content_type": properties.ContentType = (string)value!; break;
                case "content_encoding": properties.ContentEncoding = (string)value!; break;
                case "delivery_mode": properties.DeliveryMode = (DeliveryModes)(int)value!; break;
                case "priority": properties.Priority = (byte)(int)value!; break;
                case "correlation_id": properties.CorrelationId = (string)value!; break;
                case "reply_to": properties.ReplyTo = (string)value!; break;
                case "expiration": properties.Expiration = (string)value!; break;
                case "message_id": properties.MessageId = (string)value!; break;
                case "timestamp": properties.Timestamp = new AmqpTimestamp((long)value!); break;
                case "type": properties.Type = (string)value!; break;
                case "user_id": properties.UserId = (string)value!; break;
                case "app_id": properties.AppId = (string)value!; break;
                default: throw new InvalidOperationException(name);
            }
        }

        var headers = message["headers"]!.AsArray();
        if (headers.Count > 0)
        {
            properties.Headers = headers.ToDictionary(header => (string)header![0]!, header => ValueOf(header![1]!));
        }

        await channel.BasicPublishAsync(exchange, "key", mandatory: true, properties, Convert.FromHexString((string)message["body"]!));
    }

    public static async Task<string[]> ReceiveAsync(IChannel channel, string queue)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var got = await channel.BasicGetAsync(queue, autoAck: true, patience.Token);
        Assert.NotNull(got);
        var properties = got.BasicProperties;
        var found = new JsonObject();
        Add("content-type", properties.IsContentTypePresent(), properties.ContentType);
        Add("content-encoding", properties.IsContentEncodingPresent(), properties.ContentEncoding);
        Add("delivery-mode", properties.IsDeliveryModePresent(), $"{(int)properties.DeliveryMode}");
        Add("priority", properties.IsPriorityPresent(), $"{properties.Priority}");
        Add("correlation-id", properties.IsCorrelationIdPresent(), properties.CorrelationId);
        Add("reply-to", properties.IsReplyToPresent(), properties.ReplyTo);
        Add("expiration", properties.IsExpirationPresent(), properties.Expiration);
        Add("message-id", properties.IsMessageIdPresent(), properties.MessageId);
        Add("timestamp", properties.IsTimestampPresent(), $"{properties.Timestamp.UnixTime}");
        Add("type", properties.IsTypePresent(), properties.Type);
        Add("user-id", properties.IsUserIdPresent(), properties.UserId);
        Add("app-id", properties.IsAppIdPresent(), properties.AppId);
        var headers = new JsonObject();
        foreach (var (name, value) in properties.Headers ?? new Dictionary<string, object?>())
        {
            headers[name] = TextOf(value);
        }

        return MatrixViews.OlderLines(new JsonObject { ["properties"] = found, ["headers"] = headers, ["body"] = Convert.ToHexStringLower(got.Body.Span) });

        void Add(string name, bool isThere, string? value)
        {
            if (isThere)
            {
                found[name] = value;
            }
        }
    }

    private static object? ValueOf(JsonNode typed)
    {
        var what = typed[1];
        return (string)typed[0]! switch
        {
            "V" => null,
            "t" => (bool)what!,
            "b" => (sbyte)(int)what!,
            "B" => (byte)(int)what!,
            "s" => (short)(int)what!,
            "u" => (ushort)(int)what!,
            "I" => (int)what!,
            "i" => (uint)(long)what!,
            "l" => (long)what!,
            "f" => (float)(double)what!,
            "d" => (double)what!,
            "D" => decimal.Parse((string)what!, CultureInfo.InvariantCulture),
            "S" => (string)what!,
            "x" => new BinaryTableValue(Convert.FromHexString((string)what!)),
            "T" => new AmqpTimestamp((long)what!),
            "A" => what!.AsArray().Select(one => ValueOf(one!)).ToList(),
            "F" => what!.AsArray().ToDictionary(entry => (string)entry![0]!, entry => ValueOf(entry![1]!)),
            _ => throw new InvalidOperationException($"{typed}"),
        };
    }

    private static string TextOf(object? value) => value switch
    {
        null => "V:",
        bool flag => $"t:{(flag ? "true" : "false")}",
        sbyte number => $"b:{number}",
        byte number => $"B:{number}",
        short number => $"s:{number}",
        ushort number => $"u:{number}",
        int number => $"I:{number}",
        uint number => $"i:{number}",
        long number => $"l:{number}",
        float number => string.Create(CultureInfo.InvariantCulture, $"f:{number}"),
        double number => string.Create(CultureInfo.InvariantCulture, $"d:{number}"),
        decimal number => string.Create(CultureInfo.InvariantCulture, $"D:{number}"),
        byte[] text => $"S:{Encoding.UTF8.GetString(text)}",
        string text => $"S:{text}",
        BinaryTableValue octets => $"x:{Convert.ToHexStringLower(octets.Bytes)}",
        AmqpTimestamp time => $"T:{time.UnixTime}",
        IDictionary<string, object?> table => $"F[{string.Join(',', table.Select(entry => $"{entry.Key}={TextOf(entry.Value)}"))}]",
        IList list => $"A[{string.Join(',', list.Cast<object?>().Select(TextOf))}]",
        _ => $"{value.GetType()}",
    };
}
