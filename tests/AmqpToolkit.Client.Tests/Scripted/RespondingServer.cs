namespace AmqpToolkit.Client.Tests.Scripted;

/// <summary>Answers every method at once, as an honest broker would: for tests where the conversation is not the point but where it breaks is.</summary>
internal static class RespondingServer
{
    /// <summary>Runs until the client's stream ends or the script does, or cuts the stream after a number of methods.</summary>
    /// <param name="server">The end that it answers at.</param>
    /// <param name="methods">How many methods it receives.</param>
    /// <param name="ready">Asked with each method: the answer waits for what it returns.</param>
    public static async Task RunAsync(ScriptedServer server, int methods = int.MaxValue, Func<Task>? ready = null)
    {
        try
        {
            await server.ExpectProtocolHeaderAsync();
            await server.SendAsync(Wire.Start());
            var tags = new Dictionary<ushort, ulong>();
            for (; methods > 0 && await server.ReceiveAsync() is { } received; methods--)
            {
                if (ready is not null)
                {
                    await ready().WaitAsync(ScriptedServer.Patience);
                }

                await server.SendAsync(Answer(received, tags));
                if (received.Name == "connection.close")
                {
                    server.EndStream();
                }
            }

            if (methods == 0)
            {
                server.Abort();
            }
        }
        catch (EndOfScriptException)
        {
            // That was the plan.
        }
        catch (IOException)
        {
            // The client has cut the stream.
        }
    }

    private static byte[][] Answer(Received received, Dictionary<ushort, ulong> tags)
    {
        ushort channel = received.Channel;
        switch (received.Name)
        {
            case "connection.start-ok":
                return [Wire.Tune()];
            case "connection.open":
                return [Wire.OpenOk()];
            case "channel.open":
                return [Wire.ChannelOpenOk(channel)];
            case "queue.declare":
                return [Wire.Method(channel, 50, 11, "q", 0u, 0u)];
            case "basic.publish":
                tags[channel] = tags.GetValueOrDefault(channel) + 1;
                return [Wire.Ack(channel, tags[channel])];
            case "basic.consume":
                return [Wire.Method(channel, 60, 21, "c"), Wire.Deliver(channel, "c", 1, "first"), Wire.Deliver(channel, "c", 2, ""), Wire.Deliver(channel, "c", 3, "third")];
            case "basic.cancel":
                return [Wire.Method(channel, 60, 31, "c")];
            case "basic.get":
                return [Wire.Content(Wire.Method(channel, 60, 71, 4UL, (byte)0, "", "q", 0u), channel, "fetched")];
            case "basic.qos" or "confirm.select" or "tx.select" or "connection.close" or "channel.close" or "queue.bind":
                return [Wire.Method(channel, received.ClassId, (ushort)(received.MethodId + 1))];
            default:
                return [];
        }
    }
}
