using System.Buffers;

namespace AmqpToolkit.Client.Tests.Scripted;

/// <summary>Memory that knows when it was disposed of, spoils what is read later, and minds a second time.</summary>
internal sealed class ScriptedMemoryOwner : IMemoryOwner<byte>
{
    private readonly byte[] _octets;
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ScriptedMemoryOwner(int octets)
    {
        _octets = new byte[octets];
        new Random(octets).NextBytes(_octets);
    }

    public Memory<byte> Memory => _octets;

    public Task Disposed => _disposed.Task;

    public void Dispose()
    {
        Array.Fill(_octets, (byte)0xEE);
        _disposed.SetResult();
    }
}
