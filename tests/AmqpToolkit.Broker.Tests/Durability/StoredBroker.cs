using System.Net;
using AmqpToolkit.Storage.Journaling;
using AmqpToolkit.Storage.Tests;

namespace AmqpToolkit.Broker.Tests.Durability;

/// <summary>Brokers whose folder is a simulated disk: it can be killed, lose its power, hold its syncs back, and be opened again.</summary>
internal static class StoredBroker
{
    /// <summary>Small segments: that several are in use, and copied forward, is nothing special.</summary>
    private static readonly JournalOptions Journal = new() { SegmentOctets = 64 * 1024, IdleWriteDelay = TimeSpan.FromMilliseconds(1) };

    public static Task<AmqpBroker> StartAsync(SimulatedDisk disk, DurabilityLevel durability = DurabilityLevel.Fsync, BrokerUser[]? users = null, TimeProvider? time = null) => AmqpBroker.StartAsync(new AmqpBrokerOptions
    {
        TimeProvider = time ?? TimeProvider.System,
        Users = users ?? new AmqpBrokerOptions().Users,
        Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)],
        FileLayer = disk.Open,
        Journal = Journal,
        Durability = durability,
    });
}
