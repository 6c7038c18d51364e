namespace AmqpToolkit.Codec;

/// <summary>What the definitions say about one method.</summary>
/// <param name="Name">Class and method, for example <c>basic.publish</c>.</param>
/// <param name="ClassId">Index of the class.</param>
/// <param name="MethodId">Index of the method within its class.</param>
/// <param name="Synchronous">Whether the method waits for a reply, or is one.</param>
/// <param name="HasContent">Whether a content header and a body follow.</param>
/// <param name="ServerReceives">Whether the server must accept it.</param>
/// <param name="ClientReceives">Whether the client must accept it.</param>
public readonly record struct MethodInfo(
    string Name,
    ushort ClassId,
    ushort MethodId,
    bool Synchronous,
    bool HasContent,
    bool ServerReceives,
    bool ClientReceives);
