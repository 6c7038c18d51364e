namespace AmqpToolkit.Storage.Tests;

/// <summary>A message that comes, one that goes, or one that moves.</summary>
/// <param name="Queue">Where a message goes, or 0.</param>
/// <param name="Position">Its position there.</param>
/// <param name="Target">Where one comes, or 0.</param>
/// <param name="TargetPosition">Its position there.</param>
internal readonly record struct CrashStep(uint Queue, ulong Position, uint Target, ulong TargetPosition)
{
    public bool Takes => Queue != 0;

    public bool Moves => Takes && Target != 0;
}
