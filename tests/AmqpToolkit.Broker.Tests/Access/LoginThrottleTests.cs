using System.Net;
using System.Net.Sockets;
using AmqpToolkit.Broker.Access;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol.Sasl;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Broker.Tests.Access;

/// <summary>Failed logins are counted by address, before anything is reckoned for them.</summary>
public sealed class LoginThrottleTests
{
    private static readonly IPAddress Here = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress There = IPAddress.Parse("192.0.2.2");

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Failures_UpToTheCap_AreLetThrough_AndComeBackWithTime()
    {
        var throttle = new LoginThrottle(_time, 60);
        Assert.Equal(60, Try(throttle, Here, 100));
        Assert.Equal(60, Try(throttle, There, 100));

        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(10, Try(throttle, Here, 100));

        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(60, Try(throttle, Here, 100));
    }

    [Fact]
    public void Successes_CostNothing()
    {
        var throttle = new LoginThrottle(_time, 2);
        for (int index = 0; index < 1000; index++)
        {
            Assert.True(throttle.MayTry(Here, "app", begins: true, out _));
            throttle.Succeed(Here, "app");
        }
    }

    [Fact]
    public void Refusals_AreToldOnce_UntilATenthIsThereAgain()
    {
        var throttle = new LoginThrottle(_time, 60);
        Try(throttle, Here, 60);
        Assert.False(throttle.MayTry(Here, "app", begins: true, out bool isFirst));
        Assert.True(isFirst);
        Assert.False(throttle.MayTry(Here, "app", begins: true, out isFirst));
        Assert.False(isFirst);

        _time.Advance(TimeSpan.FromSeconds(1.5));
        Assert.True(throttle.MayTry(Here, "app", begins: true, out isFirst));
        Assert.False(throttle.MayTry(Here, "app", begins: true, out isFirst));
        Assert.False(isFirst);

        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(6, Try(throttle, Here, 6));
        Assert.False(throttle.MayTry(Here, "app", begins: true, out isFirst));
        Assert.True(isFirst);
    }

    [Fact]
    public void Networks_OfIPv6_CountAsOne_AndMappedAddressesAsThemselves()
    {
        var throttle = new LoginThrottle(_time, 10);
        Assert.Equal(10, Enumerable.Range(1, 100).Count(index => throttle.MayTry(IPAddress.Parse($"2001:db8::{index:x}"), "app", begins: true, out _)));
        Assert.True(throttle.MayTry(IPAddress.Parse("2001:db8:0:1::1"), "app", begins: true, out _));
        Assert.Equal(10, Try(throttle, Here, 20));
        Assert.Equal(0, Try(throttle, Here.MapToIPv6(), 20));
    }

    [Fact]
    public void Table_OfAMillionAddresses_StaysSmall_AndKnowsTheLastOnes()
    {
        var throttle = new LoginThrottle(_time, 1);
        for (uint index = 0; index < 1_000_000; index++)
        {
            throttle.MayTry(new IPAddress(index), "app", begins: true, out _);
        }

        Assert.InRange(throttle.Count, 2 * LoginThrottle.GenerationAddresses, 4 * LoginThrottle.GenerationAddresses);
        Assert.False(throttle.MayTry(new IPAddress(999_999), "app", begins: true, out _));
        Assert.True(throttle.MayTry(new IPAddress(1), "app", begins: true, out _));
    }

    [Fact]
    public async Task A10_TenThousandFailures_FromOneAddress_AreReckonedUpToTheCap_WhileOthersLogIn()
    {
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)], TimeProvider = _time, LoginFailuresPerMinute = 50 });
        broker.Users.Set(new BrokerUser { Name = "app", Password = "secret" });
        using var intruder = new AddressedTransport(Here);
        var wrong = new SaslCredentials("app", "guess");
        long before = PasswordHash.Reckoned;
        for (int index = 0; index < 5_000; index++)
        {
            Assert.False(new LoginAttempt(broker, intruder, "x").Authenticate(wrong));
            var scram = new LoginAttempt(broker, intruder, "x");
            Assert.Equal(scram.FindVerifier(ScramHash.Sha256, "app") is not null, index < 25);
            Assert.False(scram.Conclude(isProven: false));
        }

        Assert.Equal(25, PasswordHash.Reckoned - before);

        // Not even with the right password: what is not reckoned is not known to be right.
        Assert.False(new LoginAttempt(broker, intruder, "x").Authenticate(new SaslCredentials("app", "secret")));
        using var neighbour = new AddressedTransport(There);
        Assert.True(new LoginAttempt(broker, neighbour, "x").Authenticate(new SaslCredentials("app", "secret")));
        using var client = RawClient.Open(broker);
        client.OpenChannel(1);

        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.True(new LoginAttempt(broker, intruder, "x").Authenticate(new SaslCredentials("app", "secret")));
    }

    [Fact]
    public async Task Client_BeyondTheCap_HearsWhatAWrongPasswordHears()
    {
        var log = new WarningLog();
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions
        {
            Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)],
            TimeProvider = _time,
            LoginFailuresPerMinute = 1,
            LoggerFactory = log,
        });
        var texts = new List<string>();
        foreach (string password in new[] { "wrong", "guest" })
        {
            using var client = new RawClient(broker.Endpoints[0]);
            client.Send(ProtocolHeader.V0_9_1);
            client.Expect(ConnectionStartView.MethodKey);
            var properties = Codec.Table.Create(table => table.AddTable("capabilities", capabilities => capabilities.Add("authentication_failure_close", true)));
            client.Send(0, new ConnectionStartOk { ClientProperties = properties, Mechanism = "PLAIN", Response = $"\0guest\0{password}", Locale = "en_US" });
            texts.Add(Convert.ToHexString(client.Expect(ConnectionCloseView.MethodKey)));
        }

        Assert.Equal(texts[0], texts[1]);
        Assert.Single(log.Of(33));
    }

    [Fact]
    public void OldPassword_OfOneUser_KeepsNobodyElseOut_AndManyNamesAreBoundedTogether()
    {
        var throttle = new LoginThrottle(_time, 10);
        Assert.Equal(10, Enumerable.Range(0, 400).Count(_ => throttle.MayTry(Here, "old", begins: true, out bool _)));
        Assert.True(throttle.MayTry(Here, "app", begins: true, out _));
        Assert.Equal((10 * LoginThrottle.Users) - 11, Enumerable.Range(0, 1000).Count(index => throttle.MayTry(Here, $"user{index}", begins: true, out bool _)));
        Assert.True(throttle.MayTry(There, "app", begins: true, out _));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Names_ThatAreAskedForOrRefused_HaveNothingForgotten(bool begins)
    {
        var throttle = new LoginThrottle(_time, 50);
        Assert.Equal(50, Try(throttle, Here, 60));
        Assert.Equal(50, Try(throttle, There, 60));

        // More than both generations have room for, of which an address's allowance lets a thousand through.
        for (int index = 0; index < 100_000; index++)
        {
            throttle.MayTry(Here, $"user{index}", begins, out _);
        }

        Assert.Equal(0, Try(throttle, There, 10));
        Assert.Equal(0, Try(throttle, Here, 10));
        Assert.Equal(begins, !throttle.MayTry(Here, "another", begins: false, out _));
    }

    [Fact]
    public void Address_ThatFillsAGeneration_KeepsBothOfItsCounts()
    {
        var throttle = new LoginThrottle(_time, 2);
        Assert.Equal(2, Try(throttle, Here, 5));
        Assert.Equal((2 * LoginThrottle.Users) - 2, Enumerable.Range(0, 1000).Count(index => throttle.MayTry(Here, $"user{index}", begins: true, out bool _)));

        // The rest of this generation and all of the next: what is known of Here is in the older one, and its next attempt begins another.
        for (uint index = 1; index < 2 * LoginThrottle.GenerationAddresses; index++)
        {
            throttle.MayTry(new IPAddress(index), "app", begins: true, out _);
        }

        Assert.False(throttle.MayTry(Here, "app", begins: true, out _));
        Assert.False(throttle.MayTry(Here, "another", begins: true, out _));
    }

    private static int Try(LoginThrottle throttle, IPAddress address, int times) =>
        Enumerable.Range(0, times).Count(_ => throttle.MayTry(address, "app", begins: true, out bool _));

    /// <summary>Nothing but an address.</summary>
    private sealed class AddressedTransport(IPAddress address) : TransportConnection
    {
        public override EndPoint? LocalEndPoint => null;

        public override EndPoint? RemoteEndPoint { get; } = new IPEndPoint(address, 1);

        public override ValueTask WaitForDataAsync() => throw new SocketException();

        public override ValueTask<int> ReceiveAsync(Memory<byte> buffer) => throw new SocketException();

        public override ValueTask SendAsync(List<ArraySegment<byte>> segments) => throw new SocketException();

        public override void ShutdownSend() => throw new SocketException();

        public override void Abort()
        {
            // There is nothing to end.
        }
    }
}
