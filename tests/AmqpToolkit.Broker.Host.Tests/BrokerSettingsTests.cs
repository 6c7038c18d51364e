using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Broker.Host.Tests;

/// <summary>Which source wins and what is a value.</summary>
public sealed class BrokerSettingsTests
{
    [Fact]
    public void Read_WithoutSources_HasTheDocumentedDefaults()
    {
        BrokerSettings settings = BrokerSettings.Read([]);

        Assert.Equal(5672, settings.Port);
        Assert.Empty(settings.Listen);
        Assert.Equal(BrokerProfile.V4_2, settings.Profile);
        Assert.Equal(0.4, settings.MemoryWatermark);
        Assert.Equal(0.5, settings.PagingWatermark);
        Assert.Equal(50_000_000, settings.DiskFreeLimit);
        Assert.Equal(LogLevel.Information, settings.LogLevel);
        Assert.Equal(BrokerSettings.DefaultData, settings.Data);
        Assert.True(Path.IsPathRooted(settings.Data));
        Assert.Equal(DurabilityLevel.Fsync, settings.Durability);
    }

    [Fact]
    public void Read_TwoSources_TakesEachSettingFromTheFirstThatHasIt()
    {
        BrokerSettings settings = BrokerSettings.Read([Source(("Port", "1")), Source(("Port", "2"), ("LogLevel", "debug"), ("Data", "here"))]);

        Assert.Equal((1, LogLevel.Debug, "here"), (settings.Port, settings.LogLevel, settings.Data));
    }

    [Theory]
    [InlineData("Memory", "true", "Data", "here", null)]
    [InlineData("Data", "there", "Memory", "true", "there")]
    [InlineData("Memory", "false", "Data", "here", "here")]
    public void Read_DataAndMemoryInTwoSources_TakesTheStronger(string key, string value, string weakerKey, string weakerValue, string? expected) =>
        Assert.Equal(expected, BrokerSettings.Read([Source((key, value)), Source((weakerKey, weakerValue))]).Data);

    [Fact]
    public void Read_ListInTwoSources_TakesTheFirstWhole()
    {
        BrokerSettings settings = BrokerSettings.Read([Source(("Listen:0", "::1")), Source(("Listen:0", "10.0.0.1"), ("Listen:1", "10.0.0.2"))]);

        Assert.Equal([IPAddress.IPv6Loopback], settings.Listen);
    }

    [Theory]
    [InlineData("127.0.0.1,::1")]
    [InlineData(" 127.0.0.1 , ::1 ,")]
    public void Read_ListAsOneValue_IsSplitAtCommas(string value)
    {
        BrokerSettings settings = BrokerSettings.Read([Source(("Listen", value))]);

        Assert.Equal([IPAddress.Loopback, IPAddress.IPv6Loopback], settings.Listen);
    }

    [Fact]
    public void Read_EmptyValue_CountsAsAbsent() =>
        Assert.Equal(5672, BrokerSettings.Read([Source(("Port", ""))]).Port);

    [Fact]
    public void Read_KeyInOtherCase_IsFound() =>
        Assert.Equal(7, BrokerSettings.Read([Source(("PORT", "7"))]).Port);

    [Theory]
    [InlineData(null, null, false)]
    [InlineData("true", null, true)]
    [InlineData("true", "false", false)]
    [InlineData(null, "true", true)]
    public void Read_Dev_MeansAutoCreate_UnlessThatIsSaid(string? dev, string? autoCreate, bool expected) =>
        Assert.Equal(expected, BrokerSettings.Read([Source(("Dev", dev ?? string.Empty), ("AutoCreate", autoCreate ?? string.Empty))]).AutoCreate);

    [Theory]
    [InlineData("5000", 5000)]
    [InlineData("4294967295", 4294967295)]
    [InlineData("never", -1)]
    [InlineData("", 1_800_000)]
    public void Read_ConsumerTimeout_IsInMillisecondsOrNever(string value, double milliseconds) =>
        Assert.Equal(milliseconds, BrokerSettings.Read([Source(("ConsumerTimeout", value))]).ConsumerTimeout.TotalMilliseconds);

    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("4294967296")]
    [InlineData("30 min")]
    public void Read_ConsumerTimeoutThatIsNone_IsRefused(string value) =>
        Assert.Contains("ConsumerTimeout", Assert.Throws<SettingException>(() => BrokerSettings.Read([Source(("ConsumerTimeout", value))])).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("1", 1)]
    [InlineData("536870912", 536870912)]
    [InlineData("", 0)]
    public void Read_MaxMessageSize_IsInOctets(string value, int octets) =>
        Assert.Equal(octets, BrokerSettings.Read([Source(("MaxMessageSize", value))]).MaxMessageSize);

    [Theory]
    [InlineData("0")]
    [InlineData("536870913")]
    [InlineData("16 MiB")]
    public void Read_MaxMessageSizeThatIsNone_IsRefused(string value) =>
        Assert.Contains("MaxMessageSize", Assert.Throws<SettingException>(() => BrokerSettings.Read([Source(("MaxMessageSize", value))])).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_ValueOutOfRange_NamesSettingValueAndSource()
    {
        SettingException e = Assert.Throws<SettingException>(() => BrokerSettings.Read([Source(("Port", "tcp://broker:5672"))]));

        Assert.Contains("Port", e.Message, StringComparison.Ordinal);
        Assert.Contains("tcp://broker:5672", e.Message, StringComparison.Ordinal);
        Assert.Contains("the test", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WhatIsNoSetting_IsToldBySourceAndKeyAndLeftAlone()
    {
        BrokerSettings settings = BrokerSettings.Read([Source(("Prot", "1"), ("port", "2"), ("Listeners:0:Port", "3"), ("Listeners:0:Profle", "4.3"), ("Memory", "true"))]);

        Assert.Equal(["'Prot' in the test is no setting, and is left alone", "'Profle' in the test is no setting, and is left alone"], settings.Unknown);
        Assert.Equal(2, settings.Port);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("broker")]
    public void Read_AddressThatIsNone_IsRefused(string address) =>
        Assert.Contains($"'{address}'", Assert.Throws<SettingException>(() => BrokerSettings.Read([Source(("Listen", address))])).Message, StringComparison.Ordinal);

    [Fact]
    public void FromFile_BrokenJson_SaysWhere()
    {
        string path = Path.Combine(Path.GetTempPath(), $"settings-{Guid.NewGuid():N}.json");
        File.WriteAllText(path, "{ \"Port\": 1,\n  \"Listen\" }");
        try
        {
            Assert.Contains("LineNumber: 1", Assert.Throws<SettingException>(() => SettingSource.FromFile(path)).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static SettingSource Source(params (string Key, string Value)[] values) =>
        new("the test", new ConfigurationBuilder().AddInMemoryCollection(values.Select(value => KeyValuePair.Create(value.Key, (string?)value.Value))).Build());
}
