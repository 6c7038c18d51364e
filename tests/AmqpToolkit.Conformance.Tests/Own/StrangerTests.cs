using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using AmqpToolkit.Broker;
using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Own;

/// <summary>guest, who may log in from the broker's machine alone, by one of its addresses that is no loopback.</summary>
public sealed class StrangerTests
{
    [OwnAddressFact]
    [Row("7")]
    public async Task Guest_FromAnotherAddress_IsRefusedWith403()
    {
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [new(OwnAddressFactAttribute.Address!, 0)] });
        using var peer = ScriptedPeer.Started(BrokerUnderTest.Of(broker));

        peer.StartOk("PLAIN", "\0guest\0guest");

        peer.ExpectConnectionClose(403, "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile.", null);
        peer.ExpectSocketClosed(ScriptedPeer.LongDeadline);
    }

    /// <summary>Skips on a machine that has loopback addresses alone.</summary>
    private sealed class OwnAddressFactAttribute : FactAttribute
    {
        public OwnAddressFactAttribute() => Skip = Address is null ? "the machine has no address but loopback" : null;

        public static IPAddress? Address { get; } = NetworkInterface.GetAllNetworkInterfaces()
            .Where(one => one.OperationalStatus == OperationalStatus.Up)
            .SelectMany(one => one.GetIPProperties().UnicastAddresses)
            .Select(one => one.Address)
            .FirstOrDefault(one => one.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(one));
    }
}
