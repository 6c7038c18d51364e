using System.Collections.Concurrent;
using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Mistakes;

/// <summary>
/// Mistakes before open-ok. A broker makes a stranger wait, 3 or 10 seconds, so all rows of a profile are run at once, each
/// on its own thread, and each test looks at one of them.
/// </summary>
public sealed class HandshakeMistakeTests
{
    private static readonly Dictionary<string, HandshakeMistake> Table = HandshakeMistakes.All.ToDictionary(mistake => mistake.ToString());

    private static readonly ConcurrentDictionary<Profile, Lazy<Dictionary<string, Task>>> Runs = new();

    public static TheoryData<string, Profile> Rows()
    {
        var rows = new TheoryData<string, Profile>();
        foreach (var profile in BrokerUnderTest.Profiles)
        {
            foreach (var (name, _) in Table.Where(row => IsAsked(row.Value, profile)))
            {
                rows.Add(name, profile);
            }
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public Task HandshakeMistake_Committed_IsAnsweredWithItsCodeScopeAndText(string mistake, Profile profile) =>
        Runs.GetOrAdd(profile, one => new(() => Start(one))).Value[mistake];

    private static bool IsAsked(HandshakeMistake row, Profile profile) =>
        row.Profiles.HasFlag(profile) && (!row.NeedsUsers || BrokerUnderTest.HasAccessControl);

    private static Dictionary<string, Task> Start(Profile profile)
    {
        var broker = BrokerUnderTest.For(profile);
        if (BrokerUnderTest.HasAccessControl)
        {
            TestUsers.Ensure(broker);
        }

        return Table.Where(row => IsAsked(row.Value, profile)).ToDictionary(
            row => row.Key,
            row => Task.Factory.StartNew(() => Run(broker, row.Value), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
    }

    private static void Run(BrokerUnderTest broker, HandshakeMistake row)
    {
        using var other = ScriptedPeer.OpenWithChannels(broker, 1);
        using var peer = row.Commit(broker);

        switch (broker.IsReference ? row.OnReference ?? row.Expected : row.Expected)
        {
            case Closed closed:
                peer.ExpectConnectionClose(closed.Code, closed.Text, closed.Method);
                if (!closed.InputIgnored)
                {
                    peer.Send(0, "connection.close-ok");
                }

                peer.ExpectSocketClosed(ScriptedPeer.LongDeadline);
                break;
            case HeaderAnswered:
                Assert.Equal(ScriptedPeer.ProtocolHeader, Assert.IsType<IncomingProtocolHeader>(peer.Receive()).Octets);
                peer.ExpectSocketClosed(ScriptedPeer.LongDeadline);
                break;
            case HeaderTaken taken:
                Assert.Equal(taken.Header, Assert.IsType<IncomingProtocolHeader>(peer.Receive()).Octets);
                break;
            case SocketEnded:
                peer.ExpectSocketClosed(ScriptedPeer.LongDeadline);
                break;
            case Answered answered:
                Array.ForEach(answered.Methods, method => peer.Expect(0, method));
                break;
        }

        other.ExpectNothingBefore(1);
    }
}
