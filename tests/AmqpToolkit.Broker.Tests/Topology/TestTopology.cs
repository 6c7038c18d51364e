using System.Text;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Timers;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Tests.Topology;

/// <summary>A virtual host that is spoken to in text, as one connection.</summary>
internal sealed class TestTopology(BrokerProfile profile = BrokerProfile.V4_2, TimerWheel? timers = null)
{
    private readonly RouteCollector _collector = new();

    public VirtualHost VirtualHost { get; } = new("/", profile, new MessageArena(), timers);

    public object Connection { get; } = new();

    public static byte[] Octets(string text) => Encoding.UTF8.GetBytes(text);

    public static Table Arguments(params ReadOnlySpan<(string Key, object? Value)> entries)
    {
        var builder = new TableBuilder();
        foreach ((string key, object? value) in entries)
        {
            builder.AddObject(key, value);
        }

        return builder.ToTable();
    }

    public Exchange Exchange(string name) => VirtualHost.FindExchange(Octets(name)) ?? throw new InvalidOperationException($"no exchange {name}");

    public bool HasExchange(string name) => VirtualHost.FindExchange(Octets(name)) is not null;

    public bool HasQueue(string name) => VirtualHost.FindQueue(Octets(name)) is not null;

    public ProtocolError? TryDeclareExchange(
        string name, string type, bool passive = false, bool durable = false, bool autoDelete = false, bool isInternal = false, Table arguments = default) =>
        VirtualHost.DeclareExchange(Octets(name), Octets(type), passive, durable, autoDelete, isInternal, arguments.View);

    public void DeclareExchange(string name, string type, bool autoDelete = false, Table arguments = default) =>
        Assert.Null(TryDeclareExchange(name, type, autoDelete: autoDelete, arguments: arguments));

    public ProtocolError? TryDeclareQueue(
        string name,
        bool passive = false,
        bool durable = false,
        bool exclusive = false,
        bool autoDelete = false,
        Table arguments = default,
        object? connection = null) =>
        VirtualHost.DeclareQueue(Octets(name), passive, durable, exclusive, autoDelete, arguments.View, connection ?? Connection, out _);

    public MessageQueue DeclareQueue(string name, bool exclusive = false, object? connection = null)
    {
        Assert.Null(VirtualHost.DeclareQueue(Octets(name), false, false, exclusive, false, default, connection ?? Connection, out MessageQueue? queue));
        return queue!;
    }

    public ProtocolError? DeleteQueue(string name, object? connection = null) =>
        VirtualHost.DeleteQueue(Octets(name), false, false, connection ?? Connection, out _, out _);

    public ProtocolError? BindQueue(string queue, string exchange, string key = "", Table arguments = default, object? connection = null) =>
        VirtualHost.BindQueue(Octets(queue), Octets(exchange), Octets(key), arguments.View, connection ?? Connection);

    public ProtocolError? UnbindQueue(string queue, string exchange, string key = "", Table arguments = default, object? connection = null) =>
        VirtualHost.UnbindQueue(Octets(queue), Octets(exchange), Octets(key), arguments.View, connection ?? Connection);

    public ProtocolError? BindExchange(string destination, string source, string key = "", Table arguments = default) =>
        VirtualHost.BindExchange(Octets(destination), Octets(source), Octets(key), arguments.View);

    public ProtocolError? UnbindExchange(string destination, string source, string key = "", Table arguments = default) =>
        VirtualHost.UnbindExchange(Octets(destination), Octets(source), Octets(key), arguments.View);

    /// <summary>The names of the queues that a message reaches, in order, with commas between.</summary>
    public string Route(string exchange, string key = "", Table headers = default)
    {
        _collector.Clear();
        VirtualHost.Route(Exchange(exchange), Octets(key), headers.View, _collector);
        return Names();
    }

    /// <summary>The same for a message with more keys (header CC).</summary>
    public string RouteCopies(string exchange, string key, string[] copies)
    {
        Table headers = Arguments(("CC", copies));
        headers.View.TryGetValue("CC"u8, out FieldValueView value);
        value.TryGetArray(out ArrayView keys);
        _collector.Clear();
        VirtualHost.Route(Exchange(exchange), new RoutedMessage { RoutingKey = Octets(key), Headers = headers.View, Copies = keys }, _collector);
        return Names();
    }

    private string Names()
    {
        var names = new List<string>();
        foreach (MessageQueue queue in _collector.Queues)
        {
            names.Add(queue.NameText);
        }

        names.Sort(StringComparer.Ordinal);
        return string.Join(',', names);
    }

    public bool Reaches(string exchange, string key = "", Table headers = default) => Route(exchange, key, headers).Length > 0;
}
