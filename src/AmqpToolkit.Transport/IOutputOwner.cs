namespace AmqpToolkit.Transport;

/// <summary>Who an <see cref="Output"/> tells of its life. Called by the sending task, outside every lock.</summary>
public interface IOutputOwner
{
    /// <summary>The output has room again after somebody was turned away with <see cref="Output.HasRoom"/> false.</summary>
    void HandleOutputDrained();

    /// <summary>A send failed, or the output ended as asked; nothing more will be sent.</summary>
    void HandleOutputEnded(Exception? cause);
}
