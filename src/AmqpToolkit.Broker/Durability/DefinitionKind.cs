namespace AmqpToolkit.Broker.Durability;

/// <summary>What a definition in the journal is about. The numbers stand in files: they are never changed and never used again.</summary>
internal enum DefinitionKind : ushort
{
    /// <summary>The first number that was never given to anything. No name.</summary>
    Numbers = 1,

    /// <summary>The store has the users and virtual hosts that a broker begins with. No name; the value, if there is one, is the secret with which users are imitated who are not there.</summary>
    Begun = 2,

    /// <summary>A virtual host with its limits. Name: its name.</summary>
    VirtualHost = 3,

    /// <summary>A durable exchange. Name: number of the virtual host, name.</summary>
    Exchange = 4,

    /// <summary>A durable queue. Name: number of the virtual host, name.</summary>
    Queue = 5,

    /// <summary>A binding between durable things. Name: the numbers of virtual host, source and destination, the key, a hash of the arguments.</summary>
    Binding = 6,

    /// <summary>A user without its permissions. Name: its name.</summary>
    User = 7,

    /// <summary>What a user may do in a virtual host. Name: both names.</summary>
    Permission = 8,

    /// <summary>Which routing keys a user may use with an exchange. Name: the three names.</summary>
    TopicPermission = 9,

    /// <summary>A policy. Name: number of the virtual host, name.</summary>
    Policy = 10,

    /// <summary>An operator policy. Name: number of the virtual host, name.</summary>
    OperatorPolicy = 11,

    /// <summary>The places that queues may have given to messages, and those that may have been handed out. No name.</summary>
    Places = 12,

    /// <summary>How far a stream is known to be on the disk. Name: its number.</summary>
    Stream = 13,
}
