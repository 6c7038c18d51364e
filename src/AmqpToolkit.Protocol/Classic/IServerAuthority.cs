using AmqpToolkit.Protocol.Sasl;

namespace AmqpToolkit.Protocol.Classic;

/// <summary>Who decides, during a server's handshake, about users and virtual hosts.</summary>
public interface IServerAuthority : ISaslAuthority
{
    /// <summary>Opens a virtual host for the authenticated user; null when it may be used.</summary>
    ProtocolError? OpenVirtualHost(string userName, string virtualHost);
}
