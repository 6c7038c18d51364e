namespace AmqpToolkit.Broker;

/// <summary>
/// What a user may do in one virtual host. Each pattern is a regular expression that is searched in the name of an exchange or a queue;
/// the empty one matches nothing. The default exchange is called amq.default here.
/// </summary>
/// <param name="VirtualHost">The virtual host.</param>
/// <param name="Configure">What the user may declare and delete.</param>
/// <param name="Write">What the user may publish to and bind to.</param>
/// <param name="Read">What the user may consume from, purge and bind from.</param>
public sealed record UserPermission(string VirtualHost, string Configure = ".*", string Write = ".*", string Read = ".*");
