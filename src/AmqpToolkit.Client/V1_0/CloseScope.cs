namespace AmqpToolkit.Client.V1_0;

/// <summary>What has ended (1.0 section 2.8.14 to 2.8.18: each error has a scope).</summary>
public enum CloseScope : byte
{
    /// <summary>The connection, with all its sessions and links.</summary>
    Connection,

    /// <summary>A session, with all its links.</summary>
    Session,

    /// <summary>A link.</summary>
    Link,
}
