namespace AmqpToolkit.Codec.V0_10;

/// <summary>What the definition says about one control or command.</summary>
/// <param name="Name">Class and own name, for example <c>message.transfer</c>.</param>
/// <param name="Code">Code of the class in the upper, own code in the lower eight bits.</param>
/// <param name="HasHeader">Whether a header segment may follow.</param>
/// <param name="HasBody">Whether a body segment may follow.</param>
/// <param name="ServerReceives">Whether the server may receive it. The sender and the receiver of a session are either end.</param>
/// <param name="ClientReceives">Whether the client may receive it.</param>
/// <param name="ResultCode">Code of the struct that <c>execution.result</c> brings for it; zero when there is no result.</param>
public readonly record struct CommandInfo(
    string Name,
    ushort Code,
    bool HasHeader,
    bool HasBody,
    bool ServerReceives,
    bool ClientReceives,
    ushort ResultCode);
