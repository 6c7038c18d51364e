using AmqpToolkit.Broker.Access;
using AmqpToolkit.Protocol.Sasl;

namespace AmqpToolkit.Broker.Tests.Access;

/// <summary>Users, as the library changes them.</summary>
public sealed class BrokerUsersTests
{
    [Fact]
    public async Task Guest_OfANewBroker_ComesFromThisMachineAlone()
    {
        await using var broker = await TestBroker.StartAsync();
        var credentials = new SaslCredentials("guest", "guest");

        Assert.NotNull(broker.Users.Authenticate(credentials, isLoopback: true));
        Assert.Null(broker.Users.Authenticate(credentials, isLoopback: false));
        Assert.Equal(["administrator"], broker.Users.Find("guest")!.Tags);
        Assert.Equal([new UserPermission("/")], broker.Users.Find("guest")!.Permissions);
    }

    [Fact]
    public async Task Set_WithAHash_TakesThePasswordAndShowsTheHash()
    {
        await using var broker = await TestBroker.StartAsync();
        string hash = PasswordHash.Create("secret").Text;

        broker.Users.Set(new BrokerUser { Name = "one", PasswordHash = hash, Tags = ["monitoring"], MaxChannels = 3 });

        var found = broker.Users.Find("one")!;
        Assert.Equal((hash, "rabbit_password_hashing_sha256", 3, null), (found.PasswordHash, found.HashingAlgorithm, found.MaxChannels, found.MaxConnections));
        Assert.Null(found.Password);
        Assert.NotNull(broker.Users.Authenticate(new SaslCredentials("one", "secret"), isLoopback: false));
        Assert.Null(broker.Users.Authenticate(new SaslCredentials("one", "other"), isLoopback: false));
    }

    [Fact]
    public async Task Set_OfAUserThatIsThere_KeepsItsPermissions()
    {
        await using var broker = await TestBroker.StartAsync();
        broker.Users.Set(new BrokerUser { Name = "one", Password = "a" });
        broker.Users.SetPermission("one", new UserPermission("/", "^a", "^b", ""));

        broker.Users.Set(new BrokerUser { Name = "one", Password = "b" });

        Assert.Equal([new UserPermission("/", "^a", "^b", "")], broker.Users.Find("one")!.Permissions);
    }

    [Fact]
    public async Task UserWithoutAPassword_CannotLogIn()
    {
        await using var broker = await TestBroker.StartAsync();
        broker.Users.Set(new BrokerUser { Name = "one" });

        Assert.Null(broker.Users.Authenticate(new SaslCredentials("one", ""), isLoopback: true));
        Assert.Null(broker.Users.Authenticate(new SaslCredentials("nobody", ""), isLoopback: true));
    }

    [Theory]
    [InlineData("[", "", "")]
    [InlineData("", "(", "")]
    [InlineData("", "", "*")]
    public async Task SetPermission_WithAWrongPattern_ChangesNothing(string configure, string write, string read)
    {
        await using var broker = await TestBroker.StartAsync();

        Assert.Throws<ArgumentException>(() => broker.Users.SetPermission("guest", new UserPermission("/", configure, write, read)));
        Assert.Throws<ArgumentException>(() => broker.Users.SetPermission("guest", new UserPermission("nowhere")));
        Assert.Throws<ArgumentException>(() => broker.Users.SetPermission("nobody", new UserPermission("/")));

        Assert.Equal([new UserPermission("/")], broker.Users.Find("guest")!.Permissions);
    }

    [Fact]
    public async Task Names_OfMoreThan255Octets_AreRefused()
    {
        await using var broker = await TestBroker.StartAsync();
        string longest = new('\u00fc', 127);
        broker.VirtualHosts.Create(longest + "x");
        broker.Users.Set(new BrokerUser { Name = longest + "x", Password = "secret" });

        Assert.Throws<ArgumentException>(() => broker.VirtualHosts.Create(longest + "xx"));
        Assert.Throws<ArgumentException>(() => broker.Users.Set(new BrokerUser { Name = longest + "xx", Password = "secret" }));
        Assert.Equal(["/", longest + "x"], broker.VirtualHosts.Names);
    }

    [Fact]
    public async Task VirtualHost_Deleted_IsForgottenByItsUsers()
    {
        await using var broker = await TestBroker.StartAsync();
        broker.VirtualHosts.Create("other");
        broker.Users.SetPermission("guest", new UserPermission("other"));
        broker.Users.SetTopicPermission("guest", new UserTopicPermission("other", "amq.topic"));

        Assert.True(broker.VirtualHosts.Delete("other"));

        Assert.False(broker.VirtualHosts.Delete("other"));
        Assert.Equal(["/"], broker.VirtualHosts.Names);
        Assert.Equal("/", Assert.Single(broker.Users.Find("guest")!.Permissions!).VirtualHost);
        Assert.Empty(broker.Users.TopicPermissionsOf("guest"));
    }

    [Theory]
    [InlineData("a.b", "^{username}$", "a.b", true)]
    [InlineData("a.b", "^{username}$", "axb", false)]
    [InlineData("x|y", "^{username}$", "x", false)]
    [InlineData("u", "^{vhost}\\.{username}$", "/.u", true)]
    [InlineData("u", "^{client_id}$", "{client_id}", true)]
    [InlineData("{vhost}", "^{username}$", "{vhost}", true)]
    [InlineData("{client_id}{vhost}", "^{username}$", "{client_id}{vhost}", true)]
    public void TopicPatterns_WithVariables_TakeWhatTheyStandForLiterally(string user, string pattern, string key, bool expected) =>
        Assert.Equal(expected, new TopicPatterns(pattern, "", user, "/").For(AccessKind.Write).IsMatch(System.Text.Encoding.UTF8.GetBytes(key)));

    [Fact]
    public async Task TopicPermission_ThatIsTooLargeWithTheNamesInIt_IsRefusedWhenItIsSet()
    {
        await using var broker = await TestBroker.StartAsync();
        string name = new('u', 100);
        broker.Users.Set(new BrokerUser { Name = name, Password = "p" });
        string pattern = string.Concat(Enumerable.Repeat("{username}", 30));

        Assert.Throws<ArgumentException>(() => broker.Users.SetTopicPermission(name, new UserTopicPermission("/", "amq.topic", pattern, "")));

        Assert.Empty(broker.Users.TopicPermissionsOf(name));
    }

    [Fact]
    public async Task Connections_OfTheNode_AreLimitedAndGivenBack()
    {
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions
        {
            Endpoints = [new(System.Net.IPAddress.Loopback, 0)],
            ConnectionMax = 1,
            ChannelMaxPerNode = 2,
        });
        using (var first = RawClient.Open(broker))
        {
            first.OpenChannel(1);
            first.OpenChannel(2);
            Assert.Equal((1, 2), (broker.Occupancy.ConnectionCount, broker.Occupancy.ChannelCount));
            first.Send(3, default(Codec.V0_9_1.ChannelOpen));
            first.Expect(Codec.V0_9_1.ConnectionCloseView.MethodKey);
        }

        Assert.True(SpinWait.SpinUntil(() => broker.ConnectionCount == 0, TimeSpan.FromSeconds(60)));
        Assert.Equal((0, 0), (broker.Occupancy.ConnectionCount, broker.Occupancy.ChannelCount));
        using var again = RawClient.Open(broker);
        again.OpenChannel(1);
    }

    /// <summary>An import gives one user ten thousand virtual hosts, one by one: a change that looks at all of them is quadratic.</summary>
    [Fact]
    public void Permission_OfTenThousand_IsChangedAndReadWithoutACopy()
    {
        var patterns = PermissionPatterns.Parse("", "", "");
        var state = new UserState { Password = null };
        for (int index = 0; index < 10_000; index++)
        {
            state = state.WithPermission($"v{index}", patterns).WithTopicPermission($"v{index}", "amq.topic", new TopicPatterns("", "", "one", "v"));
        }

        var other = PermissionPatterns.Parse("^a", "", "");
        var topic = new TopicPatterns("^a", "", "one", "v");
        long before = GC.GetAllocatedBytesForCurrentThread();
        var changed = state.WithPermission("v77", other).WithoutPermission("v78").WithTopicPermission("v79", "amq.topic", topic).WithoutTopicPermissions("v80", "amq.topic");
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        before = GC.GetAllocatedBytesForCurrentThread();
        bool isThere = changed.Permissions.TryGetValue("v77", out var found) & changed.TopicPermissions!.TryGetValue(("v79", "amq.topic"), out var foundTopic);
        long allocatedByReading = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(isThere && ReferenceEquals(found, other) && ReferenceEquals(foundTopic, topic));
        Assert.Equal((9_999, 10_000, 9_999), (changed.Permissions.Count, state.Permissions.Count, changed.TopicPermissions.Count));
        Assert.InRange(allocated, 1, 16 * 1024);
        Assert.Equal(0, allocatedByReading);
    }

    [Fact]
    public async Task Permission_OfOneVirtualHost_HasTheRoutesOfThatOneForgotten()
    {
        await using var broker = await TestBroker.StartAsync();
        var (one, other) = (broker.VirtualHosts.Find("/")!.Topology, broker.VirtualHosts.Create("other").Topology);
        var (ofOne, ofOther) = (one.RoutingVersion, other.RoutingVersion);

        broker.Users.Set(new BrokerUser { Name = "new" });
        Assert.Equal((ofOne, ofOther), (one.RoutingVersion, other.RoutingVersion));

        broker.Users.SetPermission("new", new UserPermission("/"));
        broker.Users.SetTopicPermission("new", new UserTopicPermission("/", "amq.topic", "^a", ""));
        broker.Users.ClearTopicPermissions("new", "/");
        broker.Users.ClearPermission("new", "/");
        Assert.Equal((ofOne + 4, ofOther), (one.RoutingVersion, other.RoutingVersion));

        broker.Users.Set(new BrokerUser { Name = "new", Tags = ["impersonator"] });
        Assert.Equal((ofOne + 5, ofOther + 1), (one.RoutingVersion, other.RoutingVersion));
    }
}
