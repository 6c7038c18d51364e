using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Broker.Host;

/// <summary>What the process says beside the broker.</summary>
internal static partial class BrokerProcessLog
{
    [LoggerMessage(1, LogLevel.Warning, "{Unknown}")]
    public static partial void UnknownSetting(ILogger logger, string unknown);

    [LoggerMessage(2, LogLevel.Warning, "The service manager could not be told {State}: {Reason}")]
    public static partial void UntoldState(ILogger logger, string state, string reason);
}
