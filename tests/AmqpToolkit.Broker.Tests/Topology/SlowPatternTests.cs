using System.Collections.Immutable;
using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker.Tests.Topology;

/// <summary>Patterns that take their time with names that are made for it: whoever asks them waits, and nobody else.</summary>
public sealed class SlowPatternTests
{
    /// <summary>Look-around keeps it from the engine that does not backtrack.</summary>
    private const string Bomb = "^(?!x)(a|aa)+$";

    /// <summary>Names that take the pattern to its limit of time, 100 ms each.</summary>
    private const int Names = 12;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestTopology _topology = new();

    [Fact]
    public async Task Policy_SetOverNamesThatTakeLong_LeavesOthersAlone()
    {
        for (int number = 0; number < Names; number++)
        {
            _topology.DeclareQueue(NameOf(number));
        }

        await AssertOthersGoOnAsync(() => SetPolicy("bomb"));
    }

    [Fact]
    public async Task Declare_OfNamesThatTakeAPolicyLong_LeavesOthersAlone()
    {
        SetPolicy("bomb");

        await AssertOthersGoOnAsync(() =>
        {
            for (int number = 0; number < Names; number++)
            {
                Assert.Null(_topology.TryDeclareQueue(NameOf(number), connection: this));
            }
        });
        await AssertOthersGoOnAsync(() =>
        {
            for (int number = 0; number < Names; number++)
            {
                Assert.Null(_topology.TryDeclareExchange(NameOf(number), "fanout"));
            }
        });
    }

    [Fact]
    public async Task Declare_WithNamesThatTakeAPermissionLong_LeavesOthersAlone()
    {
        // Configure is allowed at once; what dead letters and an alternate need is asked of the bomb.
        var patterns = PermissionPatterns.Parse(".*", Bomb, ".*");
        var account = new UserAccount("u", new UserState
        {
            Password = null,
            Permissions = ImmutableDictionary<string, PermissionPatterns>.Empty.Add("/", patterns),
        });
        var caller = new Caller(new AccessRights(account, _topology.VirtualHost), _topology.VirtualHost.Rules);

        await AssertOthersGoOnAsync(() =>
        {
            for (int number = 0; number < Names; number++)
            {
                var deadLetters = TestTopology.Arguments(("x-dead-letter-exchange", NameOf(number)));
                Assert.Equal(403, _topology.VirtualHost.DeclareQueue("q"u8, false, false, false, false, deadLetters.View, this, out _, caller)!.ReplyCode);
            }
        });
        await AssertOthersGoOnAsync(() =>
        {
            for (int number = 0; number < Names; number++)
            {
                var alternate = TestTopology.Arguments(("alternate-exchange", NameOf(number)));
                Assert.Equal(403, _topology.VirtualHost.DeclareExchange("e"u8, "fanout"u8, false, false, false, false, alternate.View, caller)!.ReplyCode);
            }
        });
    }

    [Fact]
    public async Task Policy_SetWhileQueuesAreDeclared_HoldsForAllOfThem()
    {
        using var declared = new CancellationTokenSource();
        var setting = Task.Run(() =>
        {
            for (int round = 0; !declared.IsCancellationRequested; round++)
            {
                SetPolicy("p", "^q", round);
            }

            SetPolicy("last", "^q", int.MaxValue);
        });

        for (int number = 0; number < 5000; number++)
        {
            _topology.DeclareQueue($"q{number}");
        }

        await declared.CancelAsync();
        await setting.WaitAsync(Patience);
        Assert.All(_topology.VirtualHost.Queues, queue => Assert.Equal("last", queue.Policy?.Name));
    }

    /// <summary>Declares and deletes queues all the while that something takes long: often, and not only between its steps.</summary>
    private async Task AssertOthersGoOnAsync(Action takesLong)
    {
        using var started = new ManualResetEventSlim();
        var running = Task.Run(() =>
        {
            started.Set();
            takesLong();
        });
        Assert.True(started.Wait(Patience));
        int operations = 0;
        while (!running.IsCompleted)
        {
            _topology.DeclareQueue("x");
            Assert.Null(_topology.DeleteQueue("x"));
            operations++;
        }

        await running.WaitAsync(Patience);
        Assert.True(operations > Names * 3, $"{operations} operations meanwhile");
    }

    private void SetPolicy(string name, string pattern = Bomb, int priority = 0) => _topology.VirtualHost.SetPolicy(
        new PolicyRule(new Policy { Name = name, Pattern = pattern, Priority = priority, Definition = new Dictionary<string, object?> { ["max-length"] = 10L } }, isOperator: false),
        isOperator: false);

    private static string NameOf(int number) => new string('a', 40 + number) + "!";
}
