namespace AmqpToolkit.Codec;

/// <summary>What an error code closes (0-9-1 specification, 4.10 and the constants' classes).</summary>
public enum ErrorScope : byte
{
    /// <summary>Not an error.</summary>
    None = 0,

    /// <summary>The channel: a constant of class <c>soft-error</c>.</summary>
    Channel,

    /// <summary>The connection: a constant of class <c>hard-error</c>.</summary>
    Connection,
}
