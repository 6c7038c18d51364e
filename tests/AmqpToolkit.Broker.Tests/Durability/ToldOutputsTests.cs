using AmqpToolkit.Broker.Durability;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Broker.Tests.Durability;

public sealed class ToldOutputsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(40)]
    public async Task Send_OfAnyNumberOfOutputs_SendsEachOnce(int count)
    {
        var told = new ToldOutputs();
        var ends = Enumerable.Range(0, count).Select(_ => InMemoryTransport.CreatePair()).ToArray();
        var outputs = ends.Select(end => new Output(end.Item1, new QuietOwner(), boundOctets: 1024)).ToArray();
        for (byte round = 1; round <= 3; round++)
        {
            foreach (var output in outputs)
            {
                lock (output.Gate)
                {
                    output.Reserve(1)[0] = round;
                    output.Advance(1);
                }

                // As two channels of one connection do.
                told.Add(output);
                told.Add(output);
            }

            told.Send();

            foreach (var (_, peer) in ends)
            {
                byte[] received = new byte[2];
                Assert.Equal(1, await peer.ReceiveAsync(received).AsTask().WaitAsync(Patience));
                Assert.Equal(round, received[0]);
            }
        }
    }

    private sealed class QuietOwner : IOutputOwner
    {
        public void HandleOutputDrained()
        {
        }

        public void HandleOutputEnded(Exception? cause)
        {
        }
    }
}
