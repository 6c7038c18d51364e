namespace AmqpToolkit.Broker;

/// <summary>
/// With which routing keys a user may use one topic exchange; where none is set, with all. The patterns may name {username}, {vhost} and {client_id}.
/// </summary>
/// <param name="VirtualHost">The virtual host.</param>
/// <param name="Exchange">The exchange.</param>
/// <param name="Write">Keys that the user may publish with.</param>
/// <param name="Read">Keys that the user may bind with.</param>
public sealed record UserTopicPermission(string VirtualHost, string Exchange, string Write = ".*", string Read = ".*");
