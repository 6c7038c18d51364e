using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Mistakes;

/// <summary>Every mistake is answered with its code, scope and text, and everything beyond its scope goes on; in each edition.</summary>
public sealed class MistakeTests
{
    private static readonly Dictionary<string, Mistake> Table =
        new[] { FramingMistakes.All, ContentMistakes.All, StateMistakes.All, ExchangeMistakes.All, QueueMistakes.All, BasicMistakes.All, ExtensionMistakes.All, AccessMistakes.All, LimitMistakes.All, ArgumentMistakes.All }
            .SelectMany(all => all).ToDictionary(mistake => mistake.ToString());

    /// <summary>What is asked of the older editions as well: not what waits for seconds, nor what is about RabbitMQ's extensions.</summary>
    private static readonly HashSet<string> Older =
        [.. new[] { FramingMistakes.All, ContentMistakes.All, StateMistakes.All, ExchangeMistakes.All, QueueMistakes.All, BasicMistakes.All, AccessMistakes.All }.SelectMany(all => all).Select(mistake => mistake.ToString())];

    internal static IEnumerable<Mistake> All => Table.Values;

    public static TheoryData<string, Profile, Edition> Rows()
    {
        var rows = new TheoryData<string, Profile, Edition>();
        var first = BrokerUnderTest.Profiles.First();
        foreach (var (name, mistake) in Table.Where(row => row.Value.ExchangeType is not { } type || BrokerUnderTest.HasExchangeType(type)))
        {
            foreach (var profile in BrokerUnderTest.Profiles.Where(one => mistake.Profiles.HasFlag(one) && (mistake.User is null || BrokerUnderTest.HasAccessControl)))
            {
                rows.Add(name, profile, Edition.V0_9_1);
                if (profile == first && Older.Contains(name) && mistake.Expected is not Closed { InputIgnored: true })
                {
                    rows.Add(name, profile, Edition.V0_9);
                    if (!mistake.IsForeignTo0_8)
                    {
                        rows.Add(name, profile, Edition.V0_8);
                    }
                }
            }
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Mistake_Committed_IsAnsweredWithItsCodeScopeAndText(string mistake, Profile profile, Edition edition)
    {
        var row = Table[mistake];
        var broker = BrokerUnderTest.For(profile);
        using var scene = new Scene(broker, row.FrameMax, row.User, edition);

        row.Commit(scene);

        switch (broker.IsReference ? row.OnReference ?? row.Expected : row.Expected)
        {
            case Closed { Scope: ErrorScope.Channel } closed:
                ExpectChannelClosed(scene, closed);
                break;
            case Closed closed:
                ExpectConnectionClosed(scene, closed);
                break;
            case SocketEnded:
                scene.Peer.ExpectSocketClosed();
                break;
            case Answered answered:
                Array.ForEach(answered.Methods, method => scene.Peer.Expect(1, method));
                scene.Peer.ExpectNothingBefore(1);
                scene.Peer.ExpectNothingBefore(2);
                break;
        }

        scene.Other.ExpectNothingBefore(1);
    }

    private static void ExpectChannelClosed(Scene scene, Closed closed)
    {
        scene.Peer.ExpectChannelClose(1, closed.Code, scene.Expand(closed.Text), closed.Method!);
        scene.Peer.ExpectNothingBefore(2);
        scene.Peer.Send(1, "channel.close-ok");
        scene.Peer.OpenChannel(1);
        scene.Peer.ExpectNothingBefore(1);
    }

    private static void ExpectConnectionClosed(Scene scene, Closed closed)
    {
        scene.Peer.ExpectConnectionClose(closed.Code, scene.Expand(closed.Text), closed.Method);
        if (!closed.InputIgnored)
        {
            scene.Peer.Send(0, "connection.close-ok");
        }

        scene.Peer.ExpectSocketClosed();
    }
}
