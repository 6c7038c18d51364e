namespace AmqpToolkit.Packages.Tests;

/// <summary>All libraries in one project of somebody else's: they are found, they fit, and the broker keeps, serves and is hosted.</summary>
public sealed class EverythingTests : ConsumerTests
{
    [Fact]
    public async Task Libraries_InOneProject_WorkTogether()
    {
        Prepare("Everything");

        await AssertOutputAsync("Everything");
    }
}
