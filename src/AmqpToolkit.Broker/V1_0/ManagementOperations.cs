using System.Text;
using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.V1_0;

/// <summary>
/// What the management node does, in the manner of RabbitMQ 4: the subject of a request is a method of HTTP, its address a path, the answer's subject a status.
/// <code>
///   GET PUT DELETE /queues/:queue                    PUT DELETE /exchanges/:exchange       POST /bindings
///   DELETE /queues/:queue/messages                   PUT /auth/tokens                      DELETE /bindings/src=:source;dstq=:queue;key=:key;args=
///                                                                                          GET /bindings?src=:source&amp;dstq=:queue&amp;key=:key
/// </code>
/// Rules, rights and texts are those of 0-9-1. Used by the connection's reader.
/// </summary>
internal static class ManagementOperations
{
    private const int Ok = 200;
    private const int Created = 201;
    private const int NoContent = 204;

    /// <summary>The request cannot be done by anybody.</summary>
    public const int BadRequest = 400;

    /// <summary>Octets of an answer that lists; who has more asks for less.</summary>
    private const int MaxListOctets = 256 * 1024;

    private const int MaxNameOctets = byte.MaxValue;

    /// <summary>Octets of a hash that tells the arguments of bindings apart.</summary>
    private const int HashOctets = 16;

    /// <summary>Does what is asked.</summary>
    /// <param name="connection">Who asks.</param>
    /// <param name="method">The method.</param>
    /// <param name="path">The path.</param>
    /// <param name="body">What came with it; null for nothing.</param>
    /// <param name="answer">Gets the answer's body; nothing for null.</param>
    /// <returns>The status.</returns>
    public static int Do(PeerConnection connection, ReadOnlySpan<byte> method, ReadOnlySpan<byte> path, EncodedValueView body, EncodedValueBuilder answer)
    {
        string verb = Encoding.ASCII.GetString(method);
        string text = Encoding.UTF8.GetString(path);
        int question = text.IndexOf('?', StringComparison.Ordinal);
        string query = question < 0 ? string.Empty : text[(question + 1)..];
        string[] parts = (question < 0 ? text : text[..question]).Split('/');
        body.TryGetMap(out var map);
        if (parts is ["", "queues" or "exchanges", var name, ..] && Decode(name).Length is 0 or > MaxNameOctets)
        {
            return Say(BadRequest, $"a name has 1 to {MaxNameOctets} octets", answer);
        }

        return (verb, parts) switch
        {
            ("GET", ["", "queues", var queue]) => GetQueue(connection, Decode(queue), answer),
            ("PUT", ["", "queues", var queue]) => PutQueue(connection, Decode(queue), map, answer),
            ("DELETE", ["", "queues", var queue]) => DeleteQueue(connection, Decode(queue), answer),
            ("DELETE", ["", "queues", var queue, "messages"]) => PurgeQueue(connection, Decode(queue), answer),
            ("PUT", ["", "exchanges", var exchange]) => PutExchange(connection, Decode(exchange), map, answer),
            ("DELETE", ["", "exchanges", var exchange]) => Done(connection.VirtualHost.DeleteExchange(Decode(exchange), ifUnused: false, connection.Caller), answer),
            ("POST", ["", "bindings"]) => Bind(connection, map, answer),
            ("DELETE", ["", "bindings", var binding]) => Unbind(connection, Fields(binding, ';'), answer),
            ("GET", ["", "bindings"]) => GetBindings(connection, Fields(query, '&'), answer),
            ("PUT", ["", "auth", "tokens"]) => NoContent,
            _ => Say(BadRequest, $"{verb} {text} is not known", answer),
        };
    }

    private static byte[] Decode(string part) => Encoding.UTF8.GetBytes(Uri.UnescapeDataString(part));

    private static Dictionary<string, byte[]> Fields(string text, char separator)
    {
        var fields = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (string field in text.Split(separator, StringSplitOptions.RemoveEmptyEntries))
        {
            int equal = field.IndexOf('=', StringComparison.Ordinal);
            if (equal > 0 && Decode(field[(equal + 1)..]) is { Length: <= MaxNameOctets } value)
            {
                fields[field[..equal]] = value;
            }
        }

        return fields;
    }

    private static int GetQueue(PeerConnection connection, byte[] name, EncodedValueBuilder answer)
    {
        MessageQueue? queue = null;
        if ((connection.Caller.Rights.CheckAnyQueue(name) ?? connection.VirtualHost.LookupQueue(name, connection, out queue)) is { } error)
        {
            return Refuse(error, answer);
        }

        return Show(queue!, answer, Ok);
    }

    private static int PutQueue(PeerConnection connection, byte[] name, EncodedMapView body, EncodedValueBuilder answer)
    {
        if (FindUnknown(body, "durable exclusive auto_delete arguments") is { } unknown)
        {
            return Say(BadRequest, $"bad queue property {unknown}", answer);
        }

        bool isNew = connection.VirtualHost.FindQueue(name) is null;
        var arguments = ArgumentsOf(body);
        var error = connection.VirtualHost.DeclareQueue(
            name, passive: false, IsDurable(body), Is(body, "exclusive"u8), Is(body, "auto_delete"u8), arguments.View, connection, out var queue, connection.Caller);
        if (error is not null)
        {
            return Refuse(error, answer);
        }

        queue!.HandleDeclared();
        return Show(queue, answer, isNew ? Created : Ok);
    }

    private static int DeleteQueue(PeerConnection connection, byte[] name, EncodedValueBuilder answer)
    {
        if (connection.VirtualHost.DeleteQueue(name, ifUnused: false, ifEmpty: false, connection, out uint count, out var deleted, connection.Caller) is { } error)
        {
            return Refuse(error, answer);
        }

        deleted?.FinishClose(connection.Turn);
        return Count(count, answer);
    }

    private static int PurgeQueue(PeerConnection connection, byte[] name, EncodedValueBuilder answer)
    {
        MessageQueue? queue = null;
        if ((connection.Caller.Rights.CheckQueue(AccessKind.Read, name) ?? connection.VirtualHost.LookupQueue(name, connection, out queue)) is { } error)
        {
            return Refuse(error, answer);
        }

        return queue is StreamQueue ? Say(BadRequest, "a stream cannot be purged", answer) : Count(queue!.Purge(), answer);
    }

    private static int PutExchange(PeerConnection connection, byte[] name, EncodedMapView body, EncodedValueBuilder answer)
    {
        if (FindUnknown(body, "type durable auto_delete internal arguments") is { } unknown)
        {
            return Say(BadRequest, $"bad exchange property {unknown}", answer);
        }

        var type = body.TryGetValue("type"u8, out var value) && value.TryGetString(out var text) ? text : "direct"u8;
        return Done(
            connection.VirtualHost.DeclareExchange(
                name, type, passive: false, IsDurable(body), Is(body, "auto_delete"u8), Is(body, "internal"u8), ArgumentsOf(body).View, connection.Caller),
            answer);
    }

    private static int Bind(PeerConnection connection, EncodedMapView body, EncodedValueBuilder answer)
    {
        var source = Text(body, "source"u8);
        var key = Text(body, "binding_key"u8);
        var arguments = ArgumentsOf(body);
        return Done(
            body.TryGetValue("destination_exchange"u8, out _)
                ? connection.VirtualHost.BindExchange(Text(body, "destination_exchange"u8), source, key, arguments.View, connection.Caller)
                : connection.VirtualHost.BindQueue(Text(body, "destination_queue"u8), source, key, arguments.View, connection, connection.Caller),
            answer);
    }

    private static int Unbind(PeerConnection connection, Dictionary<string, byte[]> fields, EncodedValueBuilder answer)
    {
        byte[] source = fields.GetValueOrDefault("src", []);
        byte[] key = fields.GetValueOrDefault("key", []);
        if (FindArguments(connection, fields) is not { } arguments)
        {
            // One that is not there is gone already.
            return NoContent;
        }

        var view = new TableView(arguments);
        return Done(
            fields.TryGetValue("dste", out byte[]? exchange)
                ? connection.VirtualHost.UnbindExchange(exchange, source, key, view, connection.Caller)
                : connection.VirtualHost.UnbindQueue(fields.GetValueOrDefault("dstq", []), source, key, view, connection, connection.Caller),
            answer);
    }

    private static int GetBindings(PeerConnection connection, Dictionary<string, byte[]> fields, EncodedValueBuilder answer)
    {
        byte[] source = fields.GetValueOrDefault("src", []);
        Exchange? exchange = null;
        if ((connection.Caller.Rights.CheckExchange(AccessKind.Read, source) ?? connection.VirtualHost.LookupExchange(source, out exchange)) is { } error)
        {
            return Refuse(error, answer);
        }

        bool isOfExchange = fields.TryGetValue("dste", out byte[]? destination);
        destination ??= fields.GetValueOrDefault("dstq", []);
        fields.TryGetValue("key", out byte[]? key);
        answer.BeginList();
        foreach (var binding in BindingsBetween(connection, exchange!, isOfExchange, destination, key))
        {
            AddBinding(answer, exchange!, binding, isOfExchange);
            if (answer.Span.Length > MaxListOctets)
            {
                return Say(BadRequest, "more bindings than an answer takes: ask for those of one key", answer);
            }
        }

        answer.End();
        return Ok;
    }

    /// <summary>The bindings between two nodes. Those that lead to the destination are looked at under the topology lock, and nothing else is done there.</summary>
    private static List<Binding> BindingsBetween(PeerConnection connection, Exchange source, bool isOfExchange, ReadOnlySpan<byte> destination, byte[]? key)
    {
        var found = new List<Binding>();
        lock (connection.VirtualHost.TopologyLock)
        {
            BindingDestination? node = isOfExchange ? connection.VirtualHost.FindExchange(destination) : connection.VirtualHost.FindQueue(destination);
            for (var binding = node?.FirstBinding; binding is not null; binding = binding.NextOfDestination)
            {
                if (ReferenceEquals(binding.Source, source) && (key is null || binding.RoutingKey.AsSpan().SequenceEqual(key)))
                {
                    found.Add(binding);
                }
            }
        }

        return found;
    }

    private static void AddBinding(EncodedValueBuilder answer, Exchange exchange, Binding binding, bool isOfExchange)
    {
        string destination = binding.Destination.NameText;
        string key = Encoding.UTF8.GetString(binding.RoutingKey);
        answer.BeginMap()
            .AddString("source").AddString(exchange.NameText)
            .AddString(isOfExchange ? "destination_exchange" : "destination_queue").AddString(destination)
            .AddString("binding_key").AddString(key)
            .AddString("arguments");
        AddArguments(answer, new TableView(binding.Arguments));
        answer.AddString("location").AddString(
            $"/bindings/src={Uri.EscapeDataString(exchange.NameText)};{(isOfExchange ? "dste" : "dstq")}={Uri.EscapeDataString(destination)};key={Uri.EscapeDataString(key)};args={HashOf(binding.Arguments)}")
            .End();
    }

    /// <summary>What tells bindings of one key apart in a path: nothing where there are no arguments.</summary>
    private static string HashOf(ReadOnlySpan<byte> arguments) =>
        arguments.IsEmpty ? string.Empty : Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(arguments).AsSpan(0, HashOctets));

    /// <summary>The arguments of the binding that a path names; null when there is none.</summary>
    private static byte[]? FindArguments(PeerConnection connection, Dictionary<string, byte[]> fields)
    {
        string wanted = Encoding.UTF8.GetString(fields.GetValueOrDefault("args", []));
        if (wanted.Length == 0)
        {
            return [];
        }

        bool isOfExchange = fields.TryGetValue("dste", out byte[]? destination);
        destination ??= fields.GetValueOrDefault("dstq", []);
        byte[] key = fields.GetValueOrDefault("key", []);
        if (connection.VirtualHost.FindExchange(fields.GetValueOrDefault("src", [])) is not { } exchange)
        {
            return null;
        }

        // Hashes take their time, which is not taken under the lock.
        foreach (var binding in BindingsBetween(connection, exchange, isOfExchange, destination, key))
        {
            if (HashOf(binding.Arguments) == wanted)
            {
                return [.. binding.Arguments];
            }
        }

        return null;
    }

    private static int Show(MessageQueue queue, EncodedValueBuilder answer, int status)
    {
        answer.BeginMap()
            .AddString("name").AddString(queue.NameText)
            .AddString("vhost").AddString(queue.VirtualHost.Name)
            .AddString("durable").AddBoolean(queue.Definition.Durable)
            .AddString("auto_delete").AddBoolean(queue.Definition.AutoDelete)
            .AddString("exclusive").AddBoolean(queue.Definition.Exclusive)
            .AddString("type").AddString(queue is StreamQueue ? "stream" : queue.Settings.IsQuorum ? "quorum" : "classic")
            .AddString("leader").AddString(AmqpBroker.NodeName)
            .AddString("replicas").BeginArray(AmqpType.String).AddString(AmqpBroker.NodeName).End()
            .AddString("message_count").AddULong(queue.ReadyCount)
            .AddString("consumer_count").AddUInt(queue.ConsumerCount)
            .AddString("arguments");
        AddArguments(answer, queue.Definition.Arguments.View);
        answer.End();
        return status;
    }

    /// <summary>Arguments that are text, numbers or booleans, as all of RabbitMQ's are.</summary>
    private static void AddArguments(EncodedValueBuilder answer, TableView arguments)
    {
        answer.BeginMap();
        foreach (var entry in arguments)
        {
            if (entry.Value.TryGetString(out var text))
            {
                answer.AddString(Encoding.UTF8.GetString(entry.Key)).AddString(Encoding.UTF8.GetString(text));
            }
            else if (entry.Value.TryGetInt64(out long number))
            {
                answer.AddString(Encoding.UTF8.GetString(entry.Key)).AddLong(number);
            }
            else if (entry.Value.TryGetBoolean(out bool isSet))
            {
                answer.AddString(Encoding.UTF8.GetString(entry.Key)).AddBoolean(isSet);
            }
        }

        answer.End();
    }

    private static Table ArgumentsOf(EncodedMapView body)
    {
        if (!body.TryGetValue("arguments"u8, out var value) || !value.TryGetMap(out var arguments))
        {
            return Table.Empty;
        }

        var table = new TableBuilder();
        foreach (var entry in arguments)
        {
            if ((!entry.Key.TryGetString(out var key) && !entry.Key.TryGetSymbol(out key)) || key.Length > MaxNameOctets)
            {
                continue;
            }

            if (entry.Value.TryGetString(out var text) || entry.Value.TryGetSymbol(out text))
            {
                table.Add(key, text);
            }
            else if (entry.Value.TryGetBoolean(out bool isSet))
            {
                table.Add(key, isSet);
            }
            else if (entry.Value.TryGetInt64(out long number))
            {
                table.Add(key, number);
            }
            else if (entry.Value.TryGetUInt64(out ulong unsigned))
            {
                table.Add(key, (long)Math.Min(unsigned, long.MaxValue));
            }
        }

        return table.ToTable();
    }

    private static bool Is(EncodedMapView map, ReadOnlySpan<byte> key) => map.TryGetValue(key, out var value) && value.TryGetBoolean(out bool isSet) && isSet;

    /// <summary>What is declared this way is durable unless it is said.</summary>
    private static bool IsDurable(EncodedMapView map) => !map.TryGetValue("durable"u8, out _) || Is(map, "durable"u8);

    /// <summary>The first key that is none of these; null when all are.</summary>
    private static string? FindUnknown(EncodedMapView map, string known)
    {
        string[] names = known.Split(' ');
        foreach (var entry in map)
        {
            string key = entry.Key.TryGetString(out var text) ? Encoding.UTF8.GetString(text) : "that is no text";
            if (!names.Contains(key))
            {
                return key;
            }
        }

        return null;
    }

    private static byte[] Text(EncodedMapView map, ReadOnlySpan<byte> key) => map.TryGetValue(key, out var value) && value.TryGetString(out var text) && text.Length <= MaxNameOctets ? text.ToArray() : [];

    private static int Done(ProtocolError? error, EncodedValueBuilder answer) => error is null ? NoContent : Refuse(error, answer);

    private static int Count(uint messages, EncodedValueBuilder answer)
    {
        answer.BeginMap().AddString("message_count").AddULong(messages).End();
        return Ok;
    }

    private static int Say(int status, string text, EncodedValueBuilder answer)
    {
        answer.Clear().AddString(text);
        return status;
    }

    private static int Refuse(ProtocolError error, EncodedValueBuilder answer) => Say(
        error.ReplyCode switch
        {
            Codec.V0_9_1.Constants.NotFound => 404,
            Codec.V0_9_1.Constants.AccessRefused => 403,
            Codec.V0_9_1.Constants.PreconditionFailed => 409,
            _ => BadRequest,
        },
        error.Text,
        answer);
}
