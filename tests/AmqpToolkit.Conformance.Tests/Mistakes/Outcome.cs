namespace AmqpToolkit.Conformance.Tests.Mistakes;

/// <summary>What a broker does about a mistake. Texts name the scene's queue and exchange as {q} and {x}.</summary>
internal abstract record Outcome
{
    /// <summary>channel.close, with the class and method id of <see cref="Closed.Method"/>; the connection goes on.</summary>
    public static Outcome Channel(int code, string text, string method) => new Closed(ErrorScope.Channel, code, text, method);

    /// <summary>connection.close; a method of null stands for the ids 0 and 0.</summary>
    public static Outcome Connection(int code, string text, string? method) => new Closed(ErrorScope.Connection, code, text, method);

    /// <summary>connection.close, after which the broker reads no more: it ends the socket by itself, some 3 seconds later.</summary>
    public static Outcome ConnectionLost(int code, string text) => new Closed(ErrorScope.Connection, code, text, null, InputIgnored: true);

    /// <summary>The socket ends, and no frame says why.</summary>
    public static Outcome Socket() => new SocketEnded();

    /// <summary>No mistake: an answer, or nothing but the next answer when the method has none.</summary>
    public static Outcome Fine(params string[] answers) => new Answered(answers);
}

/// <summary>Channel or connection.</summary>
internal enum ErrorScope
{
    Channel,
    Connection,
}

/// <summary>A close method with its arguments.</summary>
internal sealed record Closed(ErrorScope Scope, int Code, string Text, string? Method, bool InputIgnored = false) : Outcome;

/// <summary>The end of the socket without a frame.</summary>
internal sealed record SocketEnded : Outcome;

/// <summary>The broker's protocol header, AMQP 0 0 9 1, and the end of the socket.</summary>
internal sealed record HeaderAnswered : Outcome;

/// <summary>The header that was sent, back from a broker that speaks its version: no mistake there.</summary>
internal sealed record HeaderTaken(byte[] Header) : Outcome;

/// <summary>These methods on channel 1 (in a handshake: on channel 0), and everything goes on.</summary>
internal sealed record Answered(string[] Methods) : Outcome;
