using System.Diagnostics;

namespace AmqpToolkit.Conformance.Tests;

/// <summary>A reference's, by its command line: AMQP_CTL names a rabbitmqctl that reaches the broker behind AMQP_URL.</summary>
internal sealed class CommandAccessControl : AccessControl
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly string _program;

    private CommandAccessControl(string program) => _program = program;

    public static CommandAccessControl? FromEnvironment() =>
        Environment.GetEnvironmentVariable("AMQP_CTL") is { Length: > 0 } program ? new CommandAccessControl(program) : null;

    public override void AddUser(string name, params string[] tags)
    {
        Run(false, "delete_user", name);
        Run(true, "add_user", name, name);
        Run(true, ["set_user_tags", name, .. tags]);
    }

    public override void DeleteUser(string name) => Run(true, "delete_user", name);

    public override void SetPermissions(string user, string configure, string write, string read, string virtualHost = "/") =>
        Run(true, "set_permissions", "-p", virtualHost, user, configure, write, read);

    public override void ClearPermissions(string user, string virtualHost = "/") => Run(true, "clear_permissions", "-p", virtualHost, user);

    public override void SetTopicPermissions(string user, string exchange, string write, string read, string virtualHost = "/") =>
        Run(true, "set_topic_permissions", "-p", virtualHost, user, exchange, write, read);

    public override void ClearTopicPermissions(string user, string virtualHost = "/") => Run(true, "clear_topic_permissions", "-p", virtualHost, user);

    public override void LimitUser(string name, int maxConnections, int maxChannels) =>
        Run(true, "set_user_limits", name, $"{{\"max-connections\":{maxConnections},\"max-channels\":{maxChannels}}}");

    public override void AddVirtualHost(string name)
    {
        Run(false, "add_vhost", name);
        Run(true, "set_permissions", "-p", name, "guest", ".*", ".*", ".*");
    }

    public override void DeleteVirtualHost(string name) => Run(true, "delete_vhost", name);

    public override void LimitVirtualHost(string name, int maxConnections, int maxQueues) =>
        Run(true, "set_vhost_limits", "-p", name, $"{{\"max-connections\":{maxConnections},\"max-queues\":{maxQueues}}}");

    private void Run(bool mustSucceed, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(_program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        Assert.True(process.WaitForExit(Patience), $"{_program} {arguments[0]} does not end.");
        Assert.True(!mustSucceed || process.ExitCode == 0, $"{_program} {string.Join(' ', arguments)}: {output.GetAwaiter().GetResult()}{error.GetAwaiter().GetResult()}");
    }
}
