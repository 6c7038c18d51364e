using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace AmqpToolkit.Transport;

/// <summary>
/// An ordered, reliable stream of octets in both directions: a socket, TLS over one, a pair in memory. One task receives and one
/// sends, at the same time; <see cref="Abort"/> may be called by any thread. It knows nothing of AMQP.
/// </summary>
public abstract class TransportConnection : IDisposable
{
    /// <summary>Where this end is; null when the transport has no addresses.</summary>
    public abstract EndPoint? LocalEndPoint { get; }

    /// <summary>Where the other end is; null when the transport has no addresses.</summary>
    public abstract EndPoint? RemoteEndPoint { get; }

    /// <summary>Whether the other end is on this machine.</summary>
    public virtual bool IsLoopback => RemoteEndPoint is not IPEndPoint remote || IPAddress.IsLoopback(remote.Address.IsIPv4MappedToIPv6 ? remote.Address.MapToIPv4() : remote.Address);

    /// <summary>Whether the other end is in this process, and there is no socket between: neither end can be lost without the other hearing of it.</summary>
    public virtual bool IsInMemory => false;

    /// <summary>Whether nobody but the two ends can read what passes.</summary>
    public virtual bool IsProtected => false;

    /// <summary>The certificate that the other end has shown, and that holds; null when it has shown none.</summary>
    public virtual X509Certificate2? PeerCertificate => null;

    /// <summary>
    /// Whether the peer has ended or broken the stream, as far as that can be told without receiving: for who does not receive.
    /// </summary>
    public virtual bool IsPeerGone => false;

    /// <summary>
    /// Completes when octets are there or the stream has ended, without holding a buffer meanwhile.
    /// </summary>
    /// <exception cref="IOException">The stream broke.</exception>
    public abstract ValueTask WaitForDataAsync();

    /// <summary>Receives into <paramref name="buffer"/>, which is not empty.</summary>
    /// <returns>Octets received; 0 at the end of the stream.</returns>
    /// <exception cref="IOException">The stream broke.</exception>
    public abstract ValueTask<int> ReceiveAsync(Memory<byte> buffer);

    /// <summary>Sends all of <paramref name="segments"/>, in order; the list is not kept.</summary>
    /// <exception cref="IOException">The stream broke.</exception>
    public abstract ValueTask SendAsync(List<ArraySegment<byte>> segments);

    /// <summary>Tells the peer that nothing more will come; what it still sends can be received.</summary>
    public abstract void ShutdownSend();

    /// <summary>Ends both directions at once; pending calls end. May be called more than once.</summary>
    public abstract void Abort();

    /// <inheritdoc/>
    public void Dispose()
    {
        Abort();
        GC.SuppressFinalize(this);
    }
}
