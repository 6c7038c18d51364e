using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.V1_0;

/// <summary>A broker for each test, and a client of 0-9-1 with channel 1 to prepare and to look.</summary>
public abstract class PeerTests : IAsyncLifetime
{
    internal AmqpBroker Broker { get; private set; } = null!;

    internal RawClient Older { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Broker = await TestBroker.StartAsync();
        Older = RawClient.Open(Broker);
        Older.OpenChannel(1);
        Prepare();
    }

    public async Task DisposeAsync()
    {
        Older.Dispose();
        await Broker.DisposeAsync();
    }

    /// <summary>Declares what the tests use.</summary>
    protected abstract void Prepare();

    internal void Declare(string queue, string type) => Declare(queue, table => table.Add("x-queue-type", type), durable: true);

    internal void Declare(string queue, Action<TableBuilder> fill, bool durable = false)
    {
        Older.Send(1, new QueueDeclare { Queue = queue, Durable = durable, Arguments = Table.Create(fill) });
        Older.Expect(QueueDeclareOkView.MethodKey);
    }

    /// <summary>Messages that wait in a queue.</summary>
    internal uint CountMessages(string queue = "q")
    {
        Older.Send(1, new QueueDeclare { Queue = queue, Passive = true });
        Assert.Equal(DecodeError.None, QueueDeclareOkView.TryParse(Older.Expect(QueueDeclareOkView.MethodKey), out var view));
        return view.MessageCount;
    }

    /// <summary>The text of a message whose body is one.</summary>
    internal static string TextOf(PeerFrame transfer)
    {
        Assert.Equal(DecodeError.None, MessageSections.TryParse(transfer.Payload, out var sections));
        Assert.Equal(DecodeError.None, AmqpValueView.TryParse(sections.Body, out var value, out _));
        Assert.True(value.Value.TryGetString(out var text));
        return Encoding.UTF8.GetString(text);
    }
}
