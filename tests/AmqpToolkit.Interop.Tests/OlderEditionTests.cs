namespace AmqpToolkit.Interop.Tests;

/// <summary>Clients of 0-8, and clients that send the header of 0-9: what they do is asserted in their programs in clients/.</summary>
[Collection(BrokerCollection.Name)]
public sealed class OlderEditionTests(BrokerFixture broker)
{
    [PythonTheory("amqplib")]
    [InlineData("consume")]
    [InlineData("large")]
    [InlineData("properties")]
    [InlineData("returned")]
    [InlineData("transactions")]
    [InlineData("again")]
    [InlineData("mistakes")]
    public Task Amqplib_Of0_8_Succeeds(string scenario) => RunAsync(Peers.Python, "with_amqplib_0_8.py", scenario);

    [PythonTheory("amqplib", NeedsOwnBroker = true)]
    [InlineData("alert")]
    public Task Amqplib_Of0_8_HearsThatItsQueueIsGone(string scenario) => RunAsync(Peers.Python, "with_amqplib_0_8.py", scenario);

    [PythonTheory("amqplib, pika")]
    [InlineData("newer")]
    public Task Amqplib_Of0_8_ExchangesMessagesWith0_9_1(string scenario) => RunAsync(Peers.Python, "with_amqplib_0_8.py", scenario);

    [PythonTheory("amqplib, proton", NeedsOwnBroker = true)]
    [InlineData("newest")]
    public Task Amqplib_Of0_8_ExchangesMessagesWith1_0(string scenario) => RunAsync(Peers.Python, "with_amqplib_0_8.py", scenario);

    [PhpTheory]
    [InlineData("consume")]
    [InlineData("properties")]
    [InlineData("transactions")]
    [InlineData("mistakes")]
    [InlineData("between")]
    public Task PhpAmqplib_In0_8_Succeeds(string scenario) => RunAsync("php", "with_php_0_8.php", scenario);

    [PythonTheory("pika")]
    [InlineData("confirms")]
    [InlineData("exchanges")]
    [InlineData("nack")]
    [InlineData("tx")]
    public Task Pika_WithTheHeaderOf0_9_HasAllOf0_9_1(string scenario) => RunAsync(Peers.Python, "pika_0_9.py", scenario);

    [PythonTheory("amqp")]
    [InlineData("confirms")]
    [InlineData("prefetch")]
    [InlineData("rpc")]
    [InlineData("tx")]
    public Task PyAmqp_WithTheHeaderOf0_9_HasAllOf0_9_1(string scenario) => RunAsync(Peers.Python, "py_amqp_0_9.py", scenario);

    private Task RunAsync(string interpreter, string script, string scenarios) => ForeignProgram.RunScenariosAsync(interpreter, script, broker.Url, scenarios);
}
