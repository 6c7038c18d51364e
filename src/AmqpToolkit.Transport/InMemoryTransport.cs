using System.Net;

namespace AmqpToolkit.Transport;

/// <summary>Makes pairs of connected ends inside one process: what one end sends, the other receives.</summary>
public static class InMemoryTransport
{
    /// <summary>Octets that one direction holds before its sender waits.</summary>
    public const int CapacityOctets = 256 * 1024;

    /// <summary>Makes the two ends of one stream.</summary>
    public static (TransportConnection First, TransportConnection Second) CreatePair()
    {
        var forth = new InMemoryPipe(CapacityOctets);
        var back = new InMemoryPipe(CapacityOctets);
        return (new End(back, forth), new End(forth, back));
    }

    private sealed class End(InMemoryPipe incoming, InMemoryPipe outgoing) : TransportConnection
    {
        public override EndPoint? LocalEndPoint => null;

        public override EndPoint? RemoteEndPoint => null;

        public override bool IsInMemory => true;

        public override bool IsProtected => true;

        public override bool IsPeerGone => incoming.HasEnded || outgoing.HasEnded;

        public override ValueTask WaitForDataAsync() => incoming.WaitForDataAsync();

        public override async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
        {
            await incoming.WaitForDataAsync().ConfigureAwait(false);
            return incoming.Read(buffer.Span);
        }

        public override async ValueTask SendAsync(List<ArraySegment<byte>> segments)
        {
            ArgumentNullException.ThrowIfNull(segments);
            foreach (var segment in segments)
            {
                ReadOnlyMemory<byte> rest = segment;
                while (!rest.IsEmpty)
                {
                    await outgoing.WaitForRoomAsync().ConfigureAwait(false);
                    rest = rest[outgoing.Write(rest.Span)..];
                }
            }
        }

        public override void ShutdownSend() => outgoing.CompleteWriting();

        public override void Abort()
        {
            outgoing.CompleteWriting();
            outgoing.CompleteReading();
            incoming.CompleteReading();
        }
    }
}
