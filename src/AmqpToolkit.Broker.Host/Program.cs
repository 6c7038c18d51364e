using AmqpToolkit.Broker.Host;

return await BrokerCommand.RunAsync(args, Console.Out, Console.Error).ConfigureAwait(false);
