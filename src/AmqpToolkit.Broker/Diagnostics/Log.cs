using System.Globalization;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Broker.Diagnostics;

/// <summary>What the broker logs. Event ids are stable; no secret stands in a text.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Debug, "accepting AMQP connection {Connection}")]
    public static partial void Accepted(ILogger logger, string connection);

    [LoggerMessage(2, LogLevel.Debug, "connection {Connection}: user '{User}' opened virtual host '{VirtualHost}' in AMQP {Edition}")]
    public static partial void Opened(ILogger logger, string connection, string user, string virtualHost, string edition);

    [LoggerMessage(3, LogLevel.Debug, "closing AMQP connection {Connection}")]
    public static partial void Closed(ILogger logger, string connection);

    [LoggerMessage(4, LogLevel.Warning, "closing AMQP connection {Connection}: {Reason}")]
    public static partial void ConnectionFailed(ILogger logger, string connection, string reason);

    [LoggerMessage(5, LogLevel.Information, "connection {Connection}, channel {Channel} closed: {Reason}")]
    public static partial void ChannelFailed(ILogger logger, string connection, ushort channel, string reason);

    [LoggerMessage(27, LogLevel.Warning, "connection {Connection}: the login of user '{User}' was refused: {Reason}")]
    public static partial void LoginRefused(ILogger logger, string connection, string user, string reason);

    [LoggerMessage(33, LogLevel.Warning, "connection {Connection}: too many logins have failed from {Address}; its attempts are refused unseen for a while")]
    public static partial void LoginsThrottled(ILogger logger, string connection, System.Net.IPAddress address);

    [LoggerMessage(34, LogLevel.Information, "SCRAM is not offered: of {Count} users the broker has a hash of the password alone, or a password that is not of printable ASCII; '{User}' is one")]
    public static partial void ScramWithdrawn(ILogger logger, int count, string user);

    [LoggerMessage(18, LogLevel.Information, "connection {Connection}, link {Link} detached: {Reason}")]
    public static partial void LinkFailed(ILogger logger, string connection, string link, string reason);

    [LoggerMessage(28, LogLevel.Information, "connection {Connection}, link {Link} was refused: {Reason}")]
    public static partial void LinkRefused(ILogger logger, string connection, string link, string reason);

    [LoggerMessage(50, LogLevel.Debug, "connection {Connection}: an answer of /management waits: the link for answers is not attached, or has no credit")]
    public static partial void AnswerWaits(ILogger logger, string connection);

    [LoggerMessage(29, LogLevel.Warning, "connection {Connection} begins with {Protocol}, which is not spoken here")]
    public static partial void ForeignProtocol(ILogger logger, string connection, string protocol);

    [LoggerMessage(6, LogLevel.Error, "connection {Connection} met a defect of the broker")]
    public static partial void Defect(ILogger logger, Exception exception, string connection);

    [LoggerMessage(7, LogLevel.Warning, "memory watermark reached: messages take {InUseOctets} octets, {LimitOctets} allowed; publishers are held back")]
    public static partial void MemoryHigh(ILogger logger, long inUseOctets, long limitOctets);

    [LoggerMessage(8, LogLevel.Information, "memory is below the watermark again: messages take {InUseOctets} octets")]
    public static partial void MemoryNormal(ILogger logger, long inUseOctets);

    [LoggerMessage(9, LogLevel.Warning, "accepting a connection failed: {Reason}")]
    public static partial void AcceptFailed(ILogger logger, string reason);

    [LoggerMessage(
        20, LogLevel.Warning, "queue '{Queue}' in virtual host '{VirtualHost}': a dead letter is lost, its {Octets} octets of properties are too many; {Count} lost so far")]
    public static partial void DeadLetterLost(ILogger logger, string queue, string virtualHost, int octets, long count);

    [LoggerMessage(23, LogLevel.Error, "messages cannot be read back: {Reason}")]
    public static partial void ReadFailed(ILogger logger, string reason);

    [LoggerMessage(24, LogLevel.Error, "scratch files for messages that memory has no room for cannot be used: {Reason}; transient messages stay in memory")]
    public static partial void ScratchFailed(ILogger logger, string reason);

    [LoggerMessage(15, LogLevel.Error, "queue '{Queue}' in virtual host '{VirtualHost}': {Count} messages cannot be read back from the disk, and are passed over")]
    public static partial void MessagesUnreadable(ILogger logger, string queue, string virtualHost, int count);

    [LoggerMessage(16, LogLevel.Warning, "the disk has {FreeOctets} octets left, less than {LimitOctets}; publishers are held back")]
    public static partial void DiskLow(ILogger logger, long freeOctets, long limitOctets);

    [LoggerMessage(17, LogLevel.Information, "the disk has room again: {FreeOctets} octets")]
    public static partial void DiskNormal(ILogger logger, long freeOctets);

    [LoggerMessage(
        21, LogLevel.Debug,
        "connection {Connection} takes messages slower than they come: consumer '{Consumer}' of queue '{Queue}' in virtual host '{VirtualHost}' waits for its client (told once for a connection)")]
    public static partial void ConsumerStalled(ILogger logger, string connection, string consumer, string queue, string virtualHost);

    [LoggerMessage(22, LogLevel.Warning, "the pattern '{Pattern}' takes too long for the name '{Name}', which counts as no match (told once for a pattern)")]
    public static partial void PatternTimedOut(ILogger logger, string pattern, string name);

    [LoggerMessage(35, LogLevel.Information, "others than the broker's user may read the folder {Folder}, in which messages and what passwords can be guessed with are kept")]
    public static partial void FolderIsOpen(ILogger logger, string folder);

    [LoggerMessage(36, LogLevel.Warning, "more than {Most} clients are on their way in with TLS: of the address that has most those that have been longest are cut")]
    public static partial void HandshakesCrowded(ILogger logger, int most);

    [LoggerMessage(48, LogLevel.Warning, "{Count} more lines about clients that did not come in were left out within a minute; of {Address} there would have been most, {Lines}")]
    public static partial void StrangersUntold(ILogger logger, int count, string address, int lines);

    [LoggerMessage(44, LogLevel.Warning, "the certificate '{Subject}' holds from {From:u} to {To:u}: no client will believe it now")]
    public static partial void CertificateNotInTime(ILogger logger, string subject, DateTimeOffset from, DateTimeOffset to);

    [LoggerMessage(49, LogLevel.Warning, "the certificate '{Subject}' holds until {To:u}: another should take its place")]
    public static partial void CertificateEnds(ILogger logger, string subject, DateTimeOffset to);

    [LoggerMessage(37, LogLevel.Information, "the certificates have changed, and count for clients that come from now on")]
    public static partial void CertificatesReloaded(ILogger logger);

    [LoggerMessage(38, LogLevel.Error, "the certificates have changed and cannot be used; those from before go on to count: {Reason}")]
    public static partial void CertificatesUnusable(ILogger logger, string reason);

    [LoggerMessage(10, LogLevel.Critical, "the store has failed; nothing more is confirmed, and the broker should be started anew")]
    public static partial void StoreFailed(ILogger logger, Exception exception);

    [LoggerMessage(11, LogLevel.Error, "the store is damaged: {Where}: {What}")]
    public static partial void StoreDamaged(ILogger logger, string where, string what);

    [LoggerMessage(47, LogLevel.Warning, "the file 'newest' of the store cannot be used: whether its last file is there will not be known ({Reason})")]
    public static partial void NewestGivenUp(ILogger logger, string reason);

    [LoggerMessage(31, LogLevel.Warning, "the disk has no room: what is published waits until it has")]
    public static partial void DiskFull(ILogger logger);

    [LoggerMessage(32, LogLevel.Information, "the disk has room again")]
    public static partial void DiskHasRoom(ILogger logger);

    [LoggerMessage(30, LogLevel.Warning, "the folder {Folder} belongs to no queue that the store knows, and is left alone")]
    public static partial void FolderLeft(ILogger logger, string folder);

    [LoggerMessage(42, LogLevel.Warning, "'{Key}' in the definitions means nothing, and is left alone")]
    public static partial void DefinitionKeyUnknown(ILogger logger, string key);

    [LoggerMessage(60, LogLevel.Warning, "not taken over of the definitions: {What}")]
    public static partial void DefinitionPassedOver(ILogger logger, string what);

    [LoggerMessage(61, LogLevel.Information, "not taken over of the definitions: {What}")]
    public static partial void UsualDefinitionPassedOver(ILogger logger, string what);

    [LoggerMessage(62, LogLevel.Information, "taken over of the definitions, or there before: {What}")]
    public static partial void DefinitionsTakenOver(ILogger logger, string what);

    /// <summary>Not generated, as the other that nearly every start says: what is generated has a type of its own for each, for which the logger's code would be compiled while clients wait.</summary>
    public static void StoreBegins(ILogger logger, string folder) => StartEntry.Write(
        logger, new EventId(40, nameof(StoreBegins)), $"the folder {folder} had nothing: a new store begins",
        "the folder {Folder} had nothing: a new store begins", [new("Folder", folder)]);

    [LoggerMessage(43, LogLevel.Warning, "the store does not say that it had begun, and is not new: its first users ({Users}) are not made; who may log in comes from it, or from definitions")]
    public static partial void FirstUsersNotMade(ILogger logger, string users);

    [LoggerMessage(46, LogLevel.Warning, "the store is not new and has no users: its first ones ({Users}) are made again")]
    public static partial void FirstUsersMade(ILogger logger, string users);

    [LoggerMessage(41, LogLevel.Warning, "the store in {Folder} was of format {Found}, and is of format {Current} from now on: an earlier program will not take it")]
    public static partial void StoreUpgraded(ILogger logger, string folder, uint found, uint current);

    [LoggerMessage(13, LogLevel.Error, "stream '{Stream}' in virtual host '{VirtualHost}' cannot be read from offset {Offset} on")]
    public static partial void StreamUnreadable(ILogger logger, Exception exception, string stream, string virtualHost, long offset);

    [LoggerMessage(25, LogLevel.Warning, "files of the deleted stream {Number} are left until the broker starts anew: {Reason}")]
    public static partial void StreamLeft(ILogger logger, uint number, string reason);

    /// <summary>As <see cref="StoreBegins"/>.</summary>
    public static void StoreRead(ILogger logger, int queues, int exchanges, int bindings, long messages, long milliseconds, string how) => StartEntry.Write(
        logger, new EventId(12, nameof(StoreRead)),
        string.Create(CultureInfo.InvariantCulture, $"the store had {queues} queues, {exchanges} exchanges, {bindings} bindings and {messages} messages; read in {milliseconds} ms{how}"),
        "the store had {Queues} queues, {Exchanges} exchanges, {Bindings} bindings and {Messages} messages; read in {Milliseconds} ms{How}",
        new("Queues", queues), new("Exchanges", exchanges), new("Bindings", bindings), new("Messages", messages), new("Milliseconds", milliseconds), new("How", how));
}
