using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Topology;

/// <summary>The mistakes that a topology command can make, in RabbitMQ's words: tests of applications compare them.</summary>
internal static class TopologyErrors
{
    public static string QueueText(string virtualHost, ReadOnlySpan<byte> name) => $"queue '{Text(name)}' in vhost '{virtualHost}'";

    public static string ExchangeText(string virtualHost, ReadOnlySpan<byte> name) => $"exchange '{Text(name)}' in vhost '{virtualHost}'";

    public static ProtocolError Missing(string resource) => ProtocolError.NotFound($"no {resource}");

    public static ProtocolError InUse(string resource) => ProtocolError.PreconditionFailed($"{resource} in use");

    public static ProtocolError NotEmpty(string resource) => ProtocolError.PreconditionFailed($"{resource} not empty");

    public static ProtocolError ConditionalDelete(string resource, string flag) => ProtocolError.NotImplemented(
        $"cannot delete {resource}. queue.delete operations with {flag} flag set are not supported by quorum queues");

    public static ProtocolError DefaultExchange() => ProtocolError.AccessRefused("operation not permitted on the default exchange");

    public static ProtocolError ReplyQueue() => ProtocolError.AccessRefused("cannot bind or unbind to a volatile (direct reply-to) queue");

    public static ProtocolError ReservedName(string kind, ReadOnlySpan<byte> name) =>
        ProtocolError.AccessRefused($"{kind} name '{Text(name)}' contains reserved prefix 'amq.*'");

    public static ProtocolError SystemExchange(string resource) => ProtocolError.AccessRefused($"deletion of system {resource} not allowed");

    public static ProtocolError Locked(string resource) => ProtocolError.ResourceLocked(
        $"cannot obtain exclusive access to locked {resource}. It could be originally declared on another connection or the exclusive property value does not match that of the original declaration.");

    public static ProtocolError UnknownExchangeType(ReadOnlySpan<byte> type, ProfileRules rules)
    {
        string text = $"{(type.IsEmpty ? "invalid" : "unknown")} exchange type '{Text(type)}'";
        return rules.UnknownExchangeTypeClosesConnection ? ProtocolError.CommandInvalid(text) : ProtocolError.PreconditionFailed(text);
    }

    /// <summary>A redeclaration says something else: <paramref name="received"/> and <paramref name="current"/> come with their quotes.</summary>
    public static ProtocolError Inequivalent(string argument, string resource, string received, string current) =>
        ProtocolError.PreconditionFailed($"inequivalent arg '{argument}' for {resource}: received {received} but current is {current}");

    public static ProtocolError? InequivalentUnlessSame(string argument, string resource, bool received, bool current) =>
        received == current ? null : Inequivalent(argument, resource, received ? "'true'" : "'false'", current ? "'true'" : "'false'");

    public static ProtocolError? InequivalentUnlessSame(string argument, string resource, string received, string current) =>
        received == current ? null : Inequivalent(argument, resource, $"'{received}'", $"'{current}'");

    /// <summary>Compares one argument of a table by value; null when both have it equal or both lack it.</summary>
    public static ProtocolError? InequivalentUnlessSame(ReadOnlySpan<byte> argument, string resource, TableView received, TableView current)
    {
        bool isReceived = received.TryGetValue(argument, out FieldValueView receivedValue);
        bool isCurrent = current.TryGetValue(argument, out FieldValueView currentValue);
        if (isReceived && isCurrent)
        {
            return FieldComparison.AreSame(receivedValue, currentValue)
                ? null
                : Inequivalent(Text(argument), resource, Quoted(receivedValue), Quoted(currentValue));
        }

        return isReceived == isCurrent
            ? null
            : Inequivalent(Text(argument), resource, OneSided(isReceived, receivedValue), OneSided(isCurrent, currentValue));
    }

    public static ProtocolError WrongType(string argument, string resource, FieldValueView value) =>
        ProtocolError.PreconditionFailed($"invalid type '{FieldText.TypeOf(value)}' for arg '{argument}' in {resource}");

    public static ProtocolError InvalidArgument(string argument, string resource, string reason) =>
        ProtocolError.PreconditionFailed($"invalid arg '{argument}' for {resource}: {reason}");

    public static ProtocolError ArgumentOfAnotherType(string argument, string resource, QueueTypes type) =>
        ProtocolError.PreconditionFailed($"invalid arg '{argument}' for {resource} of queue type {QueueArguments.ModuleOf(type)}");

    private static string Quoted(FieldValueView value) => value.IsVoid ? "none" : $"'{FieldText.Of(value)}'";

    private static string OneSided(bool given, FieldValueView value) =>
        given ? $"the value '{FieldText.Of(value)}' of type '{FieldText.TypeOf(value)}'" : "none";

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}
