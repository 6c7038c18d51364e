using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>What the client logs. Event ids are stable; no secret stands in a text.</summary>
internal static partial class ClientLog
{
    [LoggerMessage(1, LogLevel.Debug, "connection to {Where} is open")]
    public static partial void Opened(ILogger logger, string where);

    [LoggerMessage(2, LogLevel.Debug, "connection to {Where} has ended: {Reason}")]
    public static partial void Closed(ILogger logger, string where, string reason);

    [LoggerMessage(3, LogLevel.Warning, "connection to {Where} has ended: {Reason}")]
    public static partial void Failed(ILogger logger, string where, string reason);

    [LoggerMessage(4, LogLevel.Warning, "connection to {Where}, channel {Channel} has ended: {Reason}")]
    public static partial void ChannelFailed(ILogger logger, string where, ushort channel, string reason);

    [LoggerMessage(5, LogLevel.Warning, "connection to {Where}, channel {Channel}: a delivery for the unknown consumer '{ConsumerTag}' was given back")]
    public static partial void UnknownConsumer(ILogger logger, string where, ushort channel, string consumerTag);

    [LoggerMessage(6, LogLevel.Warning, "connection to {Where}, channel {Channel}: a message came back and nobody reads returns: {Reason}")]
    public static partial void ReturnUnread(ILogger logger, string where, ushort channel, string reason);

    [LoggerMessage(7, LogLevel.Warning, "connection to {Where} is blocked: {Reason}")]
    public static partial void Blocked(ILogger logger, string where, string reason);

    [LoggerMessage(8, LogLevel.Information, "connection to {Where} is no longer blocked")]
    public static partial void Unblocked(ILogger logger, string where);

    [LoggerMessage(9, LogLevel.Error, "connection to {Where} met a defect of the client")]
    public static partial void Defect(ILogger logger, Exception exception, string where);

    [LoggerMessage(10, LogLevel.Warning, "connection to {Where}, channel {Channel}: consumer '{ConsumerTag}' was cancelled by the server")]
    public static partial void ConsumerCancelled(ILogger logger, string where, ushort channel, string consumerTag);
}
