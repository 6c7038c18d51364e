using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AmqpToolkit.Hosting;

/// <summary>Whether the broker of the host serves: <c>services.AddHealthChecks().AddCheck&lt;AmqpBrokerHealthCheck&gt;("amqp-broker")</c>. Any thread.</summary>
/// <param name="hosted">The broker of the host.</param>
public sealed class AmqpBrokerHealthCheck(HostedAmqpBroker hosted) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!hosted.IsRunning)
        {
            return Task.FromResult(new HealthCheckResult(
                context.Registration.FailureStatus, hosted.Started.IsFaulted ? "The broker did not start." : hosted.Started.IsCompleted ? "The broker has stopped." : "The broker has not started.", hosted.Started.Exception?.InnerException));
        }

        var endpoints = hosted.Broker.Endpoints;
        return Task.FromResult(HealthCheckResult.Healthy(endpoints.Count == 0 ? "The broker serves connections in memory." : $"The broker listens on {string.Join(", ", endpoints)}."));
    }
}
