namespace AmqpToolkit.Protocol.V1_0;

/// <summary>What <see cref="ConnectionEngine.Read"/> has found in the input.</summary>
public enum EngineEventKind : byte
{
    /// <summary>Nothing that anybody has to act on; more input is needed.</summary>
    None,

    /// <summary>The peers do not speak the same: the header that this peer wants was written, and the stream is to be closed.</summary>
    HeaderRefused,

    /// <summary>To a client: what the server offers. Answer with <see cref="ConnectionEngine.SendSaslInit"/>. <see cref="EngineEvent.Performative"/> is sasl-mechanisms.</summary>
    SaslMechanisms,

    /// <summary>To a server: a mechanism and a first response. Answer with a challenge or an outcome. <see cref="EngineEvent.Performative"/> is sasl-init.</summary>
    SaslInit,

    /// <summary>To a client: answer with <see cref="ConnectionEngine.SendSaslResponse"/>. <see cref="EngineEvent.Performative"/> is sasl-challenge.</summary>
    SaslChallenge,

    /// <summary>To a server: answer with a challenge or an outcome. <see cref="EngineEvent.Performative"/> is sasl-response.</summary>
    SaslResponse,

    /// <summary>To a client: the end of the exchange. When it went well the engine has gone on. <see cref="EngineEvent.Performative"/> is sasl-outcome.</summary>
    SaslOutcome,

    /// <summary>The peer has opened; a server answers with <see cref="ConnectionEngine.Open"/> or <see cref="ConnectionEngine.Refuse"/>.</summary>
    Opened,

    /// <summary>A session has begun; one that the peer began is answered already.</summary>
    Begun,

    /// <summary>
    /// A link: one that the peer wants, to be answered with <see cref="Link.Attach"/> or <see cref="Link.Refuse"/>, or the answer to one of this peer's
    /// (<see cref="Link.IsLocal"/>).
    /// </summary>
    Attached,

    /// <summary>A link or, without one, a whole session has got room to send, or its peer has told where it stands.</summary>
    Flowed,

    /// <summary>Octets of a delivery, or its end.</summary>
    Transferred,

    /// <summary>The peer tells the state of deliveries: see <see cref="Session.TryTakeDisposed"/>.</summary>
    Disposed,

    /// <summary>The peer has detached a link; unless this peer had before, answer with <see cref="Link.Detach"/>.</summary>
    Detached,

    /// <summary>The peer has ended a session, and with it its links; the answer was written.</summary>
    Ended,

    /// <summary>The peer has closed, and this peer has: the stream is to be closed once everything is sent.</summary>
    Closed,

    /// <summary>The peer made a mistake on a link: it was detached with <see cref="EngineEvent.Fault"/>.</summary>
    LinkFailed,

    /// <summary>The peer made a mistake on a session: it was ended with <see cref="EngineEvent.Fault"/>.</summary>
    SessionFailed,

    /// <summary>The peer made a mistake: the connection was closed with <see cref="EngineEvent.Fault"/>; the peer's close is awaited.</summary>
    ConnectionFailed,
}
