using System.Buffers;

namespace AmqpToolkit.Transport;

/// <summary>
/// The one task that reads a connection: a contiguous receive buffer that is rented when octets are there, grows from 4 KiB to
/// 256 KiB with the traffic and goes back when drained, so that an idle connection holds none.
/// </summary>
public static class ReceivePump
{
    /// <summary>The first and smallest buffer, in octets.</summary>
    public const int MinBufferOctets = 4 * 1024;

    /// <summary>The largest buffer, in octets. A frame that does not fit is handed on in parts, so nothing needs more.</summary>
    public const int MaxBufferOctets = 256 * 1024;

    /// <summary>
    /// Receives until the stream ends, breaks, or the handler wants no more.
    /// </summary>
    /// <returns>True when the peer ended the stream; false when the handler did.</returns>
    /// <exception cref="IOException">The stream broke.</exception>
    public static async Task<bool> RunAsync(TransportConnection transport, IInputHandler handler)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(handler);
        byte[] buffer = [];
        int start = 0;
        int end = 0;
        int size = MinBufferOctets;
        try
        {
            while (true)
            {
                if (start == end)
                {
                    if (buffer.Length > 0)
                    {
                        ArrayPool<byte>.Shared.Return(buffer);
                        buffer = [];
                    }

                    await transport.WaitForDataAsync().ConfigureAwait(false);
                    buffer = ArrayPool<byte>.Shared.Rent(size);
                    start = end = 0;
                }
                else if (size > buffer.Length)
                {
                    byte[] larger = ArrayPool<byte>.Shared.Rent(size);
                    buffer.AsSpan(start, end - start).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                    (start, end) = (0, end - start);
                }
                else if (start > 0)
                {
                    // What is left is less than a frame: moving it costs less than a second receive.
                    buffer.AsSpan(start, end - start).CopyTo(buffer);
                    (start, end) = (0, end - start);
                }

                if (end == buffer.Length)
                {
                    throw new InvalidOperationException("A unit of input exceeds the receive buffer; the handler must take it in parts.");
                }

                int room = buffer.Length - end;
                int received = await transport.ReceiveAsync(buffer.AsMemory(end)).ConfigureAwait(false);
                if (received == 0)
                {
                    return true;
                }

                end += received;
                if (received == room)
                {
                    size = Math.Min(buffer.Length * 2, MaxBufferOctets);
                }
                else if (received < size / 4)
                {
                    size = Math.Max(MinBufferOctets, size / 2);
                }

                int taken = handler.HandleInput(buffer, start, end - start);
                if (taken < 0)
                {
                    return false;
                }

                start += taken;
                var ready = handler.WaitUntilReadyAsync();
                if (!ready.IsCompletedSuccessfully)
                {
                    await ready.ConfigureAwait(false);
                }
            }
        }
        finally
        {
            if (buffer.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}
