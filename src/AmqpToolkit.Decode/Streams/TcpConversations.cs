using AmqpToolkit.Decode.Captures;
using AmqpToolkit.Decode.Output;

namespace AmqpToolkit.Decode.Streams;

/// <summary>All TCP connections of a capture. The number that is followed at a time is bounded: the one that was quiet longest is given up.</summary>
internal sealed class TcpConversations(DecodeSettings settings, ConversationNumbers numbers, DecodeOutput output)
{
    public const int MaxFollowed = 4096;

    private readonly KeptOctets _kept = new(settings.MaxKeptOctets);
    private readonly Dictionary<(TcpEndpoint Low, TcpEndpoint High), LinkedListNode<Followed>> _byEnds = [];
    private readonly LinkedList<Followed> _byQuiet = new();
    private long _order;

    /// <summary>Takes a segment.</summary>
    public void Add(in TcpSegment segment, long nanoseconds)
    {
        Followed? followed = Find(segment, nanoseconds);
        if (followed is null || followed.Conversation.IsForeign)
        {
            return;
        }

        bool isFromClient = segment.Source == followed.Client;
        (TcpReassembler own, TcpReassembler other) = isFromClient ? (followed.FromClient, followed.FromServer) : (followed.FromServer, followed.FromClient);
        if (segment.IsAcknowledging && !segment.IsSyn)
        {
            other.Acknowledge(segment.Acknowledgement, nanoseconds);
        }

        own.Add(segment, nanoseconds);
        if (segment.IsReset || (segment.IsFin && segment.IsAcknowledging && followed.NoteFin(isFromClient)))
        {
            // What waits behind a gap may still be completed by a segment that was overtaken, but nobody waits for it any longer.
            followed.IsEnding = true;
        }
    }

    /// <summary>The capture has ended.</summary>
    public void Finish(long nanoseconds)
    {
        foreach (Followed followed in _byQuiet.OrderBy(one => one.Order).ToList())
        {
            End(followed, nanoseconds);
        }

        _byEnds.Clear();
        _byQuiet.Clear();
    }

    private static void End(Followed followed, long nanoseconds)
    {
        followed.FromClient.PassGaps(nanoseconds);
        followed.FromServer.PassGaps(nanoseconds);
        followed.Conversation.Finish(nanoseconds);
    }

    private static (TcpEndpoint Low, TcpEndpoint High) Key(in TcpSegment segment) =>
        (segment.Source.Address, segment.Source.Port).CompareTo((segment.Destination.Address, segment.Destination.Port)) <= 0
            ? (segment.Source, segment.Destination)
            : (segment.Destination, segment.Source);

    private Followed? Find(in TcpSegment segment, long nanoseconds)
    {
        (TcpEndpoint Low, TcpEndpoint High) key = Key(segment);
        if (_byEnds.TryGetValue(key, out LinkedListNode<Followed>? node))
        {
            Followed known = node.Value;
            bool isNew = segment.IsSyn && (known.IsEnding || !(segment.Source == known.Client ? known.FromClient : known.FromServer).IsSameStart(segment.Sequence));
            if (!isNew)
            {
                _byQuiet.Remove(node);
                _byQuiet.AddLast(node);
                return known;
            }

            Remove(node, key, nanoseconds);
        }

        if (segment.Payload.IsEmpty && !segment.IsSyn)
        {
            return null; // the end of something that nobody saw
        }

        if (_byEnds.Count == MaxFollowed)
        {
            LinkedListNode<Followed> quiet = _byQuiet.First!;
            Remove(quiet, quiet.Value.Key, nanoseconds);
        }

        Followed added = Follow(segment, key);
        _byEnds.Add(key, _byQuiet.AddLast(added));
        return added;
    }

    private void Remove(LinkedListNode<Followed> node, (TcpEndpoint Low, TcpEndpoint High) key, long nanoseconds)
    {
        End(node.Value, nanoseconds);
        _byEnds.Remove(key);
        _byQuiet.Remove(node);
    }

    /// <summary>Decides who the client is: the sender of SYN, else the one whose peer has AMQP's port, else the one with the higher port.</summary>
    private Followed Follow(in TcpSegment segment, (TcpEndpoint Low, TcpEndpoint High) key)
    {
        bool isFromClient = segment.IsSyn
            ? !segment.IsAcknowledging
            : (settings.IsAmqpPort(segment.Destination.Port), settings.IsAmqpPort(segment.Source.Port)) switch
            {
                (true, false) => true,
                (false, true) => false,
                _ => segment.Source.Port >= segment.Destination.Port,
            };
        (TcpEndpoint client, TcpEndpoint server) = isFromClient ? (segment.Source, segment.Destination) : (segment.Destination, segment.Source);
        bool mustBeAmqp = settings.IsAmqpPort(server.Port) || settings.IsAmqpPort(client.Port);
        Conversation conversation = new(numbers, client.ToString(), server.ToString(), mustBeAmqp, settings, output, _kept);
        return new Followed(key, client, conversation, _kept) { Order = _order++ };
    }

    /// <summary>A connection and its two directions.</summary>
    private sealed class Followed((TcpEndpoint Low, TcpEndpoint High) key, TcpEndpoint client, Conversation conversation, KeptOctets kept)
    {
        private bool _clientFin;
        private bool _serverFin;

        public (TcpEndpoint Low, TcpEndpoint High) Key => key;

        public TcpEndpoint Client => client;

        public Conversation Conversation => conversation;

        public TcpReassembler FromClient { get; } = new(conversation.FromClient, kept);

        public TcpReassembler FromServer { get; } = new(conversation.FromServer, kept);

        public required long Order { get; init; }

        /// <summary>A SYN of the same ends starts another connection.</summary>
        public bool IsEnding { get; set; }

        /// <summary>Notes the end of a direction; true when both have ended.</summary>
        public bool NoteFin(bool isFromClient)
        {
            _clientFin |= isFromClient;
            _serverFin |= !isFromClient;
            return _clientFin && _serverFin;
        }
    }
}
