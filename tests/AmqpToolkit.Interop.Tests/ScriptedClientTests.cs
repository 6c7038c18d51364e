namespace AmqpToolkit.Interop.Tests;

/// <summary>Programs in clients/, each with another library: what they do is asserted in them, in the library's own terms.</summary>
[Collection(BrokerCollection.Name)]
public sealed class ScriptedClientTests(BrokerFixture broker)
{
    [PythonTheory("pika")]
    [InlineData("confirms")]
    [InlineData("prefetch")]
    [InlineData("rpc")]
    [InlineData("topic")]
    [InlineData("mandatory")]
    [InlineData("large")]
    [InlineData("nack")]
    [InlineData("tx")]
    [InlineData("exclusive")]
    [InlineData("directreply")]
    [InlineData("copies")]
    [InlineData("alternate")]
    [InlineData("exchanges")]
    [InlineData("limits")]
    [InlineData("nacked")]
    [InlineData("deaths")]
    [InlineData("deliverylimit")]
    [InlineData("consumers")]
    [InlineData("userid")]
    [InlineData("stream")]
    public Task Pika_InAScenario_Succeeds(string scenario) => RunAsync(Peers.Python, "with_pika.py", scenario);

    [PythonTheory("amqp")]
    [InlineData("confirms")]
    [InlineData("prefetch")]
    [InlineData("rpc")]
    [InlineData("topic")]
    [InlineData("mandatory")]
    [InlineData("large")]
    [InlineData("nack")]
    [InlineData("tx")]
    [InlineData("exclusive")]
    public Task PyAmqp_InAScenario_Succeeds(string scenario) => RunAsync(Peers.Python, "with_py_amqp.py", scenario);

    // kombu has no transactions.
    [PythonTheory("kombu")]
    [InlineData("confirms")]
    [InlineData("prefetch")]
    [InlineData("rpc")]
    [InlineData("topic")]
    [InlineData("mandatory")]
    [InlineData("large")]
    [InlineData("nack")]
    [InlineData("exclusive")]
    public Task Kombu_InAScenario_Succeeds(string scenario) => RunAsync(Peers.Python, "with_kombu.py", scenario);

    // amqplib has no transactions.
    [NodeTheory("amqplib")]
    [InlineData("confirms")]
    [InlineData("prefetch")]
    [InlineData("rpc")]
    [InlineData("topic")]
    [InlineData("mandatory")]
    [InlineData("large")]
    [InlineData("nack")]
    [InlineData("exclusive")]
    [InlineData("directreply")]
    [InlineData("copies")]
    [InlineData("alternate")]
    [InlineData("exchanges")]
    [InlineData("limits")]
    [InlineData("nacked")]
    [InlineData("deliverylimit")]
    [InlineData("consumers")]
    [InlineData("userid")]
    public Task Amqplib_InAScenario_Succeeds(string scenario) => RunAsync("node", "with_amqplib.js", scenario);

    [PythonTheory("pika", NeedsOwnBroker = true)]
    [InlineData("permissions")]
    [InlineData("policy")]
    [InlineData("consumertimeout")] // RabbitMQ looks once a minute
    public Task Pika_WithUsersAndPolicies_Succeeds(string scenario) => RunAsync(Peers.Python, "with_pika.py", scenario);

    [NodeTheory("amqplib", NeedsOwnBroker = true)]
    [InlineData("permissions")]
    [InlineData("policy")]
    public Task Amqplib_WithUsersAndPolicies_Succeeds(string scenario) => RunAsync("node", "with_amqplib.js", scenario);

    [PythonTheory("pika", NeedsOwnBroker = true)]
    [InlineData("delayed")]
    [InlineData("consistenthash")]
    public Task Pika_WithAnExchangeTypeOfAPlugin_Succeeds(string scenario) => RunAsync(Peers.Python, "with_pika.py", scenario);

    [NodeTheory("amqplib", NeedsOwnBroker = true)]
    [InlineData("delayed")]
    [InlineData("consistenthash")]
    public Task Amqplib_WithAnExchangeTypeOfAPlugin_Succeeds(string scenario) => RunAsync("node", "with_amqplib.js", scenario);

    [PythonTheory("pika")]
    [InlineData("headers expires")]
    public Task Pika_WithExtensions_Succeeds(string scenarios) => RunAsync(Peers.Python, "pika_extensions.py", scenarios);

    [NodeTheory("amqplib")]
    [InlineData("headers expires refusals deaths")]
    public Task Amqplib_WithExtensions_Succeeds(string scenarios) => RunAsync("node", "amqplib_extensions.js", scenarios);

    [PythonTheory("pika", NeedsOwnBroker = true)]
    [InlineData("spread history topicpermissions policies")]
    public Task Pika_WithPluginsUsersAndPolicies_Succeeds(string scenarios) => RunAsync(Peers.Python, "pika_extensions.py", scenarios);

    [NodeTheory("amqplib", NeedsOwnBroker = true)]
    [InlineData("spread history topicpermissions policies consumertimeout")]
    public Task Amqplib_WithPluginsUsersAndPolicies_Succeeds(string scenarios) => RunAsync("node", "amqplib_extensions.js", scenarios);

    [PythonTheory("proton")]
    [InlineData("sendreceive")]
    [InlineData("presettled")]
    [InlineData("outcomes")]
    [InlineData("order")]
    [InlineData("drain")]
    [InlineData("large")]
    [InlineData("second")]
    [InlineData("refused")]
    [InlineData("deleted")]
    [InlineData("exchanges")]
    [InlineData("full")]
    [InlineData("fromolder")]
    [InlineData("toolder")]
    [InlineData("there_and_back")]
    [InlineData("deaths")]
    [InlineData("expiry")]
    [InlineData("headers")]
    [InlineData("requestreply")]
    [InlineData("subscription")]
    [InlineData("ending")]
    [InlineData("timeout")]
    [InlineData("selector")]
    [InlineData("queueselector")]
    [InlineData("browser")]
    public Task Proton_InAScenario_Succeeds(string scenario) => RunAsync(Peers.Python, "with_proton.py", scenario);

    [PythonTheory("proton", NeedsOwnBroker = true)]
    [InlineData("permissions")]
    public Task Proton_WithUsers_Succeeds(string scenario) => RunAsync(Peers.Python, "with_proton.py", scenario);

    [CyrusTheory]
    [InlineData("SCRAM-SHA-256")]
    [InlineData("SCRAM-SHA-512")]
    [InlineData("any:SCRAM-SHA-512")]
    public Task Cyrus_WithScram_LogsInAndBelievesTheBroker(string mechanism) => RunAsync(Peers.Python, "with_cyrus.py", mechanism);

    [NodeTheory("rhea")]
    [InlineData("sendreceive")]
    [InlineData("presettled")]
    [InlineData("outcomes")]
    [InlineData("drain")]
    [InlineData("large")]
    [InlineData("refused")]
    [InlineData("deleted")]
    [InlineData("requestreply")]
    [InlineData("betweenversions")]
    [InlineData("selector")]
    [InlineData("browser")]
    [InlineData("subscription")]
    [InlineData("second")]
    public Task Rhea_InAScenario_Succeeds(string scenario) => RunAsync("node", "with_rhea.js", scenario);

    private Task RunAsync(string interpreter, string script, string scenarios) => ForeignProgram.RunScenariosAsync(interpreter, script, broker.Url, scenarios);
}
