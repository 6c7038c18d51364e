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

    /// <summary>The largest buffer that traffic alone brings about, in octets; only one unit of input that is larger still makes it grow on.</summary>
    public const int MaxBufferOctets = 256 * 1024;

    /// <summary>Receives in a row that need no waiting, before the thread is offered to others.</summary>
    private const int ReceivesInARow = 16;

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
        int inARow = 0;
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
                    // One unit fills it. The handler bounds a unit: it refuses what is too large by its first octets.
                    byte[] larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                    buffer.AsSpan(0, end).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }

                int room = buffer.Length - end;
                var receiving = transport.ReceiveAsync(buffer.AsMemory(end));
                if (!receiving.IsCompleted)
                {
                    inARow = 0;
                }
                else if (++inARow == ReceivesInARow)
                {
                    inARow = 0;
                    await Task.Yield();
                }

                int received = await receiving.ConfigureAwait(false);
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

                do
                {
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
                while (handler.HasPaused && start < end);
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
